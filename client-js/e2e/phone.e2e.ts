/** A phone: fingers, little room, and everything still within reach. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Person } from './browser.ts'
import { type Look, launch } from './engines.ts'
import { house } from './house.ts'
import type { Scene } from './pages/scenes.ts'
import { Scenes } from './scenes.ts'
import { enterCall } from './senses.ts'

const home = house()
const phone: Look = { width: 320, height: 568, touch: true }

const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Every button that can be seen lies within the window, and is large enough for a finger. */
const unreachable = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[role="toolbar"] button, .room-head button')]
      .filter(button => button.checkVisibility())
      .map(button => ({ name: button.textContent ?? '', box: button.getBoundingClientRect() }))
      .filter(
        ({ box }) =>
          box.left < 0 ||
          box.top < 0 ||
          box.right > innerWidth ||
          box.bottom > innerHeight ||
          Math.min(box.width, box.height) < 40,
      )
      .map(({ name }) => name),
  )

/** By how much the bar is nearer to one edge of the window than to the other. */
const offCentre = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const buttons = [...document.querySelectorAll('[role="toolbar"] button')].filter(it =>
      it.checkVisibility(),
    )
    const boxes = buttons.map(button => button.getBoundingClientRect())
    const start = Math.min(...boxes.map(({ left }) => left))
    return Math.round(start - (innerWidth - Math.max(...boxes.map(({ right }) => right))))
  })

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

test('a call of any size fits, and its buttons are within reach', async () => {
  const seen = await Scenes.open(browser, phone)
  const scenes: readonly Scene[] = [
    { others: 0 },
    { others: 1 },
    { others: 4 },
    { others: 19 },
    { others: 3, screens: 1 },
    { others: 2, ownScreen: 'monitor' },
    { others: 1, troubles: [{ key: 1, with: 'camera', what: 'in-use' }] },
  ]
  for (const scene of scenes) {
    await seen.show(scene)
    expect({ scene, wider: await tooWide(seen.page) }).toEqual({ scene, wider: 0 })
    expect({ scene, off: await offCentre(seen.page) }).toEqual({ scene, off: 0 })
    expect({ scene, unreachable: await unreachable(seen.page) }).toEqual({ scene, unreachable: [] })
  }
  await seen.close()
})

test('of two, one’s own tile lies within that of the other', async () => {
  const seen = await Scenes.open(browser, { width: 390, height: 844, touch: true })
  await seen.show({ others: 1, plain: true })
  const box = async (name: RegExp) => {
    const found = await seen.page.getByRole('region', { name }).boundingBox()
    if (!found) throw new Error('there is no such tile')
    const { x, y, width, height } = found
    return { x, y, right: x + width, bottom: y + height }
  }
  const [large, own] = [await box(/^Grace/), await box(/^Ada/)]
  expect(own.x).toBeGreaterThan(large.x)
  expect(own.y).toBeGreaterThan(large.y)
  expect(own.right).toBeLessThan(large.right)
  expect(own.bottom).toBeLessThan(large.bottom)
  await seen.close()
})

test('a phone that lies on its side has room for faces', async () => {
  const seen = await Scenes.open(browser, { width: 640, height: 320, touch: true })
  await seen.show({ others: 2 })
  expect(await unreachable(seen.page)).toEqual([])
  const tile = await seen.page.getByRole('region', { name: /^Grace/ }).boundingBox()
  expect((tile?.width ?? 0) * (tile?.height ?? 0)).toBeGreaterThan((640 * 320) / 8)
  // What the head would say and do is in the menu.
  await seen.page.getByRole('button', { name: 'More', exact: true }).tap()
  const menu = seen.page.getByRole('dialog', { name: 'More' })
  await menu.getByText('3 of 20').waitFor()
  await menu.getByRole('button', { name: 'Leave the room' }).waitFor()
  await seen.close()
})

test('an invitation on a phone on its side has name and button beside the picture, and in sight', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link, { width: 568, height: 320, touch: true })
  await ben.page.getByRole('button', { name: 'Allow microphone and camera' }).waitFor()
  const join = await ben.page.getByRole('button', { name: 'Join room' }).boundingBox()
  expect((join?.y ?? 999) + (join?.height ?? 999)).toBeLessThanOrEqual(320)
  expect(await tooWide(ben.page)).toBe(0)
})

test('where people write in little width, the hint gives its place to what belongs to the field', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link, { width: 320, height: 568 })
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ada.page.getByText('Enter to send').waitFor()
  await ben.page.getByText('Enter to send').waitFor({ state: 'hidden' })
  await ben.page.getByLabel('Message', { exact: true }).fill('x'.repeat(1_900))
  await ben.page.getByText('100 characters left').waitFor()
})

const open = async (person: Person, name: string): Promise<void> => {
  await person.page.getByRole('button', { name, exact: true }).tap()
}

