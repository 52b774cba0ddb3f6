/** The conversation before axe, with all that can hang on a message, in both themes and both directions. */
import { randomBytes } from 'node:crypto'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { languages } from '../src/ui/texts/languages.ts'
import type { Look } from './engines.ts'
import { findings } from './findings.ts'
import { house } from './house.ts'
import { accept, cardOf, pick, pickPath, saved, shelf } from './transfers.ts'

const home = house()
const shelves = shelf()
afterAll(shelves.clear)

const isFine = async (page: Page): Promise<void> => expect(await findings(page)).toEqual([])

const looks: readonly (Look & { name: string })[] = [
  { name: 'wide and light', width: 1280, height: 800 },
  { name: 'narrow and dark', width: 320, height: 640, dark: true },
]

test.each(looks)('a conversation, $name', async look => {
  const ada = await home.arrive(undefined, look)
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await ada.page.getByRole('tab', { name: 'Chat' }).click()
  await ada.page.getByRole('switch', { name: 'Share recent messages' }).click()
  await ada.page.keyboard.press('Escape')
  const link = await ada.createRoom('Ada')
  await ada.page.getByRole('button', { name: 'QR code' }).click()
  await ada.page.getByRole('img', { name: 'QR code' }).waitFor()
  await isFine(ada.page)
  await ada.page.keyboard.press('Escape')
  const ben = await home.arrive(link, look)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ada.say('Tea?\n```\na\n```\n`b` https://example.org')
  await ben.hears('Ada', 'Tea?')
  const first = ben.log.getByRole('article').first()
  await first.hover()
  await first.getByRole('button', { name: 'Reply', exact: true }).click()
  await isFine(ben.page)
  await ben.say('Yes')
  await first.hover()
  await first.getByRole('button', { name: 'React' }).click()
  const picker = ben.page.getByRole('dialog', { name: 'React' })
  await picker.getByRole('button', { name: 'thumbs up' }).waitFor()
  await isFine(ben.page)
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('nothing of the kind')
  await picker.getByText('No emoji found').waitFor()
  await isFine(ben.page)
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('thumbs')
  await isFine(ben.page)
  await picker.getByRole('button', { name: 'thumbs up' }).click()
  await ada.page.getByRole('button', { name: '👍: Ben' }).waitFor()
  await isFine(ada.page)
  const cyd = await home.arrive(link, look)
  await cyd.stepIn('Cyd')
  await cyd.log.getByText('Earlier messages').waitFor()
  await isFine(cyd.page)
})

test.each(looks)('files offered, on their way, and here, $name', async look => {
  const ada = await home.arrive(undefined, look)
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link, look)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await pick(ada, 'here.png', randomBytes(1_000))
  await saved(ben, () => accept(ben, 'here.png'))
  const film = join(shelves.folder, `${look.name}.mov`)
  writeFileSync(film, '')
  truncateSync(film, 700_000_000)
  await pickPath(ada, film)
  await accept(ben, `${look.name}.mov`)
  await pick(ada, 'one.bin', randomBytes(1_000))
  await pick(ada, 'two.bin', randomBytes(1_000))
  await ben.page.getByRole('button', { name: 'Accept all' }).waitFor()
  await ben.page.getByText('Transferring 1 file').waitFor()
  await cardOf(ben, `${look.name}.mov`).getByRole('button', { name: 'Pause' }).click()
  await cardOf(ada, `${look.name}.mov`).getByText('Paused by Ben.').waitFor()
  await isFine(ben.page)
  await isFine(ada.page)
})

test('a connection and its code', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link)
  await ben.stepIn('Ben')
  await ada.sees('Ben')
  await ada.page.getByRole('button', { name: 'Connection to Ben' }).click()
  await ada.page.getByText('Safety code').waitFor()
  await isFine(ada.page)
})

test('a page that is read from the right', async () => {
  const words = await languages.ar.load()
  const ada = await home.arrive(undefined, { locale: 'ar', width: 360, height: 740 })
  await ada.page.getByRole('heading', { name: words.start.title }).waitFor()
  await isFine(ada.page)
  await ada.page.getByRole('button', { name: words.settings.title }).click()
  for (const tab of await ada.page.getByRole('tab').all()) {
    await tab.click()
    await isFine(ada.page)
  }
})
