/** A server that speaks P2PChat's vocabulary and those of other projects, each at a port of its own by its preset. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { freePort, type Server, startServer } from '../server.ts'

const presets = ['textchat', 'videocall', 'poc', 'mqtt'] as const
export type Preset = (typeof presets)[number]
type Place = Preset | 'p2pchat'

/** Puts the pages of a vocabulary into this folder. */
type Dress = (preset: Preset, folder: string) => Promise<void>

/** Host and port of each, while the tests of one file run. */
export const hall = (dress?: Dress): ((place: Place) => string) => {
  const hosts = new Map<Place, string>()
  let server: Server | null = null
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hall-'))
    const lines: string[] = []
    for (const preset of presets) {
      const port = await freePort()
      hosts.set(preset, `127.0.0.1:${port}`)
      const views = join(folder, preset)
      mkdirSync(views)
      await dress?.(preset, views)
      lines.push(`  { preset = "${preset}", port = ${port}, views = "${dress ? views : ''}" },`)
    }
    const settings = join(folder, 'config.toml')
    writeFileSync(settings, `[http]\nlisteners = [\n${lines.join('\n')}\n]\n`)
    server = await startServer('--config', settings)
    hosts.set('p2pchat', new URL(server.address).host)
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return place => {
    const host = hosts.get(place)
    if (host === undefined) throw new Error('the server has not been started')
    return host
  }
}
