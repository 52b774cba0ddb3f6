/** What newcomers stumble over: the first field, a browser that cannot, a call that begins unseen, a room that is gone. */
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'
import { enterCall } from './senses.ts'
import { focused } from './tab.ts'

const home = house()
const phone = { width: 390, height: 844, touch: true }

test('the first field has the focus, and Tab goes through the page in the order in which it is read', async () => {
  const ada = await home.arrive()
  await expect.poll(() => focused(ada)).toBe('Your name')
  const places: { x: number; y: number; width: number }[] = []
  for (const name of ['Your name', 'Room name', 'Link or room ID']) {
    const box = await ada.page.getByLabel(name, { exact: true }).boundingBox()
    if (!box) throw new Error(`${name} is not there`)
    places.push(box)
  }
  // Each one stands further below, or beside the one before it.
  for (const [at, place] of places.entries()) {
    const before = places[at - 1]
    if (before) expect(place.y > before.y + 20 || place.x >= before.x + before.width).toBe(true)
  }
  const ben = await home.arrive(await ada.createRoom('Ada'))
  await expect.poll(() => focused(ben)).toBe('Your name')
  const again = await ada.context.newPage()
  await again.goto(home.server().address)
  await again.getByRole('button', { name: 'Create room' }).waitFor()
  expect(await again.evaluate(() => document.activeElement === document.body)).toBe(true)
})

test('a browser that is too old is told so, in its language', async () => {
  const ada = await home.arrive('about:blank', { locale: 'de-DE' })
  await ada.context.addInitScript(() => {
    Reflect.deleteProperty(URL, 'canParse')
  })
  await ada.page.goto(home.server().address)
  await ada.page.getByRole('alert').filter({ hasText: 'zu alt für diese Seite' }).waitFor()
  expect(await ada.page.locator('.too-old').getAttribute('lang')).toBe('de')
  ada.complaints.length = 0
})

test('a present browser is told nothing of the kind', async () => {
  const ada = await home.arrive()
  await ada.page.getByRole('button', { name: 'Create room' }).waitFor()
  expect(await ada.page.locator('.too-old').count()).toBe(0)
})

test.each([
  ['is missing', () => Reflect.deleteProperty(globalThis, 'RTCPeerConnection')],
  [
    'is switched off',
    () => {
      globalThis.RTCPeerConnection = class {
        constructor() {
          throw new DOMException('disabled', 'NotSupportedError')
        }
      } as unknown as typeof RTCPeerConnection
    },
  ],
])('where WebRTC %s, the start page and the room say so', async (_, script) => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive('about:blank')
  await ben.context.addInitScript(script as () => void)
  await ben.page.goto(home.server().address)
  const words = ben.page.getByText('This browser cannot connect to anybody')
  await words.waitFor()
  await ben.page.goto(link)
  await ben.stepIn('Ben')
  await words.waitFor()
})

test('on a phone Enter makes a line, and the button sends', async () => {
  const ada = await home.arrive()
  const ben = await home.arrive(await ada.createRoom('Ada'), phone)
  await ben.stepIn('Ben')
  await ada.sees('Ben')
  const field = ben.page.getByLabel('Message', { exact: true })
  await field.fill('one')
  await field.press('Enter')
  await field.pressSequentially('two')
  expect(await field.inputValue()).toBe('one\ntwo')
  await ben.page.getByRole('button', { name: 'Send', exact: true }).tap()
  await ada.hears('Ben', 'two')
  expect(await ada.log.getByRole('article').count()).toBe(1)
})

test('whoever waits in another tab learns that a call has begun', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ben.page.evaluate(() => {
    const heard: string[] = []
    Object.assign(globalThis, { heard })
    AudioContext.prototype.createOscillator = new Proxy(AudioContext.prototype.createOscillator, {
      apply: (target, self, given: []) => {
        heard.push('tone')
        return Reflect.apply(target, self, given)
      },
    })
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await enterCall(ada, 'Start call')
  await expect.poll(() => ben.page.title()).toContain('Ada is in the call')
  await expect.poll(() => ben.page.evaluate(() => (globalThis as { heard?: string[] }).heard?.length)).toBe(2)
})

test('whoever leaves a call muted and without a camera comes back as they left', async () => {
  const ada = await home.arrive()
  await ada.createRoom('Ada')
  await enterCall(ada, 'Start call')
  const bar = ada.page.getByRole('toolbar', { name: 'Call controls' })
  await bar.getByRole('button', { name: 'Microphone', exact: true }).click()
  await bar.getByRole('button', { name: 'Camera', exact: true }).click()
  await bar.getByRole('button', { name: 'Microphone', exact: true, pressed: false }).waitFor()
  await bar.getByRole('button', { name: 'Camera', exact: true, pressed: false }).waitFor()
  await ada.page.getByRole('button', { name: 'Leave call' }).click()
  await ada.page.getByRole('button', { name: 'Start call' }).click()
  await ada.page.getByText('You join the call with microphone and camera off.').waitFor()
})

test('an address where there is nothing leads to the start page, and asks for nothing else', async () => {
  const ada = await home.arrive('about:blank')
  const asked: string[] = []
  ada.page.on('request', request => asked.push(new URL(request.url()).pathname))
  await ada.page.goto(`${home.server().address}/nowhere`)
  await ada.page.getByText('There is nothing at this address.').waitFor()
  expect(asked).toEqual(['/nowhere'])
  await ada.page.getByRole('link', { name: 'Go to the start page.' }).click()
  await ada.page.getByRole('button', { name: 'Create room' }).waitFor()
})

test('a name that is cut says that it is as long as it may be, and a phone shows the way into a room at once', async () => {
  const ada = await home.arrive(undefined, phone)
  const create = await ada.page.getByRole('button', { name: 'Create room' }).boundingBox()
  expect((create?.y ?? 999) + (create?.height ?? 999)).toBeLessThanOrEqual(phone.height)
  // As when a keyboard stands on the screen of an iPhone, which leaves the page as high as it was.
  await ada.page.evaluate(() => document.documentElement.style.setProperty('--view-height', '440px'))
  await ada.page.getByRole('button', { name: 'Settings' }).tap()
  const settings = await ada.page.getByRole('dialog', { name: 'Settings' }).boundingBox()
  expect((settings?.y ?? 999) + (settings?.height ?? 999)).toBeLessThanOrEqual(440)
  await ada.page.keyboard.press('Escape')
  await ada.page.getByLabel('Your name').fill('Maximilian von Hohenfels-Schwarzburg')
  await ada.page.locator('.start-name').getByText('Maximum length reached').waitFor()
  const room = ada.page.locator('.start-create')
  await room.getByLabel('Room name').fill('Meeting of ten')
  expect(
    await room
      .getByRole('status')
      .filter({ hasText: /left|length/ })
      .count(),
  ).toBe(0)
  await room.getByLabel('Room name').fill('Meeting of twelve')
  await room.getByText('3 characters left').waitFor()
})

test('at four times the size, the conversation has room beside a call that goes on, and the page does not scroll', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link, { width: 320, height: 256 })
  await ben.stepIn('Ben')
  await ada.sees('Ben')
  await enterCall(ada, 'Start call')
  await ben.page.getByRole('button', { name: 'Join call' }).waitFor()
  await ada.say('hello')
  await ben.hears('Ada', 'hello')
  const { log, over } = await ben.page.evaluate(() => ({
    log: document.querySelector('.log')?.clientHeight ?? 0,
    over: document.documentElement.scrollHeight - innerHeight,
  }))
  expect(log).toBeGreaterThan(70)
  expect(over).toBe(0)
})
