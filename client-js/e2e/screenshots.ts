/** Owns the pictures of every view, for human eyes: light and dark, wide and narrow, into `screenshots-out/`. */
import { mkdirSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { type Look, launch, Person } from './browser.ts'
import { type Server, startServer } from './server.ts'

const out = new URL('../screenshots-out/', import.meta.url).pathname
const looks: readonly (Look & { name: string })[] = [
  { name: 'wide-light', width: 1280, height: 800 },
  { name: 'wide-dark', width: 1280, height: 800, dark: true },
  { name: 'narrow-light', width: 360, height: 740 },
  { name: 'narrow-dark', width: 360, height: 740, dark: true },
]

let server: Server
let browser: Browser
beforeAll(async () => {
  mkdirSync(out, { recursive: true })
  server = await startServer()
  browser = await launch()
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})

for (const look of looks)
  test(look.name, async () => {
    const shot = (person: Person, view: string, fullPage = false): Promise<unknown> =>
      person.page.screenshot({ path: `${out}${view}-${look.name}.png`, fullPage })

    const ada = await Person.arrive(browser, server.address, look)
    await ada.page.getByText('Connected to the server').waitFor()
    await shot(ada, 'start', true)
    await ada.page.getByRole('button', { name: 'Create room' }).click()
    await shot(ada, 'start-no-name')
    await ada.page.getByRole('button', { name: 'Generate' }).click()
    const link = await ada.createRoom('Ada Lovelace', { kind: 'star', name: 'Analytical engine' })
    await shot(ada, 'room-ready')

    const grace = await Person.arrive(browser, link, look)
    await shot(grace, 'invited')
    await grace.stepIn('Grace')
    const linus = await Person.arrive(browser, `${server.address}/#${new URL(link).hash.slice(1, 42)}`, look)
    await linus.page.getByLabel('Your name').fill('Linus')
    await linus.page.getByLabel('Password').fill('not it')
    await linus.page.getByRole('button', { name: 'Join room' }).click()
    await linus.page.getByText('not the password').waitFor()
    await shot(linus, 'wrong-password')
    await grace.sees('Ada Lovelace')
    await ada.say('Welcome! The notes are at https://example.org/notes (page 3).')
    await grace.hears('Ada Lovelace', 'Welcome!')
    await grace.say('Thank you.\nTwo lines, as promised.')
    await ada.hears('Grace', 'Two lines')
    await grace.say('And a second thought right behind it.')
    await ada.say(
      'A longer answer, so that one sees how a paragraph runs: from browser to browser, without the server ever seeing a word of what is being said between us.',
    )
    await grace.hears('Ada Lovelace', 'A longer answer')
    await ada.hears('Grace', 'second thought')
    await shot(ada, 'room-host')
    await shot(grace, 'room-guest')
    const toggle = grace.page.getByRole('button', { name: 'People' })
    if (await toggle.isVisible()) await toggle.click()
    await shot(grace, 'room-people')
    await ada.leave()
    await shot(ada, 'left')
    await grace.page.getByText('This room has ended.').waitFor()
    await shot(grace, 'room-ended')
    await server.stop()
    await linus.page.getByText('Server not reachable').waitFor()
    await shot(linus, 'offline')
    await server.start()
    await Promise.all([ada.close(), grace.close(), linus.close()])
  })
