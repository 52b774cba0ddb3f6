/**
 * Takes pictures of every view for human eyes: light and dark, wide, phone upright and lying, and as narrow as it gets,
 * into a folder of `screenshots-out/` for each browser; ENGINES=firefox takes them there. Calls are made up, since a
 * machine has one test picture for everybody.
 */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { Person } from './browser.ts'
import { engineOf, type Look, launch } from './engines.ts'
import type { Scene } from './pages/scenes.ts'
import { Scenes } from './scenes.ts'
import { type Server, startServer } from './server.ts'
import { accept, pick, pickPath, saved, shelf } from './transfers.ts'

const out = new URL(`../screenshots-out/${engineOf(0)}/`, import.meta.url).pathname
const looks: readonly (Look & { name: string })[] = [
  { name: 'wide-light', width: 1280, height: 800 },
  { name: 'wide-dark', width: 1280, height: 800, dark: true },
  { name: 'phone-light', width: 390, height: 844 },
  { name: 'phone-dark', width: 390, height: 844, dark: true },
  { name: 'lying-light', width: 844, height: 390 },
  { name: 'narrow-light', width: 320, height: 568 },
]

const shelves = shelf()
let server: Server
let light: Browser
let dark: Browser
let refusing: Browser
beforeAll(async () => {
  mkdirSync(out, { recursive: true })
  server = await startServer()
  light = await launch()
  // Firefox takes it once, for all its pages.
  dark = await launch({ dark: true })
  refusing = await launch({ allow: false })
})
afterAll(async () => {
  await light.close()
  await dark.close()
  await refusing.close()
  await server.stop()
  shelves.clear()
})

const scenes: Readonly<Record<string, Scene>> = {
  'call-1': { others: 0 },
  'call-2': { others: 1, plain: true },
  'call-3': { others: 2 },
  'call-5': { others: 4 },
  'call-9': { others: 8 },
  'call-20': { others: 19 },
  'call-stage': { others: 4, screens: 1 },
  'call-two-screens': { others: 3, screens: 2 },
  'call-own-screen': { others: 2, ownScreen: 'monitor' },
  'call-host': {
    others: 3,
    kind: 'star',
    carrying: { guests: 3, streams: 9, bitsPerSecond: 6_400_000, strained: false },
  },
  'call-reconnecting': { others: 2, link: 'lost', steady: false },
  'call-troubles': {
    others: 1,
    plain: true,
    troubles: [
      { key: 1, with: 'speaker', what: 'needs-press' },
      { key: 2, with: 'camera', what: 'in-use' },
    ],
  },
  'call-push-to-talk': { others: 3, own: { pushToTalk: true, talking: true, speaking: true } },
  'call-audio-only': { others: 3, own: { audioOnly: true, camera: 'off' } },
}

