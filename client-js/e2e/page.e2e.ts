/** The page itself: for the keyboard alone, for small screens, and under the server's policy. */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'
import { focused, tabTo } from './tab.ts'

const home = house()

test('the keyboard alone creates a room, joins it and talks', async () => {
  const ada = await home.arrive()
  const { keyboard } = ada.page
  await expect.poll(() => focused(ada)).toBe('Your name')
  await keyboard.type('Ada')
  await tabTo(ada, /Room name/)
  await keyboard.type('Keys')
  await tabTo(ada, /More options/)
  await keyboard.press('Enter')
  await tabTo(ada, /Mesh/)
  await keyboard.press('ArrowDown')
  await tabTo(ada, /Generate/)
  await keyboard.press('Space')
  await tabTo(ada, /Create room/)
  await keyboard.press('Enter')
  await ada.page.getByText('Your room is ready').waitFor()
  await ada.page.getByText('Star', { exact: true }).waitFor()
  const link = await ada.page.getByLabel('Link to this room').inputValue()

  const ben = await home.arrive(link)
  await ben.page.locator('input:focus').waitFor()
  await ben.page.keyboard.type('Ben')
  await ben.page.keyboard.press('Enter')
  await ben.sees('Ada')
  await tabTo(ben, /^Message/)
  await ben.page.keyboard.type('no mouse')
  await ben.page.keyboard.press('Enter')
  await ada.hears('Ben', 'no mouse')
  await tabTo(ben, /^Leave/)
})

test('Enter behind the name goes on: to the room’s name, or into the room whose link is there', async () => {
  const ada = await home.arrive()
  await ada.page.getByLabel('Your name').fill('Ada')
  await ada.page.keyboard.press('Enter')
  await expect.poll(() => focused(ada)).toBe('Room name')
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive()
  await ben.page.getByLabel('Link or room id').fill(link)
  await ben.page.getByLabel('Your name').fill('Ben')
  await ben.page.keyboard.press('Enter')
  await ben.sees('Ada')
})

test('nothing is wider than 320 px', async () => {
  const look = { width: 320, height: 600 }
  const tooWide = (person: Person): Promise<number> =>
    person.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  const ada = await home.arrive(undefined, look)
  expect(await tooWide(ada)).toBe(0)
  await ada.page.getByText('More options').click()
  expect(await tooWide(ada)).toBe(0)
  await ada.page.getByText('More options').click()
  const link = await ada.createRoom('W'.repeat(20), { name: 'W'.repeat(20) })
  expect(await tooWide(ada)).toBe(0)
  const ben = await home.arrive(link, look)
  expect(await tooWide(ben)).toBe(0)
  await ben.stepIn('Ben')
  await ben.page.getByRole('button', { name: 'People' }).click()
  await ben.sees('W'.repeat(20))
  expect(await tooWide(ben)).toBe(0)
  await ben.page.keyboard.press('Escape')
  await ben.say('x'.repeat(400))
  await ada.hears('Ben', 'xxx')
  expect(await tooWide(ada)).toBe(0)
  expect(await tooWide(ben)).toBe(0)
  const field = await ada.page.getByLabel('Message').boundingBox()
  expect((field?.y ?? 999) + (field?.height ?? 999)).toBeLessThan(600)
  await ben.leave()
  await ben.page.getByRole('button', { name: 'Rejoin' }).waitFor()
  expect(await tooWide(ben)).toBe(0)
})

test('what cannot be sent yet stays where it was typed', async () => {
  const ada = await home.arrive()
  await ada.createRoom('Ada')
  const field = ada.page.getByLabel('Message', { exact: true })
  await field.fill('too early')
  await field.press('Enter')
  expect(await field.inputValue()).toBe('too early')
})

test('the people can be folded away on a small screen', async () => {
  const { people } = await gather(home, {}, 'Ada')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  await ada.page.setViewportSize({ width: 360, height: 640 })
  const list = ada.page.getByRole('heading', { name: /^People/ })
  await list.waitFor({ state: 'hidden' })
  const button = ada.page.getByRole('button', { name: 'People' })
  await button.click()
  expect(await list.isVisible()).toBe(true)
  // It covers the room, which is out of reach meanwhile.
  expect(await ada.page.getByLabel('Message').isVisible()).toBe(true)
  expect(await ada.page.locator('main').getAttribute('inert')).not.toBeNull()
  await ada.page.keyboard.press('Escape')
  expect(await list.isVisible()).toBe(false)
  expect(await button.evaluate(it => it === document.activeElement)).toBe(true)
})

test('what does not fit beside a long name is left out of the room’s name', async () => {
  const ada = await home.arrive()
  await ada.page.getByLabel('Your name').fill('Wolfeschlegelstein H')
  expect(await ada.page.getByLabel('Room name').getAttribute('placeholder')).toBe('Our room')
})

test('the link is copied without a clipboard for pages, as on plain http', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada', { password: 'word' })
  await ada.page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  await ada.page.getByRole('button', { name: 'Copy link' }).click()
  await ada.page.getByRole('button', { name: 'Link copied' }).waitFor()
  const field = ada.page.getByLabel('Message')
  await field.focus()
  await ada.page.keyboard.press('Control+V')
  expect(await field.inputValue()).toBe(link)
})

test('with company the invitation can still be shown to a camera, beside the link among the people', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  const panel = ada.page.getByRole('complementary', { name: /^People/ })
  await panel.getByRole('button', { name: 'Copy link' }).waitFor()
  await panel.getByRole('button', { name: 'QR code' }).click()
  await ada.page.getByRole('img', { name: 'QR code' }).waitFor()
  await ada.page.getByText('Anyone who scans this code can join.', { exact: true }).waitFor()
  await ada.page.keyboard.press('Escape')
  await ada.page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await panel.isVisible()).toBe(true)
})

test('the link is copied, or the page says why not', async () => {
  const ada = await home.arrive()
  await ada.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const link = await ada.createRoom('Ada', { password: 'word' })
  await ada.page.getByRole('button', { name: 'Copy link' }).click()
  await ada.page.getByRole('button', { name: 'Link copied' }).waitFor()
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(link)
})
