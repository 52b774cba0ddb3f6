/** A conversation in real browsers: answers, signs, marks, what is new, what is told to whoever comes later. */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'

const home = house()

/** The message that says so, not one that quotes it. */
const message = ({ page, log }: Person, words: string) =>
  log
    .getByRole('article')
    .filter({ has: page.locator('.said-text', { hasText: words }) })
    .last()

const reply = async (person: Person, to: string, words: string): Promise<void> => {
  await message(person, to).hover()
  await message(person, to).getByRole('button', { name: 'Reply', exact: true }).click()
  await person.page.getByText('Replying to').waitFor()
  await person.say(words)
  await person.page.getByText('Replying to').waitFor({ state: 'detached' })
}

/** `emoji`: by its name. */
const react = async (person: Person, to: string, emoji: string): Promise<void> => {
  await message(person, to).hover()
  await message(person, to).getByRole('button', { name: 'React' }).click()
  await person.page.getByRole('dialog', { name: 'React' }).getByRole('button', { name: emoji }).click()
}

const choose = async ({ page }: Person, tab: string, choice: string): Promise<void> => {
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('tab', { name: tab }).click()
  await page.getByRole('switch', { name: choice }).click()
  await page.keyboard.press('Escape')
}

const hide = ({ page }: Person, hidden: boolean): Promise<void> =>
  page.evaluate(
    state => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
      document.dispatchEvent(new Event('visibilitychange'))
    },
    hidden ? 'hidden' : 'visible',
  )

for (const kind of ['mesh', 'star'] as const) {
  test(`three answer each other and put signs, in a ${kind}`, async () => {
    const { people } = await gather(home, { kind }, 'Ada', 'Ben', 'Cyd')
    const [ada, ben, cyd] = people
    if (!ada || !ben || !cyd) throw new Error('nobody came')
    await ada.sees('Cyd')
    await ben.row('Cyd', '').waitFor({ state: 'attached' })
    await ben.say('Tea or coffee?')
    await cyd.hears('Ben', 'Tea or coffee?')
    await reply(cyd, 'Tea or coffee?', 'Coffee.')
    await reply(ada, 'Tea or coffee?', 'Tea.')
    for (const person of people)
      for (const answer of ['Coffee.', 'Tea.'])
        await message(person, answer).getByRole('button', { name: 'Tea or coffee?' }).waitFor()
    await react(ada, 'Coffee.', 'thumbs up')
    await react(ben, 'Coffee.', 'thumbs up')
    await message(cyd, 'Coffee.').getByRole('button', { name: '👍: Ada and Ben' }).waitFor()
    await message(ben, 'Coffee.').getByRole('button', { name: '👍: Ada and you' }).click()
    await message(cyd, 'Coffee.').getByRole('button', { name: '👍: Ada', exact: true }).waitFor()
    await message(ada, 'Coffee.').getByRole('button', { name: '👍: you', exact: true }).waitFor()
  })

  test(`writing shows, and stops showing, in a ${kind}`, async () => {
    const { people } = await gather(home, { kind }, 'Ada', 'Ben', 'Cyd')
    const [ada, ben, cyd] = people
    if (!ada || !ben || !cyd) throw new Error('nobody came')
    await ada.sees('Cyd')
    await cyd.row('Ben', '').waitFor({ state: 'attached' })
    await ben.page.getByLabel('Message', { exact: true }).fill('hm')
    await Promise.all([ada, cyd].map(({ page }) => page.getByText('Ben is typing…').waitFor()))
    await ben.page.getByLabel('Message', { exact: true }).fill('')
    await Promise.all(
      [ada, cyd].map(({ page }) => page.getByText('Ben is typing…').waitFor({ state: 'detached' })),
    )
    await choose(ben, 'Chat', 'Show others when I am typing')
    await ben.page.getByLabel('Message', { exact: true }).fill('hm')
    await ben.say('quietly')
    await cyd.hears('Ben', 'quietly')
    expect(await cyd.page.getByText('is typing…').count()).toBe(0)
  })

  test(`who comes later to a ${kind} is told what was said, if somebody chose to`, async () => {
    const { people, link } = await gather(home, { kind }, 'Ada', 'Ben')
    const [ada, ben] = people
    if (!ada || !ben) throw new Error('nobody came')
    await ada.say('before the choice')
    await ben.hears('Ada', 'before the choice')
    const early = await home.arrive(link)
    await early.stepIn('Early')
    await early.sees('Ada')
    await early.say('hi')
    await ada.hears('Early', 'hi')
    expect(await early.log.getByText('before the choice').count()).toBe(0)
    await choose(ada, 'Chat', 'Share recent messages')
    const late = await home.arrive(link)
    await late.stepIn('Late')
    await late.hears('Ada', 'before the choice')
    await late.hears('Early', 'hi')
    await late.log.getByText('Earlier messages, shared by Ada').waitFor()
    await ada.isTold('You shared recent messages with Late')
    await ada.say('now you')
    await late.hears('Ada', 'now you')
    await late.log.getByText('Since you joined').waitFor()
    const order = await late.log.getByRole('article').allTextContents()
    expect(order.map(it => /before|hi$|now/.exec(it)?.[0])).toEqual(['before', 'hi', 'now'])
  })
}

