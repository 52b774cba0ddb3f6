/** What somebody chooses: worn at once, remembered, known to their other pages, and forgotten on request. */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'

const home = house()

const openSettings = async ({ page }: Person) => {
  await page.getByRole('button', { name: 'Settings' }).click()
  const dialog = page.getByRole('dialog', { name: 'Settings' })
  await dialog.waitFor()
  return dialog
}

/** The relative luminance of what is behind everything, from black 0 to white 1. */
const ground = ({ page }: Person): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor)

test('whichever page of the settings is shown, their names stay where they are', async () => {
  const ada = await home.arrive()
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  const tabs = ada.page.getByRole('tab')
  await tabs.first().waitFor()
  const places = async () => Promise.all((await tabs.all()).map(tab => tab.boundingBox()))
  const before = await places()
  for (const tab of await tabs.all()) {
    await tab.click()
    expect(await places()).toEqual(before)
  }
})

test('a theme is worn at once, outlives the page, and reaches other pages of the same browser', async () => {
  const ada = await home.arrive()
  const other = await ada.context.newPage()
  await other.goto(home.server().address)
  const light = await ground(ada)
  const dialog = await openSettings(ada)
  await dialog.getByLabel('Appearance').selectOption('Dark')
  const dark = await ground(ada)
  expect(dark).not.toBe(light)
  await other.locator('html[data-theme="dark"]').waitFor()
  await ada.page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await ada.page.reload()
  await ada.page.locator('html[data-theme="dark"]').waitFor()
  expect(await ground(ada)).toBe(dark)
  expect(await ada.page.locator('meta[name="theme-color"][media="all"]').getAttribute('content')).toBe(
    '#131619',
  )
})

test('settings are reset after a second press, and nothing is left in the store', async () => {
  const ada = await home.arrive()
  const dialog = await openSettings(ada)
  await dialog.getByLabel('Appearance').selectOption('Dark')
  const stored = () => ada.page.evaluate(() => localStorage.length)
  await ada.page.waitForFunction(() => localStorage.length === 1)
  await dialog.getByRole('button', { name: 'Reset all settings' }).click()
  expect(await stored()).toBe(1)
  await dialog.getByRole('button', { name: 'Press again' }).click()
  await dialog.getByText('have been reset').waitFor()
  expect(await stored()).toBe(0)
  expect(await dialog.getByLabel('Appearance').inputValue()).toBe('auto')
})

test('a press beside the settings closes them, and the focus is back where it was', async () => {
  const ada = await home.arrive()
  const dialog = await openSettings(ada)
  await ada.page.mouse.click(5, 5)
  await dialog.waitFor({ state: 'detached' })
  expect(await ada.page.evaluate(() => document.activeElement?.textContent)).toBe('Settings')
})

test('where nothing may be stored, choices last as long as the page', async () => {
  const ada = await home.arrive()
  await ada.context.addInitScript(() => {
    Object.defineProperty(globalThis, 'localStorage', {
      get: () => {
        throw new DOMException('forbidden', 'SecurityError')
      },
    })
  })
  await ada.page.reload()
  const dialog = await openSettings(ada)
  await dialog.getByLabel('Appearance').selectOption('Dark')
  await ada.page.locator('html[data-theme="dark"]').waitFor()
})

test('who allows a microphone keeps all that was chosen before', async () => {
  const ada = await home.arrive()
  const ben = await home.arrive(await ada.createRoom('Ada'))
  await ben.page.getByLabel('Your name').fill('Ben')
  const dialog = await openSettings(ben)
  await dialog.getByLabel('Appearance').selectOption('Dark')
  await dialog.getByRole('tab', { name: 'Connection' }).click()
  await dialog.getByRole('switch', { name: 'Hide my IP address' }).click()
  await ben.page.keyboard.press('Escape')
  await ben.page.getByRole('button', { name: 'Microphone only' }).click()
  await ben.page.getByText('Say something').waitFor()
  const stored = await ben.page.evaluate(() => JSON.parse(localStorage.getItem('p2pchat.settings') ?? '{}'))
  expect(stored).toMatchObject({ theme: 'dark', relayOnly: true, microphoneOn: true })
})
