/**
 * How soon two in a call see and hear each other again, without a press, when the computer of one has slept for longer than
 * the server keeps a place. SLEEP_S: how long, in seconds, by the server's usual settings; without it everything is shorter.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { Person } from '../e2e/browser.ts'
import { launchSleeper } from '../e2e/engines.ts'
import { house, peersAre } from '../e2e/house.ts'
import { callTogether, hearsSounds, keepPlayers, watches } from '../e2e/senses.ts'
import { rounds, table } from './report.ts'

const sleepS = Number(process.env['SLEEP_S'] ?? 0)
vi.setConfig({ expect: { poll: { timeout: 300_000 } } })

const home = house(
  sleepS > 0
    ? {}
    : {
        P2PCHAT_SIGNALING__PING_INTERVAL_MS: '2000',
        P2PCHAT_SIGNALING__PING_TIMEOUT_MS: '2000',
        P2PCHAT_SESSIONS__GRACE_S: '10',
      },
)

const once = async (kind: 'mesh' | 'star'): Promise<number> => {
  const sleeper = await launchSleeper()
  const ben = await Person.arrive(sleeper.browser, 'about:blank')
  const ada = await home.arrive('about:blank')
  for (const person of [ada, ben]) {
    await keepPlayers(person)
    await person.page.goto(home.server().address)
  }
  // The host of the star is the one that sleeps.
  await ada.page.goto(await ben.createRoom('Ben', { kind }))
  await ada.stepIn('Ada')
  await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  await callTogether(ada, ben)
  const together = () =>
    Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/), hearsSounds(ada, 1), hearsSounds(ben, 1)])
  await together()
  // By the usual settings the server misses somebody after a minute and a quarter.
  ada.page.setDefaultTimeout(300_000)
  sleeper.sleep()
  await wait(sleepS * 1_000)
  await peersAre(home, 1)
  await ada.isTold('Ben left')
  const begun = Date.now()
  sleeper.wake()
  await together()
  const took = Date.now() - begun
  await Promise.all([ada.close(), ben.close()])
  return took
}

test('a computer that wakes', async () => {
  const [mesh, star]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    mesh.push(await once('mesh'))
    star.push(await once('star'))
  }
  const rows = [
    { what: 'one in a mesh wakes, until both see and hear each other', unit: 'ms', values: mesh },
    { what: 'the host of a star wakes, the same', unit: 'ms', values: star },
  ]
  process.stdout.write(`${table(rows)}\n`)
  expect(star).toHaveLength(rounds)
})
