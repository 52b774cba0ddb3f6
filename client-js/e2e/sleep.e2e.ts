/** Computers that sleep for longer than anybody waits for them, and pages that are closed: what is there afterwards. */
import { describe, expect, test, vi } from 'vitest'
import { Person } from './browser.ts'
import { launchSleeper, type Sleeper } from './engines.ts'
import { gather, house, peersAre } from './house.ts'
import { callTogether, hearsSounds, keepPlayers, watches } from './senses.ts'

vi.setConfig({ testTimeout: 360_000 })

const home = house({
  P2PCHAT_SIGNALING__PING_INTERVAL_MS: '2000',
  P2PCHAT_SIGNALING__PING_TIMEOUT_MS: '2000',
  P2PCHAT_SESSIONS__GRACE_S: '10',
})

const arriveAt = async ({ browser }: Sleeper, address: string): Promise<Person> => {
  const person = await Person.arrive(browser, 'about:blank')
  await keepPlayers(person)
  await person.page.goto(address)
  return person
}

/** Who makes the room. */
const rooms = {
  'one in a mesh': { kind: 'mesh', maker: 'ada' },
  'the host of a star': { kind: 'star', maker: 'ben' },
} as const

describe.each(Object.entries(rooms))('%s sleeps during a call', (_, { kind, maker }) => {
  test('and is seen and heard again, and has what was written meanwhile, without a press', async () => {
    const sleeper = await launchSleeper()
    const { address } = home.server()
    const ben = await arriveAt(sleeper, address)
    const ada = await home.arrive('about:blank')
    await keepPlayers(ada)
    await ada.page.goto(address)
    const [first, second] = maker === 'ada' ? [ada, ben] : [ben, ada]
    await second.page.goto(await first.createRoom(maker === 'ada' ? 'Ada' : 'Ben', { kind }))
    await second.stepIn(maker === 'ada' ? 'Ben' : 'Ada')
    await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
    await callTogether(ada, ben)
    const together = () =>
      Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/), hearsSounds(ada, 1), hearsSounds(ben, 1)])
    await together()
    sleeper.sleep()
    await peersAre(home, 1)
    await ada.say('are you asleep?')
    await ada.log.getByText('Not delivered yet').waitFor()
    // Nobody looks for him any more.
    await ada.isTold('Ben left')
    sleeper.wake()
    await together()
    await ben.hears('Ada', 'are you asleep?')
    await ada.log.getByText('Not delivered yet').waitFor({ state: 'detached' })
    await ben.say('not any more')
    await ada.hears('Ben', 'not any more')
    expect(await ben.log.getByText('are you asleep?').count()).toBe(1)
    expect(await ada.page.locator('#people li').count()).toBe(2)
  })
})

test('what did not arrive before a reload says so, and arrives once when it is sent again', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const sleeper = await launchSleeper()
  const ben = await arriveAt(sleeper, link)
  await ben.stepIn('Ben')
  await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  sleeper.sleep()
  await ada.say('are you asleep?')
  await ada.log.getByText('Not delivered yet').waitFor()
  await ada.page.reload()
  await ada.log.getByText('Not delivered yet').waitFor()
  sleeper.wake()
  await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  await ada.log.getByRole('button', { name: 'Send again' }).click()
  await ada.log.getByText('Not delivered yet').waitFor({ state: 'detached' })
  await ben.hears('Ada', 'are you asleep?')
  expect(await ben.log.getByText('are you asleep?').count()).toBe(1)
})

describe('a room that somebody has made who is alone in it', () => {
  test('is there for whoever comes by the link while the creator sleeps, and for both once they wake', async () => {
    const sleeper = await launchSleeper()
    const ada = await arriveAt(sleeper, home.server().address)
    const link = await ada.createRoom('Ada')
    sleeper.sleep()
    await peersAre(home, 0)
    const ben = await home.arrive(link)
    await ben.enter('Ben')
    await ben.page.getByRole('heading', { name: 'Nobody else is here' }).waitFor()
    sleeper.wake()
    await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
    await ada.say('good morning')
    await ben.hears('Ada', 'good morning')
  })

  test('is opened by the link after the page was closed, for strangers and for the creator', async () => {
    const { people, link } = await gather(home, {}, 'Ada')
    await people[0]?.close()
    await peersAre(home, 0)
    const ben = await home.arrive(link)
    await ben.enter('Ben')
    const ada = await home.arrive(link)
    await ada.stepIn('Ada')
    await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  })
})