test('what came while nobody looked is counted in the title, marked, and forgotten once answered', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ada.say('seen')
  await ben.hears('Ada', 'seen')
  await hide(ben, true)
  await ada.say('one')
  await ada.say('two')
  await ben.page.waitForFunction(() => document.title === '(2) Workshop – P2PChat')
  await hide(ben, false)
  await ben.page.waitForFunction(() => document.title === 'Workshop – P2PChat')
  const lines = await ben.log.locator('article, .log-line').allTextContents()
  expect(lines.map(line => /seen|New|one|two/.exec(line)?.[0])).toEqual(['seen', 'New', 'one', 'two'])
  await ada.say('live')
  await ben.hears('Ada', 'live')
  expect(await ben.page.title()).toBe('Workshop – P2PChat')
  await ben.say('thanks')
  await ben.log.getByText('New', { exact: true }).waitFor({ state: 'detached' })
})

test('one who reads further up is told of what is new below, and taken there', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  for (let line = 0; line < 30; line++) await ada.say(`line ${line}\nand more`)
  await ben.hears('Ada', 'line 29')
  await ben.log.evaluate(log => log.scrollTo(0, 0))
  await ada.say('the newest')
  await ben.page.getByRole('button', { name: '1 new message' }).click()
  await ben.page.waitForFunction(() => !document.title.startsWith('('))
  await message(ben, 'the newest').waitFor()
  expect(await ben.page.getByRole('button', { name: 'new message' }).count()).toBe(0)
})

test('what one says oneself is in sight, from wherever one has scrolled to, and a button leads back there', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  const toEnd = ada.page.getByRole('button', { name: 'Jump to the latest message' })
  for (let line = 0; line < 30; line++) await ada.say(`line ${line}\nand more`)
  await message(ada, 'line 29').waitFor()
  expect(await toEnd.count()).toBe(0)
  // The conversation scrolls, and never the page.
  expect(await ada.page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0)
  await ada.log.evaluate(log => log.scrollTo(0, 0))
  await toEnd.click()
  await toEnd.waitFor({ state: 'detached' })
  await ada.log.evaluate(log => log.scrollTo(0, 0))
  await toEnd.waitFor()
  await ada.say('the newest')
  await toEnd.waitFor({ state: 'detached' })
  const shown = await message(ada, 'the newest').boundingBox()
  const place = await ada.log.boundingBox()
  expect((shown?.y ?? 999) + (shown?.height ?? 999)).toBeLessThanOrEqual(
    (place?.y ?? 0) + (place?.height ?? 0),
  )
  // What grows at the end does not push itself out of sight.
  const heightOf = (): Promise<number> => ada.log.evaluate(log => log.scrollHeight)
  const before = await heightOf()
  await ben.hears('Ada', 'the newest')
  await react(ben, 'the newest', 'thumbs up')
  await expect.poll(heightOf).toBeGreaterThan(before)
  const belowSight = (): Promise<number> =>
    ada.log.evaluate(log => log.scrollHeight - log.scrollTop - log.clientHeight)
  await expect.poll(belowSight).toBeLessThan(2)
  expect(await toEnd.count()).toBe(0)
})

