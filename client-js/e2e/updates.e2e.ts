/** A page that stays open while the server is updated: what it has not loaded yet is gone, and that is said. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'
import { pickFolder, shelf } from './transfers.ts'

const home = house()
const shelves = shelf()
afterAll(shelves.clear)

/** From now on the server has another version of the page: files of this one whose names match are gone. */
const update = async ({ page }: Person, gone: RegExp): Promise<void> => {
  await page.route(gone, route => route.fulfill({ status: 404, body: 'There is nothing at this address.' }))
  await page.route(`${home.server().address}/`, async route => {
    const answer = await route.fetch()
    const text = await answer.text()
    return route.fulfill({
      response: answer,
      body: text.replace(/\/assets\/index-[\w-]+\.js/, '/assets/index-newer.js'),
    })
  })
}

/** A worker of its own would hand out what it has kept. */
const arrive = async (): Promise<Person> => {
  const ada = await home.arrive('about:blank')
  await ada.context.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'serviceWorker')
  })
  await ada.page.goto(home.server().address)
  await ada.page.getByText('Connected to the server').waitFor()
  return ada
}

const told = (person: Person): Promise<void> =>
  person.page.getByText('A new version of this page is here.').first().waitFor()

test('a folder that cannot be packed is named, and the new version is told of', async () => {
  const ada = await arrive()
  await update(ada, /\/assets\/archive-/)
  await ada.createRoom('Ada')
  const folder = join(shelves.folder, 'photos')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.txt'), 'a')
  await pickFolder(ada, folder)
  await told(ada)
  await ada.page.getByText('These could not be read and are not sent: photos').waitFor()
})

test('what is gone is noticed when the room begins, and a window that is missing pushes nothing aside', async () => {
  const ada = await arrive()
  await update(ada, /\/assets\/(worker|qr)-/)
  await ada.createRoom('Ada')
  await told(ada)
  const button = ada.page.getByRole('button', { name: 'QR code' })
  const before = await button.boundingBox()
  await button.click()
  const note = ada.page.locator('.help-over')
  await note.getByRole('button', { name: 'Reload' }).waitFor()
  expect(await button.boundingBox()).toEqual(before)
  const box = await note.boundingBox()
  expect((box?.y ?? 9_999) + (box?.height ?? 0)).toBeLessThanOrEqual(ada.page.viewportSize()?.height ?? 0)
  await note.getByRole('button', { name: 'Close' }).click()
  await note.waitFor({ state: 'detached' })
})

test('a page on which nobody loses anything is loaded anew, once', async () => {
  const ada = await arrive()
  await update(ada, /\/assets\/settings-/)
  let loads = 0
  ada.page.on('request', request => {
    if (request.isNavigationRequest()) loads += 1
  })
  const loaded = ada.page.waitForEvent('load')
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await loaded
  expect(loads).toBe(1)
})
