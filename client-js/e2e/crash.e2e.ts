/** The server is killed in the middle of a call and a file, and started again: what is between the pages goes on. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'
import { callTogether, watches } from './senses.ts'
import { startServerIn } from './server.ts'
import { accept, cardOf, pickPath, progressOf, saved, shaOfFile, shelf } from './transfers.ts'

vi.setConfig({ testTimeout: 360_000 })

const home = house()
const shelves = shelf()
afterAll(shelves.clear)

/** Every connection that the page makes from here on, and whatever state one that is connected comes into. */
const watchConnections = async ({ context }: Person): Promise<void> => {
  await context.addInitScript(() => {
    const seen: string[] = []
    Object.assign(globalThis, { seen })
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        seen.push('made')
        this.addEventListener('iceconnectionstatechange', () => seen.push(this.iceConnectionState))
      }
    }
  })
}

const connectionsSeen = ({ page }: Person): Promise<string[]> =>
  page.evaluate(() => Reflect.get(globalThis, 'seen'))

test.each(['keeps', 'loses'])('a server that %s its state', async how => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-state-'))
  const server = await startServerIn(folder)
  onTestFinished(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const arrive = async (address: string): Promise<Person> => {
    const person = await home.arrive('about:blank')
    await watchConnections(person)
    await person.page.goto(address)
    return person
  }
  const ada = await arrive(server.address)
  const link = await ada.createRoom('Ada')
  const [ben, cyd] = [await arrive(link), await arrive(link)]
  await ben.stepIn('Ben')
  await cyd.stepIn('Cyd')
  const people = [ada, ben, cyd]
  await Promise.all([ada.sees('Ben'), ada.sees('Cyd'), ben.sees('Cyd')])
  await callTogether(ada, ben, cyd)
  const everybodyWatches = (): Promise<unknown> =>
    Promise.all(
      people.flatMap((person, own) =>
        ['Ada', 'Ben', 'Cyd'].flatMap((name, other) =>
          own === other ? [] : [watches(person, new RegExp(`^${name}`))],
        ),
      ),
    )
  await everybodyWatches()
  const path = join(shelves.folder, `${how}.bin`)
  writeFileSync(path, randomBytes(40_000_000))
  await pickPath(ada, path)
  const card = cardOf(ben, `${how}.bin`)
  const coming = saved(ben, () => accept(ben, `${how}.bin`), 180_000)
  await expect.poll(() => progressOf(ben, `${how}.bin`)).toBeGreaterThan(3_000_000)
  const seen = await Promise.all(people.map(connectionsSeen))

  expect(await card.getByText('Downloading from Ada').isVisible()).toBe(true)
  await server.kill()
  await Promise.all(people.map(it => it.isTold('Connection to the server lost')))
  if (how === 'loses') rmSync(join(folder, 'state.jsonl'))
  await server.start()
  const dan = await home.arrive(link)
  await dan.stepIn('Dan')
  await Promise.all(['Ada', 'Ben', 'Cyd'].map(name => dan.sees(name)))
  await Promise.all(people.map(it => it.isTold('Connection to the server restored')))
  await Promise.all(people.map(it => it.sees('Dan')))

  await everybodyWatches()
  expect(await shaOfFile((await coming).path)).toBe(await shaOfFile(path))
  for (const [nth, person] of people.entries()) {
    // One connection more, which is Dan's, and not a word of the others.
    const since = (await connectionsSeen(person)).slice(seen[nth]?.length)
    expect(since.filter(it => it === 'made')).toHaveLength(1)
    expect(since.filter(it => /disconnected|failed|closed/.test(it))).toEqual([])
    expect(await person.log.getByText(/ left\b/).count()).toBe(0)
  }
})
