/** Every view, in both themes, wide and narrow, before axe: nothing that keeps anybody from using it. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Person } from './browser.ts'
import { browsers, engineOf, type Look } from './engines.ts'
import { findings } from './findings.ts'
import type { Scene } from './pages/scenes.ts'
import { Scenes } from './scenes.ts'
import { type Server, startServerWith } from './server.ts'

const all: readonly (Look & { name: string })[] = [
  { name: 'wide and light', width: 1280, height: 800 },
  { name: 'wide and dark', width: 1280, height: 800, dark: true },
  { name: 'narrow and light', width: 320, height: 640 },
  { name: 'narrow and dark', width: 320, height: 640, dark: true },
]

/** Firefox is to see each width and each theme, though not each with each. */
const looks = engineOf(0) === 'firefox' ? all.filter((_, at) => at === 0 || at === 3) : all

const isFine = async (page: Page): Promise<void> => expect(await findings(page)).toEqual([])

const nextBrowser = browsers()
let server: Server
beforeAll(async () => {
  // A star ends with its host, so that its end is seen.
  server = await startServerWith({ P2PCHAT_STATE__DIR: 'memory', P2PCHAT_ROOMS__HAND_OVER: 'false' })
})
afterAll(async () => {
  await server.stop()
})

test('axe sees what is wrong', async () => {
  const ada = await Person.arrive(await nextBrowser(), server.address)
  await ada.page.evaluate(() => document.querySelector('main')?.append(document.createElement('img')))
  expect((await findings(ada.page)).join()).toContain('image-alt')
  await ada.close()
})

describe.each(looks)('$name', look => {
  test('the way into a room, the room, and the way out', async () => {
    const ada = await Person.arrive(await nextBrowser(look), server.address, look)
    const { page } = ada
    await page.getByText('Connected to the server').waitFor({ state: 'attached' })
    await isFine(page)
    await page.getByRole('button', { name: 'Create room' }).click()
    await page.getByText('Enter your name first').waitFor()
    await isFine(page)
    const link = await ada.createRoom('Ada Lovelace', { kind: 'star', password: 'word' })
    await isFine(page)

    const ben = await Person.arrive(await nextBrowser(look), link, look)
    await ben.page.getByRole('button', { name: 'Allow microphone and camera' }).waitFor()
    await isFine(ben.page)
    await ben.page.getByRole('button', { name: 'Microphone only' }).click()
    await ben.page.getByText('Say something').waitFor()
    await isFine(ben.page)
    await ben.page.getByRole('button', { name: 'Choose a microphone' }).click()
    await ben.page.getByRole('dialog', { name: 'Choose a microphone' }).waitFor()
    await isFine(ben.page)
    await ben.page.keyboard.press('Escape')
    await ben.page.getByRole('button', { name: 'Microphone', exact: true }).click()
    await ben.stepIn('Ben')
    await ben.sees('Ada Lovelace')
    await ben.say('hello\n`code` and https://example.org')
    await ada.hears('Ben', 'hello')
    await isFine(page)
    await page.getByRole('button', { name: 'People' }).click()
    await isFine(page)
    // Where it covers the room.
    await page.keyboard.press('Escape')
    await ada.leave()
    await page.getByRole('heading', { name: 'You left the room' }).waitFor()
    await isFine(page)
    await ben.page.getByText('This room has ended.').waitFor()
    await isFine(ben.page)
    await Promise.all([ada.close(), ben.close()])
  })

  test('windows above the page', async () => {
    const ada = await Person.arrive(await nextBrowser(look), server.address, look)
    const { page } = ada
    await page.getByRole('button', { name: 'Settings' }).click()
    const tabs = page.getByRole('tab')
    await tabs.first().waitFor()
    for (const tab of await tabs.all()) {
      await tab.click()
      await isFine(page)
    }
    await page.keyboard.press('Escape')
    await page.locator('.more-options summary').click()
    await page.getByRole('checkbox', { name: 'Name in the link' }).check()
    await isFine(page)
    await page.getByRole('checkbox', { name: 'Name in the link' }).uncheck()
    await page.getByRole('button', { name: 'Plan for later' }).click()
    const make = page.getByRole('button', { name: 'Make the link' })
    await make.waitFor()
    await isFine(page)
    await make.click()
    await page.getByRole('button', { name: 'Add to calendar' }).waitFor()
    await isFine(page)
    await page.keyboard.press('Escape')
    await page
      .getByRole('list')
      .getByRole('button', { name: /^Link and calendar/ })
      .waitFor()
    await isFine(page)
    await ada.createRoom('Ada')
    await page.getByRole('button', { name: 'Start call' }).click()
    await page.getByRole('button', { name: 'Allow microphone and camera' }).waitFor()
    await isFine(page)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // The page hears keys again a moment after its dialog has gone.
    await expect
      .poll(async () => {
        await page.keyboard.press('?')
        return page.getByRole('dialog', { name: 'Keyboard shortcuts' }).isVisible()
      })
      .toBe(true)
    await isFine(page)
    await ada.close()
  })

  const scenes: readonly (Scene & { what: string })[] = [
    { what: 'alone in a call', others: 0 },
    { what: 'two in a call', others: 1, plain: true },
    { what: 'nine in a call', others: 8 },
    { what: 'screens on the stage', others: 4, screens: 2 },
    { what: 'one’s own screen', others: 2, ownScreen: 'monitor' },
    { what: 'nobody within reach', others: 2, link: 'lost', steady: false },
    {
      what: 'troubles, and a host at its limit',
      others: 3,
      kind: 'star',
      carrying: { guests: 3, streams: 9, bitsPerSecond: 6_400_000, strained: true },
      troubles: [
        { key: 1, with: 'speaker', what: 'needs-press' },
        { key: 2, with: 'camera', what: 'in-use' },
      ],
    },
    { what: 'push-to-talk', others: 1, own: { pushToTalk: true, talking: true } },
  ]

  test('calls', async () => {
    const seen = await Scenes.open(await nextBrowser(look), look)
    for (const scene of scenes) {
      await seen.show(scene)
      expect({ scene: scene.what, found: await findings(seen.page) }).toEqual({
        scene: scene.what,
        found: [],
      })
    }
    await seen.page.getByRole('button', { name: 'More', exact: true }).click()
    await seen.page.getByRole('dialog', { name: 'More' }).waitFor()
    await isFine(seen.page)
    await seen.close()
  })
})
