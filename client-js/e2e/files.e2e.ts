/** Files between pages of ours, in real browsers: offered, accepted or not, saved, and the same as they were. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'
import {
  accept,
  bytesOf,
  cardOf,
  pick,
  pickFolder,
  pickPath,
  saved,
  sha,
  shelf,
  unzipped,
} from './transfers.ts'

const home = house()
const shelves = shelf()
afterAll(shelves.clear)

const meet = async (kind: 'mesh' | 'star', ...names: string[]): Promise<Person[]> => {
  const [first = '', ...others] = names
  return (await gather(home, { kind }, first, ...others)).people
}

/** A picture of one point. */
const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('a file goes from one page to another, and arrives as it was', async () => {
  const [ada, ben] = await meet('mesh', 'Ada', 'Ben')
  if (!ada || !ben) throw new Error('nobody came')
  const bytes = randomBytes(3_000_001)
  await pick(ada, 'notes <b>.bin', bytes)
  const card = cardOf(ben, 'notes <b>.bin')
  await card.getByText('Ada wants to send this file.').waitFor()
  const got = await saved(ben, () => accept(ben, 'notes <b>.bin'))
  expect(got.name).toBe('notes _b_.bin')
  expect(sha(await bytesOf(got))).toBe(sha(bytes))
  await card.getByText('Complete and verified.').waitFor()
  await ada.log.getByText('Ben: complete').waitFor()
  const again = await saved(ben, () => card.getByRole('button', { name: 'Save again' }).click())
  expect(sha(await bytesOf(again))).toBe(sha(bytes))
  // A picture is seen as soon as it is here: at once by its sender, and by whoever has accepted it.
  await pick(ada, 'dot.png', dot)
  await ada.log.getByRole('img', { name: 'dot.png' }).waitFor()
  await accept(ben, 'dot.png')
  await ben.log.getByRole('img', { name: 'dot.png' }).waitFor()
})

test.each(['mesh', 'star'] as const)(
  'in a %s, what was offered before a reload is offered no more',
  async kind => {
    const [ada, ben, cyd] = await meet(kind, 'Ada', 'Ben', 'Cyd')
    if (!ada || !ben || !cyd) throw new Error('nobody came')
    await cyd.row('Ben', '').waitFor({ state: 'attached' })
    await pick(ben, 'plan.txt', Buffer.from('plan'))
    const others = [ada, cyd]
    for (const person of others) await cardOf(person, 'plan.txt').getByText('Ben wants to send').waitFor()
    await ben.page.reload()
    for (const person of others) {
      const card = cardOf(person, 'plan.txt')
      await card.getByText('Ben reloaded the page, and the file is no longer offered. Ask Ben').waitFor()
      expect(await card.getByRole('button').count()).toBe(0)
    }
  },
)

test('several receivers, one of whom declines, and an empty file', async () => {
  const [ada, ben, cyd, dan] = await meet('mesh', 'Ada', 'Ben', 'Cyd', 'Dan')
  if (!ada || !ben || !cyd || !dan) throw new Error('nobody came')
  await ada.sees('Dan')
  const bytes = randomBytes(1_500_000)
  await pick(ada, 'all.bin', bytes)
  await cardOf(dan, 'all.bin').getByRole('button', { name: 'Decline' }).click()
  const got = await Promise.all([ben, cyd].map(it => saved(it, () => accept(it, 'all.bin'))))
  for (const download of got) expect(sha(await bytesOf(download))).toBe(sha(bytes))
  const rows = cardOf(ada, 'all.bin')
  await Promise.all(
    ['Ben: complete', 'Cyd: complete', 'Dan: declined'].map(words => rows.getByText(words).waitFor()),
  )
  await cardOf(dan, 'all.bin').getByText('You declined this file.').waitFor()
  await pick(ada, 'empty.txt', Buffer.alloc(0))
  const empty = await saved(ben, () => accept(ben, 'empty.txt'))
  expect(await bytesOf(empty)).toHaveLength(0)
})

