/** End-to-end encryption in a star through a person's device: what the host's page passes on and cannot read, or make up. */
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { Person } from './browser.ts'
import { arriveWith, type Change, framesOf, keepFrames } from './changed-pages.ts'
import { house } from './house.ts'
import { OriginalPage } from './original-page.ts'
import { accept, bytesOf, pick, saved, sha } from './transfers.ts'

vi.setConfig({ testTimeout: 360_000, hookTimeout: 120_000 })

const home = house({})

/** Ada is the host. */
const meet = async (...changes: Change[]): Promise<{ people: [Person, Person, Person]; link: string }> => {
  const ada = await arriveWith(home, home.server().address, ...changes)
  const link = await ada.createRoom('Ada', { kind: 'star' })
  const guest = async (name: string): Promise<Person> => {
    const person = await arriveWith(home, link, keepFrames)
    await person.stepIn(name)
    await person.sees('Ada')
    return person
  }
  const [ben, cyd] = [await guest('Ben'), await guest('Cyd')]
  await cyd.sees('Ben', 'through the host')
  return { people: [ada, ben, cyd], link }
}

/** The host's page says in the place of what Ben has sealed what it likes. */
const forges: Change = () => {
  const { stringify } = JSON
  Object.assign(globalThis, { forged: 0 })
  JSON.stringify = (value: unknown, ...how: []) => {
    const said = value as { source?: string; idata?: { type?: unknown; data?: { id?: string } } } | undefined
    if (said?.source !== '1' || said.idata?.type !== 'sealed') return stringify(value, ...how)
    Reflect.set(globalThis, 'forged', Reflect.get(globalThis, 'forged') + 1)
    return stringify({
      source: '1',
      idata: { type: 2, data: { msg: 'forged', files: [], id: said.idata.data?.id } },
    })
  }
}

test('guests hear each other, and get each other’s files, as they were sealed', async () => {
  const {
    people: [ada, ben, cyd],
  } = await meet(keepFrames)
  await ben.say('between guests')
  await Promise.all([cyd.hears('Ben', 'between guests'), ada.hears('Ben', 'between guests')])
  await ada.say('heard by all')
  await Promise.all([ben.hears('Ada', 'heard by all'), cyd.hears('Ada', 'heard by all')])
  const bytes = randomBytes(300_000)
  await pick(ben, 'guest plan.bin', bytes)
  const got = await saved(cyd, () => accept(cyd, 'guest plan.bin'))
  expect(sha(await bytesOf(got))).toBe(sha(bytes))
  for (const person of [ada, ben]) {
    const frames = await framesOf(person)
    expect(frames).toContain('sealed')
    expect(frames).not.toMatch(/between guests|heard by all|guest plan|a=fingerprint/)
  }
})

test('the host’s page cannot say anything in a guest’s name', async () => {
  const {
    people: [ada, ben, cyd],
  } = await meet(forges)
  await ben.say('what Ben says')
  await ada.hears('Ben', 'what Ben says')
  await ada.say('and Ada')
  await cyd.hears('Ada', 'and Ada')
  expect(await ada.page.evaluate(() => Reflect.get(globalThis, 'forged') as number)).toBeGreaterThan(0)
  expect(await cyd.page.getByText('forged').count()).toBe(0)
})

test('a page that cannot seal is heard by everybody, who are told of it', async () => {
  const {
    people: [ada, ben, cyd],
    link,
  } = await meet()
  const ours = [ada, ben, cyd]
  const browser = ours.map(it => it.context.browser()).find(it => it?.browserType().name() === 'chromium')
  if (!browser) throw new Error('the original asks for Chromium')
  const orla = await OriginalPage.arrive(browser, home.server().address, link, 'Orla')
  const told = 'Orla’s page does not support end-to-end encryption: the host’s device could change'
  await Promise.all(ours.map(it => it.isTold(told)))
  await ben.say('for Orla too')
  await orla.hears('for Orla too')
})
