/** Files between pages of ours, in real browsers: offered, accepted or not, saved, and the same as they were. */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'

const home = house()

const pick = async (person: Person, name: string, bytes: Buffer): Promise<void> => {
  await person.page
    .locator('input[type=file]')
    .first()
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: bytes })
}

const saved = async (
  person: Person,
  act: () => Promise<unknown>,
): Promise<{ name: string; bytes: Buffer }> => {
  const coming = person.page.waitForEvent('download')
  await act()
  const download = await coming
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
}

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('a file goes from one page to another, and arrives as it was', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  const bytes = randomBytes(3_000_001)
  await pick(ada, 'notes <b>.bin', bytes)
  const card = ben.log.getByRole('region', { name: /notes <b>\.bin/ })
  await card.getByText('Ada offers this file.').waitFor()
  const got = await saved(ben, () => card.getByRole('button', { name: 'Accept' }).click())
  expect(got.name).toBe('notes _b_.bin')
  expect(sha(got.bytes)).toBe(sha(bytes))
  await card.getByText('Complete and checked.').waitFor()
  await ada.log.getByText('Ben: complete').waitFor()
})

test('a picture is shown where it was sent, when somebody asks for it, and one that is none says so', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  const picture = await readFile(new URL('../public/icon-192.png', import.meta.url))
  await pick(ada, 'icon.png', picture)
  await ada.log.getByRole('button', { name: 'Show here icon.png' }).click()
  await ada.log.getByRole('img', { name: 'icon.png' }).waitFor()
  const card = ben.log.getByRole('region', { name: /icon\.png/ })
  expect(await card.getByRole('button', { name: 'Show here' }).count()).toBe(0)
  await saved(ben, () => card.getByRole('button', { name: 'Accept' }).click())
  await ben.page.evaluate(() => {
    const revoked: string[] = []
    const revoke = URL.revokeObjectURL.bind(URL)
    Object.assign(globalThis, { revoked })
    URL.revokeObjectURL = address => {
      revoked.push(address)
      revoke(address)
    }
  })
  await card.getByRole('button', { name: 'Show here' }).click()
  const shown = card.getByRole('img', { name: 'icon.png' })
  await shown.waitFor()
  expect(await shown.evaluate(it => (it instanceof HTMLImageElement ? it.naturalWidth : 0))).toBe(192)
  const address = (await shown.getAttribute('src')) ?? ''
  await card.getByRole('button', { name: 'Hide' }).click()
  await shown.waitFor({ state: 'detached' })
  expect(await ben.page.evaluate(() => [...Reflect.get(globalThis, 'revoked')])).toContain(address)
  await pick(ada, 'wrong.png', randomBytes(2_000))
  const wrong = ben.log.getByRole('region', { name: /wrong\.png/ })
  await saved(ben, () => wrong.getByRole('button', { name: 'Accept' }).click())
  await wrong.getByRole('button', { name: 'Show here' }).click()
  await wrong.getByText('This cannot be shown here.').waitFor()
})
