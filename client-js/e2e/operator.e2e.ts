/** Whoever runs the server closes a room: everybody in it is told so and parted, and nobody comes in by its link any more. */
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'

const settings = { P2PCHAT_ADMIN__SOCKET: join(mkdtempSync(join(tmpdir(), 'p2pchat-')), 'admin.sock') }
const home = house(settings)

const ask = async (...words: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.env['SERVER_BIN'] ?? '', words, {
    env: { ...process.env, ...settings },
  })
  return stdout
}

test.each(['mesh', 'star'] as const)(
  'a closed %s ends for everybody, and its link leads nowhere',
  { timeout: 120_000 },
  async kind => {
    const { link, people } = await gather(home, { kind }, 'Ada', 'Ben')
    const rooms = (await ask('rooms', '--json')).trim().split('\n')
    const room = rooms.map(it => JSON.parse(it)).find(it => it.peers === 2)
    expect(room).toMatchObject({ topology: kind, protocol: 'p2pchat', owned: true, closed: false })
    expect(await ask('close', room.id)).toBe('The room is closed.\n')
    for (const { page } of people) await page.getByText('closed by the people who run this server').waitFor()
    const late = await home.arrive(link)
    await late.enter('Cyd')
    await late.page.getByText('This room has been closed').first().waitFor()
    // Not by the owner's own page either, whose key opens what its owner has ended.
    const [ada] = people
    if (!ada) throw new Error('nobody is there')
    await ada.page.goto(link)
    await ada.enter('Ada')
    await ada.page.getByText('This room has been closed').first().waitFor()
  },
)