test('a folder comes as one archive, whatever is in it', async () => {
  const [ada, ben] = await meet('mesh', 'Ada', 'Ben')
  if (!ada || !ben) throw new Error('nobody came')
  const files = new Map(
    ['a.bin', 'within/ä.bin', 'within/empty'].map((path, at) => [
      path,
      randomBytes(at === 2 ? 0 : 1_500_000),
    ]),
  )
  mkdirSync(join(shelves.folder, 'photos/within'), { recursive: true })
  for (const [path, bytes] of files) writeFileSync(join(shelves.folder, 'photos', path), bytes)
  await pickFolder(ada, join(shelves.folder, 'photos'))
  const got = await saved(ben, () => accept(ben, 'photos.zip'))
  expect(got.name).toBe('photos.zip')
  const held = unzipped(await bytesOf(got))
  expect([...held.keys()].sort()).toEqual([...files.keys()].map(path => `photos/${path}`).sort())
  for (const [path, bytes] of files) expect(held.get(`photos/${path}`)?.equals(bytes)).toBe(true)
  await ada.log.getByText('Ben: complete').waitFor()
})

test('a file goes straight to where somebody says, and several offers are accepted at once', async () => {
  const [ada, ben] = await meet('mesh', 'Ada', 'Ben')
  if (!ada || !ben) throw new Error('nobody came')
  // The window for saving is the system's; what it gives back is a file like any other.
  await ben.page.evaluate(() => {
    const choose = async ({ suggestedName }: { suggestedName: string }): Promise<FileSystemFileHandle> =>
      (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })
    Object.assign(globalThis, { showSaveFilePicker: choose })
  })
  const bytes = randomBytes(3_000_000)
  await pick(ada, 'straight.bin', bytes)
  await cardOf(ben, 'straight.bin').getByRole('button', { name: 'Save as…' }).click()
  await cardOf(ben, 'straight.bin').getByText('Complete and verified.').waitFor()
  const there = await ben.page.evaluate(async () => {
    const file = await (await navigator.storage.getDirectory()).getFileHandle('straight.bin')
    const hash = await crypto.subtle.digest('SHA-256', await (await file.getFile()).arrayBuffer())
    return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
  })
  expect(there).toBe(sha(bytes))
  expect(await cardOf(ben, 'straight.bin').getByRole('button').count()).toBe(0)
  await pick(ada, 'one.bin', randomBytes(10_000))
  await pick(ada, 'two.bin', randomBytes(10_000))
  await ben.page.getByText('2 files offered').waitFor()
  await ben.page.getByRole('button', { name: 'Accept all' }).click()
  for (const name of ['one.bin', 'two.bin'])
    await cardOf(ben, name).getByText('Complete and verified.').waitFor()
  await ben.page.getByText('2 files offered').waitFor({ state: 'detached' })
})

test('a key that was meant for something else answers no offer', async () => {
  const [ada, ben] = await meet('mesh', 'Ada', 'Ben')
  if (!ada || !ben) throw new Error('nobody came')
  let downloads = 0
  ben.page.on('download', () => {
    downloads += 1
  })
  await ben.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await pick(ada, 'one.bin', randomBytes(1_000))
  await cardOf(ben, 'one.bin').waitFor()
  for (const key of ['Enter', ' ', 'Escape']) await ben.page.keyboard.press(key)
  await ben.say('still here')
  await ada.hears('Ben', 'still here')
  await cardOf(ben, 'one.bin').getByText('Ada wants to send this file.').waitFor()
  expect(downloads).toBe(0)
  await cardOf(ben, 'one.bin').getByRole('button', { name: 'Accept' }).focus()
  await saved(ben, () => ben.page.keyboard.press('Enter'))
})

test('cancelled by either side, and taken back', async () => {
  const [ada, ben] = await meet('mesh', 'Ada', 'Ben')
  if (!ada || !ben) throw new Error('nobody came')
  for (const who of ['ben', 'ada'] as const) {
    const name = `${who}.bin`
    // Large enough to be still on its way when somebody presses the button.
    writeFileSync(join(shelves.folder, name), '')
    truncateSync(join(shelves.folder, name), 200_000_000)
    await pickPath(ada, join(shelves.folder, name))
    await accept(ben, name)
    await cardOf(ben, name).getByRole('progressbar').waitFor()
    const by = who === 'ben' ? ben : ada
    await cardOf(by, name).getByRole('button', { name: 'Cancel' }).click()
    const [there, here] =
      who === 'ben'
        ? ['You cancelled', 'Ben: cancelled by recipient']
        : ['Ada cancelled', 'Ben: cancelled by you']
    await cardOf(ben, name).getByText(there).waitFor()
    await cardOf(ada, name).getByText(here).waitFor()
  }
  await pick(ada, 'back.bin', randomBytes(100_000))
  await cardOf(ben, 'back.bin').waitFor()
  await cardOf(ada, 'back.bin').getByRole('button', { name: 'Withdraw' }).click()
  await cardOf(ben, 'back.bin').getByText('Ada withdrew this file').waitFor()
})

