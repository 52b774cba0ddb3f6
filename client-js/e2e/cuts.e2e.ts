/**
 * A line to the server that is cut for longer than an unanswered ping is waited for, and for less than the grace time:
 * nobody leaves or joins, and nothing is lost.
 */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { behindGate, gather, house } from './house.ts'
import { type Gate, gateTo } from './sockets/gate.ts'

const home = house({
  P2PCHAT_SIGNALING__PING_INTERVAL_MS: '2000',
  P2PCHAT_SIGNALING__PING_TIMEOUT_MS: '2000',
  P2PCHAT_SESSIONS__GRACE_S: '120',
})

const endings = async (reason: string): Promise<number> => {
  const { reasons } = await (await fetch(`${home.server().address}/health`)).json()
  return reasons[reason] ?? 0
}

/** Whoever is behind the gate, somebody who is not, and what a third one comes by. */
type Meeting = { readonly cut: Person; readonly other: Person; readonly gate: Gate; readonly link: string }

const guestIs = async (kind: 'mesh' | 'star'): Promise<Meeting> => {
  const { people, link } = await gather(home, { kind }, 'Other')
  const [other] = people
  if (!other) throw new Error('nobody came')
  const { person: cut, gate } = await behindGate(home, link, 'Cut')
  return { cut, other, gate, link }
}

const hostIs = async (): Promise<Meeting> => {
  const server = home.server().address
  const gate = await gateTo(server)
  const cut = await home.arrive(gate.address)
  const link = (await cut.createRoom('Cut', { kind: 'star' })).replace(gate.address, server)
  const other = await home.arrive(link)
  await other.stepIn('Other')
  return { cut, other, gate, link }
}

const meetings = {
  'one in a mesh': () => guestIs('mesh'),
  'the guest of a star': () => guestIs('star'),
  'the host of a star': hostIs,
}

const oneSided = 'the server finds out by its pings'

/** Each resolves once the line is down at both ends. */
const cuts: Readonly<Record<string, (cut: Person, gate: Gate) => Promise<void>>> = {
  'both ends see it at once': async (cut, gate) => {
    const before = await endings('transport_error')
    gate.cut()
    await cut.isTold('Connection to the server lost')
    await expect.poll(() => endings('transport_error')).toBeGreaterThan(before)
  },
  [oneSided]: async (cut, gate) => {
    const before = await endings('ping_timeout')
    gate.lose()
    await cut.isTold('Connection to the server lost')
    await expect.poll(() => endings('ping_timeout')).toBeGreaterThan(before)
  },
  'both find out by pings, and whoever tries again hears nothing': async (cut, gate) => {
    const before = await endings('ping_timeout')
    gate.shut()
    await cut.isTold('Connection to the server lost')
    await expect.poll(() => endings('ping_timeout')).toBeGreaterThan(before)
  },
}

/** Every kind of cut in a mesh, and in a star the one that only one end has noticed. */
const cases = Object.entries(meetings).flatMap(([who, meet]) =>
  Object.entries(cuts).flatMap(([how, end]) =>
    who === 'one in a mesh' || how === oneSided ? [{ who, how, meet, end }] : [],
  ),
)

test.each(cases)('$who is cut off; $how', async ({ meet, end }) => {
  const { cut, other, gate, link } = await meet()
  await Promise.all([cut.sees('Other'), other.sees('Cut')])
  const comings = (person: Person) => person.log.getByText(/ (left|joined)\b|is the host now/).count()
  const before = await Promise.all([cut, other].map(comings))
  await end(cut, gate)
  await other.say('can you hear me?')
  await cut.hears('Other', 'can you hear me?')
  await cut.say('I can')
  await other.hears('Cut', 'I can')
  gate.open()
  await cut.isTold('Connection to the server restored')
  const third = await home.arrive(link)
  await third.stepIn('Third')
  await Promise.all([cut, other].map(it => it.sees('Third', '')))
  await Promise.all(['Cut', 'Other'].map(name => third.sees(name, '')))
  await third.say('hello both')
  await Promise.all([cut, other].map(it => it.hears('Third', 'hello both')))
  await Promise.all(
    ['Cut', 'Other'].map(name => third.row(name, 'connection lost').waitFor({ state: 'detached' })),
  )
  // The third one has come, and nothing else has happened.
  expect(await Promise.all([cut, other].map(comings))).toEqual(before.map(count => count + 1))
  expect(await other.page.locator('#people li').count()).toBe(3)
})
