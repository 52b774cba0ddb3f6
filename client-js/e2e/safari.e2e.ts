/** What works all the same where a browser does as Safari does. */
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'
import { lacks, refusesAutoplay } from './safari.ts'
import { enterCall, hearsNothing, hearsSounds, keepPlayers, watches } from './senses.ts'
import { accept, bytesOf, pick, saved, sha } from './transfers.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const home = house()

/** Somebody whose browser does as these scripts say, at an address. */
const arrive = async (scripts: readonly (() => void)[], address = home.server().address): Promise<Person> => {
  const person = await home.arrive('about:blank')
  await keepPlayers(person)
  for (const script of scripts) await person.context.addInitScript(script)
  await person.page.goto(address)
  return person
}

test('all that matters is there without what Safari lacks', async () => {
  const ada = await arrive([])
  const ben = await arrive([lacks], await ada.createRoom('Ada'))
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ben.say('hello')
  await ada.hears('Ben', 'hello')
  for (const [from, to] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    const bytes = randomBytes(3_000_000)
    await pick(from, 'notes.bin', bytes)
    const got = await saved(to, () => accept(to, 'notes.bin'))
    expect(sha(await bytesOf(got))).toBe(sha(bytes))
  }
  await enterCall(ada, 'Start call')
  await enterCall(ben, 'Join call')
  await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
  await Promise.all([hearsSounds(ada, 1), hearsSounds(ben, 1)])
  const bar = ben.page.getByRole('toolbar', { name: 'Call controls' })
  expect(await bar.getByRole('button', { name: 'Share screen' }).count()).toBe(0)
  await ada.page.getByRole('button', { name: 'Share screen' }).click()
  await watches(ben, /^Ada’s screen/)
})

test('sound that the browser holds back is said to be so, and begins with a press', async () => {
  const ada = await arrive([])
  const ben = await arrive([refusesAutoplay], await ada.createRoom('Ada'))
  await ben.stepIn('Ben')
  await enterCall(ada, 'Start call')
  await ben.page.getByRole('button', { name: 'Join call' }).click()
  await ben.page.getByRole('dialog').getByRole('button', { name: 'Join call' }).click()
  await watches(ben, /^Ada/)
  const held = ben.page.getByRole('status').filter({ hasText: 'has blocked the sound' })
  await held.waitFor()
  await hearsNothing(ben)
  await held.getByRole('button').first().click()
  await hearsSounds(ben, 1)
  await held.waitFor({ state: 'detached' })
})