test('paused by either side, and gone on with', async () => {
  const [ada, ben] = await meet('mesh', 'Ada', 'Ben')
  if (!ada || !ben) throw new Error('nobody came')
  const bytes = randomBytes(30_000_000)
  writeFileSync(join(shelves.folder, 'rest.bin'), bytes)
  await pickPath(ada, join(shelves.folder, 'rest.bin'))
  await accept(ben, 'rest.bin')
  const [here, there] = [cardOf(ada, 'rest.bin'), cardOf(ben, 'rest.bin')]
  await there.getByRole('button', { name: 'Pause' }).click()
  await here.getByText('Paused by Ben.').waitFor()
  // Both at once, so that nothing moves before the second press.
  await here.getByRole('button', { name: 'Pause' }).click()
  await there.getByRole('button', { name: 'Resume' }).click()
  await there.getByText('Paused by Ada.').waitFor()
  const got = await saved(ben, () => here.getByRole('button', { name: 'Resume' }).click())
  expect(sha(await bytesOf(got))).toBe(sha(bytes))
})

test('in a star the host has no part in what its guests hand each other', async () => {
  const [ada, ben, cyd] = await meet('star', 'Ada', 'Ben', 'Cyd')
  if (!ada || !ben || !cyd) throw new Error('nobody came')
  await ben.sees('Cyd', 'through the host')
  await ada.page.evaluate(() => {
    const { send } = RTCDataChannel.prototype
    Object.assign(globalThis, { passed: 0 })
    RTCDataChannel.prototype.send = function (
      this: RTCDataChannel,
      data: string | ArrayBufferView<ArrayBuffer>,
    ) {
      const bytes = typeof data === 'string' ? data.length : data.byteLength
      Object.assign(globalThis, { passed: Reflect.get(globalThis, 'passed') + bytes })
      return Reflect.apply(send, this, [data])
    } as typeof send
  })
  const bytes = randomBytes(2_000_000)
  await pick(ben, 'guests.bin', bytes)
  const [got, hosts] = await Promise.all([ada, cyd].map(it => saved(it, () => accept(it, 'guests.bin'))))
  for (const download of [got, hosts]) if (download) expect(sha(await bytesOf(download))).toBe(sha(bytes))
  await cardOf(ben, 'guests.bin').getByText('Cyd: complete').waitFor()
  expect(await ada.page.evaluate(() => Number(Reflect.get(globalThis, 'passed')))).toBeLessThan(200_000)
  await pick(ada, 'host.bin', bytes)
  const fromHost = await saved(cyd, () => accept(cyd, 'host.bin'))
  expect(sha(await bytesOf(fromHost))).toBe(sha(bytes))
})

test('whoever leaves while a file moves is asked first, and who comes later is offered what stands', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  writeFileSync(join(shelves.folder, 'film.bin'), '')
  truncateSync(join(shelves.folder, 'film.bin'), 500_000_000)
  await pickPath(ada, join(shelves.folder, 'film.bin'))
  await cardOf(ada, 'film.bin').getByText('Nobody has downloaded it yet').waitFor()
  const ben = await home.arrive(link)
  await ben.stepIn('Ben')
  await accept(ben, 'film.bin')
  await cardOf(ben, 'film.bin').getByRole('progressbar').waitFor()
  const leave = ben.page.getByRole('button', { name: 'Leave', exact: true })
  await leave.click()
  const asked = ben.page.getByRole('dialog', { name: 'Leave while files are being transferred?' })
  await asked.getByRole('button', { name: 'Stay' }).click()
  await asked.waitFor({ state: 'detached' })
  await cardOf(ben, 'film.bin').getByText('Downloading from Ada').waitFor()
  await leave.click()
  await asked.getByRole('button', { name: 'Leave', exact: true }).click()
  await ben.page.getByRole('heading', { name: 'You left the room' }).waitFor()
})
