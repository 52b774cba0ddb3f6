/** A large file whose link is cut in the middle: it goes on where it stopped, and no page ever holds it whole. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'
import {
  accept,
  breakable,
  breakConnections,
  cardOf,
  pickPath,
  progressOf,
  saved,
  shaOfFile,
  shelf,
} from './transfers.ts'

const home = house()
const shelves = shelf()
afterAll(shelves.clear)

const large = (name: string, sizeMegabytes: number): string => {
  const path = join(shelves.folder, name)
  const file = openSync(path, 'w')
  for (let megabyte = 0; megabyte < sizeMegabytes; megabyte++) writeSync(file, randomBytes(1_000_000))
  closeSync(file)
  return path
}

/** What a page's scripts and buffers take, in megabytes, once what nobody needs has been thrown away. */
const held = async (person: Person): Promise<number> => {
  const devtools = await person.context.newCDPSession(person.page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = (await devtools.send(
    'Runtime.getHeapUsage',
  )) as unknown as Record<string, number>
  await devtools.detach()
  return ((usedSize ?? 0) + (embedderHeapUsedSize ?? 0) + (backingStorageSize ?? 0)) / 1_000_000
}

test('200 MB with the link cut in the middle', async () => {
  const path = large('large.bin', 200)
  const {
    people: [ada],
  } = await gather(home, {}, 'Ada')
  if (!ada) throw new Error('nobody came')
  const ben = await home.arrive()
  await breakable(ben)
  await ben.page.goto(ada.page.url())
  await ben.page.reload()
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await pickPath(ada, path)
  await cardOf(ben, 'large.bin').waitFor()
  const before = [await held(ada), await held(ben)]
  const coming = saved(ben, () => accept(ben, 'large.bin'), 240_000)
  await expect.poll(() => progressOf(ben, 'large.bin'), { timeout: 120_000 }).toBeGreaterThan(80_000_000)
  await breakConnections(ben)
  await cardOf(ben, 'large.bin').getByText('Interrupted').waitFor()
  const stopped = await progressOf(ben, 'large.bin')
  expect(stopped).toBeGreaterThan(80_000_000)
  await cardOf(ben, 'large.bin').getByText('Downloading from Ada').waitFor()
  expect(await progressOf(ben, 'large.bin')).toBeGreaterThanOrEqual(stopped)
  const during: number[] = []
  while (await cardOf(ben, 'large.bin').getByText('Downloading from Ada').isVisible())
    during.push((await held(ada)) + (await held(ben)))
  const download = await coming
  expect(await shaOfFile(download.path)).toBe(await shaOfFile(path))
  await ada.log.getByText('Ben: complete').waitFor()
  const most = Math.max(...during) - (before[0] ?? 0) - (before[1] ?? 0)
  expect(during.length).toBeGreaterThan(1)
  // Twice what may be under way, which is far from the file itself.
  expect(most).toBeLessThan(64)
}, 300_000)

test('a page that is reloaded in the middle goes on with what it has', async () => {
  const path = large('again.bin', 120)
  const [ada, ben] = (await gather(home, {}, 'Ada', 'Ben')).people
  if (!ada || !ben) throw new Error('nobody came')
  // Whoever reloads while something moves is asked first.
  ben.page.on('dialog', dialog => void dialog.accept())
  await pickPath(ada, path)
  await accept(ben, 'again.bin')
  await expect.poll(() => progressOf(ben, 'again.bin')).toBeGreaterThan(20_000_000)
  await ben.page.reload()
  await ben.sees('Ada')
  const card = cardOf(ben, 'again.bin')
  await card.getByText(/^[\d.]+ MB of 120 MB already downloaded\.$/).waitFor()
  const got = await saved(ben, () => card.getByRole('button', { name: 'Resume' }).click(), 120_000)
  expect(await shaOfFile(got.path)).toBe(await shaOfFile(path))
  await ada.log.getByText('Ben: complete').waitFor()
  expect(await ada.log.getByText(/^Ben: /).count()).toBe(1)
  await ben.page.reload()
  await ben.sees('Ada')
  // Offered still, and nobody is asked again.
  await card.getByText('Complete and verified.').waitFor()
}, 240_000)

test('a sender that is reloaded in the middle offers the file again, and it goes on by itself', async () => {
  const path = large('back.bin', 120)
  const [ben, ada] = (await gather(home, {}, 'Ben', 'Ada')).people
  if (!ada || !ben) throw new Error('nobody came')
  ada.page.on('dialog', dialog => void dialog.accept())
  await pickPath(ada, path)
  const coming = saved(ben, () => accept(ben, 'back.bin'), 120_000)
  await expect.poll(() => progressOf(ben, 'back.bin')).toBeGreaterThan(20_000_000)
  await ada.page.reload()
  await ada.sees('Ben')
  // Her next page cannot read it, so that both are told what there is to do.
  await cardOf(ben, 'back.bin').getByText('Ada reloaded the page and has to send this file again').waitFor()
  await ada.log.getByText('You no longer offer “back.bin”.').waitFor()
  await pickPath(ada, path)
  expect(await shaOfFile((await coming).path)).toBe(await shaOfFile(path))
  await ada.log.getByText('Ben: complete').waitFor()
}, 240_000)