describe.each(looks)('$name', look => {
  let browser: Browser
  beforeAll(() => {
    browser = look.dark ? dark : light
  })

  const shot = (page: Page, view: string, fullPage = false): Promise<unknown> =>
    page.screenshot({ path: `${out}${view}-${look.name}.png`, fullPage })

  test('into a room and out of it', async () => {
    const ada = await Person.arrive(browser, server.address, look)
    await ada.page.getByText('Connected to the server').waitFor({ state: 'attached' })
    await shot(ada.page, 'start', true)
    await ada.page.getByRole('button', { name: 'Create room' }).click()
    await shot(ada.page, 'start-no-name')
    await ada.page.getByRole('button', { name: 'Generate' }).click()
    const link = await ada.createRoom('Ada Lovelace', { kind: 'star', name: 'Analytical engine' })
    await shot(ada.page, 'room-ready')

    const grace = await Person.arrive(browser, link, look)
    await grace.page.getByRole('button', { name: 'Allow microphone and camera' }).waitFor()
    await shot(grace.page, 'prejoin', true)
    await grace.stepIn('Grace')
    const linus = await Person.arrive(
      browser,
      `${server.address}/#room=${new URLSearchParams(new URL(link).hash.slice(1)).get('room')}`,
      look,
    )
    await linus.page.getByLabel('Your name').fill('Linus')
    await linus.page.getByLabel('Password').fill('not it')
    await linus.page.getByRole('button', { name: 'Join room' }).click()
    await linus.page.getByText('This password is wrong.').waitFor()
    await shot(linus.page, 'wrong-password', true)
    await talk(ada, grace)
    await shot(ada.page, 'room-chat')
    const people = grace.page.getByRole('button', { name: 'People' })
    if ((await people.getAttribute('aria-expanded')) === 'false') await people.click()
    await shot(grace.page, 'room-people')
    await grace.page.keyboard.press('Escape')
    await ada.leave()
    await ada.page.getByRole('heading', { name: 'The room has ended' }).waitFor()
    await shot(ada.page, 'left-ended')
    await grace.page.getByText('This room has ended.').waitFor()
    await shot(grace.page, 'room-ended')
    await Promise.all([ada.close(), grace.close(), linus.close()])
  })

  const talk = async (ada: Person, grace: Person): Promise<void> => {
    await grace.sees('Ada Lovelace')
    await ada.say('Welcome! The notes are at https://example.org/notes (page 3).')
    await grace.hears('Ada Lovelace', 'Welcome!')
    await grace.say('Thank you.\nTwo lines, as promised.')
    await ada.hears('Grace', 'Two lines')
    await grace.say('And a second thought right behind it.')
    await ada.hears('Grace', 'second thought')
    await ada.say(
      'A longer answer, so that one sees how a paragraph runs: from browser to browser, without the server ever seeing a word of what is being said between us.',
    )
    await grace.hears('Ada Lovelace', 'A longer answer')
  }

  test('the mirror, and what is wrong with it', async () => {
    const ada = await Person.arrive(browser, server.address, look)
    const link = await ada.createRoom('Ada Lovelace', { name: 'Analytical engine' })
    const grace = await Person.arrive(browser, link, look)
    await grace.page.getByLabel('Your name').fill('Grace Hopper')
    await grace.page.getByRole('button', { name: 'Microphone only' }).click()
    await grace.page.getByText('Say something').waitFor()
    await shot(grace.page, 'prejoin-allowed', true)
    await grace.page.getByRole('button', { name: 'Choose a microphone' }).click()
    await grace.page.getByRole('dialog', { name: 'Choose a microphone' }).waitFor()
    await shot(grace.page, 'prejoin-devices')
    await grace.page.keyboard.press('Escape')
    await grace.page.getByRole('button', { name: 'Join room' }).click()
    await ada.page.getByRole('button', { name: 'Join call' }).waitFor()
    await shot(ada.page, 'room-call-running')
    await ada.page.getByRole('button', { name: 'Join call' }).click()
    await ada.page.getByRole('button', { name: 'Allow microphone and camera' }).waitFor()
    await shot(ada.page, 'call-dialog')
    const linus = await Person.arrive(refusing, link, look)
    await linus.page.getByLabel('Your name').fill('Linus')
    await linus.page.getByRole('button', { name: 'Allow microphone and camera' }).click()
    await linus.page.getByText('access is blocked').waitFor()
    await shot(linus.page, 'prejoin-blocked', true)
    await grace.leave()
    await grace.page.getByRole('button', { name: 'Rejoin' }).waitFor()
    await shot(grace.page, 'left')
    await Promise.all([ada.close(), grace.close(), linus.close()])
  })

  test('files on their way', async () => {
    const ada = await Person.arrive(browser, server.address, look)
    const link = await ada.createRoom('Ada Lovelace', { name: 'Analytical engine' })
    const grace = await Person.arrive(browser, link, look)
    await grace.stepIn('Grace')
    await grace.sees('Ada Lovelace')
    await pick(grace, 'sonata.ogg', Buffer.alloc(2_400_000))
    await saved(ada, () => accept(ada, 'sonata.ogg'))
    const film = join(shelves.folder, 'film.mov')
    writeFileSync(film, '')
    truncateSync(film, 700_000_000)
    await pickPath(grace, film)
    await accept(ada, 'film.mov')
    await ada.page.locator('.files-strip').waitFor()
    await pick(grace, 'notes on the engine.pdf', Buffer.alloc(310_000))
    await pick(grace, 'portrait.jpg', Buffer.alloc(1_250_000))
    await ada.page.getByRole('button', { name: 'Accept all' }).waitFor()
    await shot(ada.page, 'room-files')
    await shot(grace.page, 'room-files-sent')
    await Promise.all([ada.close(), grace.close()])
  })

  test('windows above the page', async () => {
    const ada = await Person.arrive(browser, server.address, look)
    await ada.page.getByRole('button', { name: 'Settings' }).click()
    await ada.page.getByRole('tab').first().waitFor()
    for (const tab of await ada.page.getByRole('tab').all()) {
      await tab.click()
      await shot(ada.page, `settings-${(await tab.textContent())?.split(' ')[0]?.toLowerCase()}`)
    }
    await ada.page.keyboard.press('Escape')
    await ada.createRoom('Ada')
    await ada.page.keyboard.press('?')
    await ada.page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await shot(ada.page, 'shortcuts')
    await ada.close()
  })

  test('calls', async () => {
    const seen = await Scenes.open(browser, look)
    for (const [name, scene] of Object.entries(scenes)) {
      await seen.show(scene)
      await shot(seen.page, name)
    }
    await seen.page.getByRole('button', { name: 'More', exact: true }).click()
    await seen.page.getByRole('dialog', { name: 'More' }).waitFor()
    await shot(seen.page, 'call-more')
    await seen.page.keyboard.press('Escape')
    await seen.page.getByRole('region', { name: /^Grace/ }).hover()
    await seen.page.getByRole('button', { name: 'Options for Grace Hopper' }).click()
    await seen.page.getByRole('dialog', { name: 'Options for Grace Hopper' }).waitFor()
    await shot(seen.page, 'call-person')
    await seen.close()
  })
})

test('the server gone', async () => {
  for (const look of looks) {
    const ada = await Person.arrive(look.dark ? dark : light, server.address, look)
    await ada.page.getByText('Connected to the server').waitFor({ state: 'attached' })
    await server.stop()
    await ada.page.getByText('Server unreachable').waitFor()
    await ada.page.screenshot({ path: `${out}offline-${look.name}.png` })
    await ada.close()
    await server.start()
  }
})