test('whoever is not looking is notified and hears a sound, if they chose so', async () => {
  const ben = await home.arrive('about:blank')
  await ben.context.grantPermissions(['notifications'])
  await ben.context.addInitScript(() => {
    const told: string[] = []
    Object.assign(globalThis, { told })
    class Told extends EventTarget {
      static permission = 'granted'
      static requestPermission = async () => 'granted'
      constructor(title: string, { body }: { body: string }) {
        super()
        told.push(`${title}: ${body}`)
      }
    }
    Object.assign(globalThis, { Notification: Told })
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (when) {
      told.push('tone')
      return start.call(this, when)
    }
  })
  await ben.page.goto(home.server().address)
  const link = await ben.createRoom('Ben')
  await choose(ben, 'Chat', 'Notifications')
  const ada = await home.arrive(link)
  await ada.stepIn('Ada')
  await ada.sees('Ben')
  await ada.say('you look')
  await ben.hears('Ada', 'you look')
  await hide(ben, true)
  await ada.say('<b>psst</b>\nhere')
  await ben.hears('Ada', 'psst')
  const told = await ben.page.evaluate(() => Reflect.get(globalThis, 'told'))
  expect(told).toEqual(['Ada: <b>psst</b> here', 'tone', 'tone'])
})

test('what is said over a broken connection is heard once it is mended, and only once', async () => {
  const { people } = await gather(home, {}, 'Ada')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  const ben = await home.arrive()
  await ben.context.addInitScript(() => {
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        addEventListener('break-connections', () => this.close())
      }
    }
  })
  await ben.page.goto(ada.page.url())
  await ben.page.reload()
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  for (let round = 1; round <= 3; round++) {
    await ben.page.evaluate(() => dispatchEvent(new Event('break-connections')))
    await ada.say(`word ${round}`)
    await ben.say(`answer ${round}`)
    await ben.hears('Ada', `word ${round}`)
    await ada.hears('Ben', `answer ${round}`)
  }
  for (const person of [ada, ben])
    expect(await person.log.getByRole('article').locator('.said-text').allTextContents()).toHaveLength(6)
  expect(await ada.log.getByText('Not delivered yet').count()).toBe(0)
})

test('what was being written outlives leaving the room and reloading the page', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  const field = ben.page.getByLabel('Message', { exact: true })
  await field.fill('half a thou')
  await ben.leave()
  await ben.page.getByRole('button', { name: 'Rejoin' }).click()
  await ben.sees('Ada')
  expect(await field.inputValue()).toBe('half a thou')
  await ben.page.reload()
  await ben.sees('Ada')
  expect(await field.inputValue()).toBe('half a thou')
  expect(await ben.page.evaluate(() => sessionStorage.length)).toBe(0)
})

test('code stays as it was written, and markup stays text', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ada.say(
    'try `<i>x</i>`:\n```js\nconst a = `1`\n  <script>alert(1)</script>\n```\nsee https://example.org/`',
  )
  await message(ben, 'try').waitFor()
  const said = message(ben, 'try').locator('.said-text')
  expect(await said.locator('pre code').textContent()).toBe('const a = `1`\n  <script>alert(1)</script>')
  expect(await said.locator('p code').textContent()).toBe('<i>x</i>')
  expect(await said.locator('script, i').count()).toBe(0)
  expect(await said.getByRole('link').getAttribute('href')).toBe('https://example.org/')
})

test('an emoji is put where the caret is, and messages are reached by keyboard', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  const field = ada.page.getByLabel('Message', { exact: true })
  await field.fill('ab')
  await field.press('ArrowLeft')
  await ada.page.getByRole('button', { name: 'Emoji' }).click()
  await ada.page
    .getByRole('dialog', { name: 'Emoji' })
    .getByRole('button', { name: 'red heart' })
    .first()
    .click()
  expect(await field.inputValue()).toBe('a❤️b')
  await field.press('Enter')
  await ben.hears('Ada', 'a❤️b')
  await ben.log.focus()
  await ben.page.keyboard.press('ArrowUp')
  await ben.page.keyboard.press('Tab')
  await ben.page.keyboard.press('Enter')
  await ben.page.getByText('Replying to Ada').waitFor()
  await ben.page.locator('textarea:focus').waitFor()
  await ben.page.keyboard.type('indeed')
  await ben.page.keyboard.press('Enter')
  await message(ada, 'indeed').getByRole('button', { name: 'a❤️b' }).waitFor()
})