test('chat and people are sheets over the call, one at a time, and what one does there is heard', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link, phone)
  await ben.page.getByLabel('Your name').fill('Ben')
  await ben.page.getByRole('button', { name: 'Microphone only' }).tap()
  await ben.page.getByText('Say something').waitFor()
  await ben.page.getByRole('button', { name: 'Join room' }).tap()
  await ben.page.getByRole('toolbar').waitFor()
  await ada.page.getByText('Ben is in the call').waitFor()
  expect(await tooWide(ben.page)).toBe(0)

  await ada.say('are you there?')
  await ben.page.getByRole('status').filter({ hasText: 'Ada: are you there?' }).waitFor({ state: 'attached' })
  await open(ben, 'Chat, unread messages')
  await ben.hears('Ada', 'are you there?')
  expect(await ben.page.getByText('Shift + Enter').isVisible()).toBe(false)
  await ben.say('yes')
  await ada.hears('Ben', 'yes')
  expect(await tooWide(ben.page)).toBe(0)
  await open(ben, 'Close')
  await ben.log.waitFor({ state: 'hidden' })

  await open(ben, 'More')
  await ben.page.getByRole('dialog', { name: 'More' }).getByRole('button', { name: 'People' }).tap()
  await ben.page.getByRole('heading', { name: /^People/ }).waitFor()
  await open(ben, 'Close')
  await ben.page.getByRole('button', { name: 'Leave call' }).tap()
  await ben.page.getByRole('button', { name: 'Start call' }).waitFor()
})

test('a phone with two cameras has a way from one to the other, and is told of no keys', async () => {
  const cameras = await launch({ cameras: 2 })
  const ada = await Person.arrive(cameras, home.server().address, phone)
  await ada.createRoom('Ada')
  await open(ada, 'Start call')
  await open(ada, 'Allow microphone and camera')
  const dialog = ada.page.getByRole('dialog')
  await dialog.locator('video').waitFor()
  await dialog.getByRole('button', { name: 'Start call' }).tap()
  const inUse = (): Promise<unknown> =>
    ada.page
      .getByRole('region', { name: /^Ada/ })
      .locator('video')
      .evaluate(({ srcObject }: HTMLVideoElement) =>
        srcObject instanceof MediaStream ? srcObject.getVideoTracks()[0]?.getSettings().deviceId : null,
      )
  const first = await inUse()
  await open(ada, 'More')
  const more = ada.page.getByRole('dialog', { name: 'More' })
  await more.getByText('Others hear you only while you hold the microphone button.').waitFor()
  expect(await more.getByRole('button', { name: 'Keyboard shortcuts' }).count()).toBe(0)
  expect(await more.locator('kbd').count()).toBe(0)
  await more.getByRole('button', { name: 'Switch camera' }).tap()
  await expect.poll(inUse).not.toBe(first)
  await ada.close()
  await cameras.close()
})

test('without a pointer that hovers, what can be done with somebody is there to be touched', async () => {
  const seen = await Scenes.open(browser, phone)
  await seen.show({ others: 2 })
  await seen.page.getByRole('button', { name: 'Options for Grace Hopper' }).tap()
  await seen.page.getByRole('dialog').getByRole('button', { name: 'Pin' }).tap()
  await seen.page.getByRole('button', { name: 'Pin: Grace Hopper', pressed: true }).tap()
  await seen.page.getByRole('button', { name: 'Pin: Grace Hopper' }).waitFor({ state: 'hidden' })
  await seen.close()
})

test('the system knows of the call, and its buttons end it and turn off microphone and camera', async () => {
  const ada = await home.arrive('about:blank', phone)
  await ada.context.addInitScript(() => {
    const buttons: Record<string, (() => void) | null> = {}
    Object.assign(globalThis, { buttons })
    const set = MediaSession.prototype.setActionHandler
    MediaSession.prototype.setActionHandler = function (action, handler) {
      set.call(this, action, handler)
      buttons[action] = handler && (() => handler({ action }))
    }
  })
  await ada.page.goto(home.server().address)
  await ada.createRoom('Ada')
  const told = () =>
    ada.page.evaluate(() => {
      const { metadata, playbackState } = navigator.mediaSession
      return { title: metadata?.title ?? null, playbackState }
    })
  const press = (action: string): Promise<void> =>
    ada.page.evaluate(name => Reflect.get(globalThis, 'buttons')[name](), action)
  expect(await told()).toEqual({ title: null, playbackState: 'none' })
  await enterCall(ada, 'Start call')
  await expect.poll(told).toEqual({ title: 'Workshop', playbackState: 'playing' })
  const bar = ada.page.getByRole('toolbar', { name: 'Call controls' })
  for (const [action, name] of [
    ['togglemicrophone', 'Microphone'],
    ['togglecamera', 'Camera'],
  ] as const) {
    await bar.getByRole('button', { name, exact: true, pressed: true }).waitFor()
    await press(action)
    await bar.getByRole('button', { name, exact: true, pressed: false }).waitFor()
  }
  await press('hangup')
  await bar.waitFor({ state: 'detached' })
  await expect.poll(told).toEqual({ title: null, playbackState: 'none' })
})
