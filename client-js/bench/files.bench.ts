/**
 * How fast files go: a large one beside what a bare data channel moves between the same two pages, a small one beside
 * the original's pages.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { Person } from '../e2e/browser.ts'
import { launchProfile } from '../e2e/engines.ts'
import { gather, house } from '../e2e/house.ts'
import { pickPath, shaOfFile, shelf } from '../e2e/transfers.ts'
import { pour } from './bare-channel.ts'
import { type Original, startOriginal, transferMs } from './original.ts'
import { alternate, rounds, table } from './report.ts'

const home = house()
const shelves = shelf()
const folder = process.env['ORIGINAL']
const profiles: BrowserContext[] = []
let original: Original | null = null
afterAll(async () => {
  await Promise.all(profiles.map(it => it.close()))
  shelves.clear()
  await original?.close()
})

const largeBytes = 200_000_000
const smallBytes = 2_048

const file = (name: string, bytes: number): string => {
  const path = join(shelves.folder, name)
  const handle = openSync(path, 'w')
  for (let left = bytes; left > 0; left -= 1_000_000)
    writeSync(handle, randomBytes(Math.min(left, 1_000_000)))
  closeSync(handle)
  return path
}

/**
 * Run in the page of whoever fetches: presses Accept as soon as it is there, and tells when the file is given out to be
 * saved.
 */
const takes = (name: string): Promise<{ accepted: number; saved: number }> =>
  new Promise(resolve => {
    let accepted = 0
    const press = HTMLAnchorElement.prototype.click
    HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
      HTMLAnchorElement.prototype.click = press
      resolve({ accepted, saved: Date.now() })
      press.call(this)
    }
    const look = (): void => {
      const cards = document.querySelectorAll(`section[aria-label*="${name}"] button`)
      const button = [...cards].find(it => it.textContent?.startsWith('Accept')) as
        | HTMLButtonElement
        | undefined
      if (!button) return void setTimeout(look, 1)
      accepted = Date.now()
      button.click()
    }
    look()
  })

/** Run in the page of whoever sends: when a file is picked. */
const picked = (): Promise<number> =>
  new Promise(resolve => {
    const field = document.querySelector('input[type=file]')
    field?.addEventListener('change', () => resolve(Date.now()), { once: true, capture: true })
  })

const meet = (): Promise<Pair> => (process.env['PROFILES'] === undefined ? meetInPrivate() : meetInProfiles())

type Pair = { readonly ada: Person; readonly ben: Person }

/** Two private windows, where what is written stays in memory. */
const meetInPrivate = async (): Promise<Pair> => {
  const [ada, ben] = (await gather(home, {}, 'Ada', 'Ben')).people
  if (!ada || !ben) throw new Error('nobody came')
  return { ada, ben }
}

/** Two browsers with profiles of their own, which write to the disk. */
const meetInProfiles = async (): Promise<Pair> => {
  const [one, two] = await Promise.all(
    ['ada', 'ben'].map(name => launchProfile(join(shelves.folder, `profile-${name}-${profiles.length}`))),
  )
  if (!one || !two) throw new Error('nobody came')
  profiles.push(one, two)
  const ada = await Person.within(one, home.server().address)
  const link = await ada.createRoom('Ada')
  const ben = await Person.within(two, link)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  return { ada, ben }
}

/** Milliseconds, counted from the pick and from the acceptance. */
const ours = async ({ ada, ben }: Pair, path: string): Promise<{ sent: number; accepted: number }> => {
  const name = path.split('/').at(-1) ?? ''
  const taken = ben.page.evaluate(takes, name)
  const download = ben.page.waitForEvent('download', { timeout: 600_000 })
  const pick = ada.page.evaluate(picked)
  await pickPath(ada, path)
  const [sent, { accepted, saved }] = [await pick, await taken]
  expect(await shaOfFile(await (await download).path())).toBe(await shaOfFile(path))
  return { sent: saved - sent, accepted: saved - accepted }
}

/** What the page's scripts and buffers take, in megabytes. */
const heldBy = async (page: Page): Promise<number> => {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const usage = (await devtools.send('Runtime.getHeapUsage')) as unknown as Record<string, number>
  await devtools.detach()
  return (
    ((usage['usedSize'] ?? 0) + (usage['embedderHeapUsedSize'] ?? 0) + (usage['backingStorageSize'] ?? 0)) /
    1e6
  )
}

test('200 MB', async () => {
  const pair = await meet()
  const path = file('large.bin', largeBytes)
  const [fileChannel, floor]: [number[], number[]] = [[], []]
  const perSecond = (ms: number): number => largeBytes / 1_000 / ms
  const before = (await heldBy(pair.ada.page)) + (await heldBy(pair.ben.page))
  await alternate(
    rounds,
    async () => void fileChannel.push(perSecond((await ours(pair, path)).accepted)),
    async () => void floor.push(perSecond(await pour(pair.ada.page, pair.ben.page, largeBytes))),
  )
  // Memory is looked at in a round of its own: looking stops the pages.
  const moved = ours(pair, path)
  let over = false
  const seen: number[] = []
  const watching = (async () => {
    while (!over) seen.push((await heldBy(pair.ada.page)) + (await heldBy(pair.ben.page)) - before)
  })()
  await moved
  over = true
  await watching
  const against = { what: 'a bare data channel', values: floor }
  process.stdout.write(
    `${table([
      { what: '200 MB from Accept to saved and checked', unit: 'MB/s', values: fileChannel, against },
      { what: 'held by both pages on the way', unit: 'MB', values: seen },
    ])}\n`,
  )
  expect(seen.length).toBeGreaterThan(0)
})

test('2 kB', async () => {
  const pair = await meet()
  original = folder === undefined ? null : await startOriginal(folder)
  const old = await original?.meet()
  const [sent, press]: [number[], number[]] = [[], []]
  let count = 0
  await alternate(
    rounds,
    async () => {
      count += 1
      sent.push((await ours(pair, file(`small-${count}.bin`, smallBytes))).sent)
    },
    async () => {
      if (old) press.push(await transferMs(old[0], old[1], `old-${count}.bin`, randomBytes(smallBytes)))
    },
  )
  const against = old ? { against: { what: 'original, from the press on Download', values: press } } : {}
  process.stdout.write(
    `${table([{ what: '2 kB from the pick to saved and checked, accepted at once', unit: 'ms', values: sent, ...against }])}\n`,
  )
  expect(sent).toHaveLength(rounds)
})
