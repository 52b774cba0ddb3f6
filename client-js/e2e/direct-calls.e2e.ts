/** A call in a star that the server hosts goes past it where it can, and through it where it cannot. */
import { expect, test, vi } from 'vitest'
import type { Person } from './browser.ts'
import { arriveWith, type Change, knowsNoDirectCalls } from './changed-pages.ts'
import { house } from './house.ts'
import { enterCall, hearsSounds, shareScreensInTurn, watches } from './senses.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 120_000 })

const token = '0123456789abcdef0123456789abcdef'
const home = house({
  P2PCHAT_HOST__ENABLED: 'true',
  P2PCHAT_HOST__PORT: '0',
  P2PCHAT_METRICS__TOKEN: token,
})

const directly = 'in the call, directly'
const through = /through the server · in the call(?!, directly)/

/** Keeps the channels that the page itself makes: of a star's guest, those past the host. */
const keepChannels: Change = () => {
  const channels: RTCDataChannel[] = []
  Object.assign(globalThis, { channels, blocked: false })
  const native = RTCPeerConnection.prototype.createDataChannel
  RTCPeerConnection.prototype.createDataChannel = function (...options) {
    if (Reflect.get(globalThis, 'blocked')) throw new Error('blocked')
    const made = native.apply(this, options)
    channels.push(made)
    return made
  }
}

/** Three in a call, the last of whom has a page that has been changed. */
const call = async (
  kind: 'server' | 'star',
  ...changes: Change[]
): Promise<[ada: Person, ben: Person, cyd: Person]> => {
  const ada = await arriveWith(home, home.server().address, keepChannels)
  const link = await ada.createRoom('Ada', { kind })
  const [ben, cyd] = [
    await arriveWith(home, link, keepChannels),
    await arriveWith(home, link, keepChannels, ...changes),
  ]
  await ben.stepIn('Ben')
  await cyd.stepIn('Cyd')
  await enterCall(ada, 'Start call')
  for (const one of [ben, cyd]) {
    await one.page
      .getByText(/ in the call/)
      .first()
      .waitFor()
    await enterCall(one, 'Join call')
  }
  return [ada, ben, cyd]
}

const names = ['Ada', 'Ben', 'Cyd']
const eachOther = (
  people: readonly Person[],
  done: (one: Person, other: string) => Promise<unknown>,
): Promise<unknown> =>
  Promise.all(people.flatMap((one, at) => names.filter((_, of) => of !== at).map(name => done(one, name))))

const seesAndHears = async (people: readonly Person[]): Promise<void> => {
  await eachOther(people, (one, name) => watches(one, new RegExp(`^${name}`)))
  await Promise.all(people.map(one => hearsSounds(one, 2)))
}

/** The host takes its time to find out what a line takes. */
const reaches = (one: Person, name: string, how: string | RegExp): Promise<void> =>
  one.page
    .locator('#people li')
    .filter({ has: one.page.locator('bdi', { hasText: new RegExp(`^${name}$`) }) })
    .filter({ hasText: how })
    .waitFor({ state: 'attached', timeout: 200_000 })

/** For good: no other can be made. */
const breakDirect = async (guests: readonly Person[]): Promise<void> => {
  for (const { page } of guests)
    await page.evaluate(() => {
      Object.assign(globalThis, { blocked: true })
      for (const channel of Reflect.get(globalThis, 'channels') as RTCDataChannel[]) channel.close()
    })
}

/** What the server has passed on of sound and pictures until now. */
const passedOn = async (): Promise<number> => {
  const asking = { headers: { authorization: `Bearer ${token}` } }
  const figures = await (await fetch(`${home.server().address}/metrics`, asking)).text()
  const found = /^p2pchat_hosted_packets_total\{direction="out"\} (\d+)$/m.exec(figures)?.[1]
  if (found === undefined) throw new Error(`no figure of what was passed on in ${figures.slice(0, 200)}`)
  return Number(found)
}

const passesNothingOn = (): Promise<void> =>
  expect
    .poll(
      async () => {
        const before = await passedOn()
        await new Promise(resolve => setTimeout(resolve, 2_000))
        return (await passedOn()) - before
      },
      { message: 'packets that the server passes on' },
    )
    .toBe(0)

test('three see and hear each other past the server, and through it when that breaks', async () => {
  const people = await call('server')
  const [ada, ben] = people
  await eachOther(people, (one, name) => reaches(one, name, directly))
  await passesNothingOn()
  const before = await passedOn()
  await seesAndHears(people)
  await shareScreensInTurn(['Ada', ada], ['Ben', ben])
  await ada.page.getByRole('button', { name: 'Options for Ben' }).first().click()
  await ada.page.getByText('directly', { exact: true }).waitFor()
  await ada.page.keyboard.press('Escape')
  // While a screen is new it comes both ways for a moment.
  await passesNothingOn()
  expect((await passedOn()) - before).toBeLessThan(3_000)
  await breakDirect(people)
  await eachOther(people, (one, name) => reaches(one, name, through))
  await seesAndHears(people)
  expect(await passedOn()).toBeGreaterThan(before)
})

test('a page that does not know how sees and hears everybody through the server, the others each other past it', async () => {
  const people = await call('server', knowsNoDirectCalls)
  const [ada, ben, cyd] = people
  await Promise.all([reaches(ada, 'Ben', directly), reaches(ben, 'Ada', directly)])
  await seesAndHears(people)
  await Promise.all([ada, ben].map(one => reaches(one, 'Cyd', through)))
  await Promise.all(['Ada', 'Ben'].map(name => reaches(cyd, name, through)))
})

test('guests of a star call each other past the person who hosts it, as is said of their connection', async () => {
  const people = await call('star')
  const [, ben, cyd] = people
  await Promise.all([reaches(ben, 'Cyd', directly), reaches(cyd, 'Ben', directly)])
  await seesAndHears(people)
  const tools = ben.page.getByRole('button', { name: 'Options for Cyd' }).first()
  await tools.click()
  await ben.page.locator('.menu').getByText('Connection to Cyd').click()
  await ben.page.getByRole('dialog').getByText('you and Cyd see and hear each other directly').waitFor()
  await ben.page.keyboard.press('Escape')
  await breakDirect([ben, cyd])
  await seesAndHears(people)
  await tools.click()
  await ben.page.getByText('through Ada', { exact: true }).waitFor()
})
