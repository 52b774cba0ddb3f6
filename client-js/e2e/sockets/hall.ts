/** Owns a server that speaks the vocabularies of other projects, each at a port of its own by its preset. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type Server, startServer } from '../server.ts'

const presets = ['textchat', 'videocall', 'poc', 'mqtt'] as const
export type Preset = (typeof presets)[number]

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const bound = probe.address()
  probe.close()
  await once(probe, 'close')
  if (bound === null || typeof bound === 'string') throw new Error('no port to be had')
  return bound.port
}

/** Host and port of each, while the tests of one file run. */
export const hall = (): ((preset: Preset) => string) => {
  const hosts = new Map<Preset, string>()
  let server: Server | null = null
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hall-'))
    const lines: string[] = []
    for (const preset of presets) {
      const port = await freePort()
      hosts.set(preset, `127.0.0.1:${port}`)
      lines.push(`  { preset = "${preset}", port = ${port} },`)
    }
    const settings = join(folder, 'config.toml')
    writeFileSync(settings, `[http]\nlisteners = [\n${lines.join('\n')}\n]\n`)
    server = await startServer('--config', settings)
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return preset => {
    const host = hosts.get(preset)
    if (host === undefined) throw new Error('the server has not been started')
    return host
  }
}
