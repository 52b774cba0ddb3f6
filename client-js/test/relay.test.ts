/** What is said to somebody who hides their address and reaches nobody. */
import { expect, test } from 'vitest'
import type { LinkPhase } from '../src/room/state.ts'
import { apartBy, relayFails, relayMissing } from '../src/ui/selectors.ts'
import { memberId, peerId } from '../src/wire/ids.ts'
import { type Obstacle, obstacleOf } from '../src/wire/obstacle.ts'
import { Alone } from './alone.ts'

const stun = { urls: ['stun:stun.example.org:3478'] }
const turn = { urls: ['turns:turn.example.org:443'] }

test.each([
  [false, [], false, false],
  [true, [], false, true],
  [true, [], true, false],
  [true, [stun], true, true],
  [true, [stun, turn], false, false],
] as const)(
  'hidden: %s, own servers: %j, the site’s: %s, missing: %s',
  (relayOnly, iceServers, site, missing) =>
    expect(relayMissing({ relayOnly, iceServers }, site)).toBe(missing),
)

const among = (...links: [LinkPhase, number][]) => {
  const me = new Alone('mesh')
  for (const [index] of links.entries()) me.feed({ type: 'peer-joined', peer: peerId(`${index}`) })
  const known = [...me.state.links].map(([peer, link], index) => {
    const [phase, attempt] = links[index] ?? ['ready', 1]
    return [peer, { ...link, phase, attempt, member: memberId(peer), steady: true }] as const
  })
  return { ...me.state, links: new Map(known) }
}

/** Whom we have never met, and what was in the way. */
const strangers = (...links: [LinkPhase, number, Obstacle?][]) => {
  const room = among(...links.map(([phase, attempt]) => [phase, attempt] as [LinkPhase, number]))
  const unmet = [...room.links].map(([peer, link], index) => {
    const stage =
      link.phase === 'lost' ? { phase: link.phase } : { phase: 'connecting' as const, steady: true }
    return [peer, { ...link, ...stage, member: null, obstacle: links[index]?.[2] ?? null }] as const
  })
  return { ...room, links: new Map(unmet) }
}

test('a relay fails once nobody was reached at the first attempt', () => {
  const hidden = { relayOnly: true, iceServers: [turn] }
  expect(relayFails(hidden, among())).toBe(false)
  expect(relayFails(hidden, strangers(['connecting', 1]))).toBe(false)
  expect(relayFails(hidden, strangers(['connecting', 2], ['lost', 3]))).toBe(true)
  expect(relayFails({ ...hidden, relayOnly: false }, strangers(['lost', 3]))).toBe(false)
  // Whom we have talked to is lost for a moment, and nothing is wrong with the relay.
  expect(relayFails(hidden, among(['lost', 3]))).toBe(false)
})

test('networks keep people apart once two connections to somebody never met have come to nothing', () => {
  expect(apartBy(strangers(['connecting', 1]))).toBe(null)
  expect(apartBy(strangers(['lost', 2]))).toBe(null)
  expect(apartBy(strangers(['lost', 4]))).toBe('networks')
  expect(apartBy(strangers(['connecting', 1], ['connecting', 5]))).toBe('networks')
  // What is known is said after the first.
  expect(apartBy(strangers(['lost', 2, 'no-relay']))).toBe('no-relay')
  expect(apartBy(strangers(['lost', 4], ['connecting', 3, 'same-network']))).toBe('same-network')
  // Somebody we have talked to is only away.
  expect(apartBy(among(['lost', 8]))).toBe(null)
})

test('what was in the way is kept until a connection comes about', () => {
  const me = new Alone('mesh')
  const peer = peerId('0')
  me.feed({ type: 'peer-joined', peer })
  me.feed({ type: 'link-closed', peer, obstacle: 'same-network' })
  me.feed({ type: 'timer', timer: { kind: 'dial', peer, attempt: 2 } })
  expect(me.state.links.get(peer)).toMatchObject({ phase: 'connecting', obstacle: 'same-network' })
  expect(apartBy(me.state)).toBe('same-network')
  me.feed({ type: 'link-opened', peer })
  expect(me.state.links.get(peer)).toMatchObject({ phase: 'greeting', obstacle: null })
})

const candidate = (type: string, address: string): string =>
  `a=candidate:1 1 udp 2113937151 ${address} 50000 typ ${type}\r\n`
const local = candidate('host', '3b8e4a2c.local')
const relayed = candidate('relay', '192.0.2.1')
const none = 'a=mid:0\r\n'
const [any, relays, hidden] = [
  { relays: false, relayOnly: false },
  { relays: true, relayOnly: false },
  { relays: true, relayOnly: true },
]

test.each([
  [none, local, any, 'no-candidates'],
  [none, local, relays, 'no-candidates'],
  // The browser was told to offer none but a relay's.
  [none, local, hidden, 'no-relay'],
  [relayed, local, hidden, null],
  [local, local, any, null],
  [local, local, relays, 'no-relay'],
  [local + relayed, local, relays, null],
  [candidate('srflx', '203.0.113.7'), candidate('srflx', '203.0.113.7'), any, 'same-network'],
  [candidate('srflx', '203.0.113.7'), candidate('srflx', '203.0.113.8'), any, null],
  // Many are in the same private network without being in one.
  [candidate('host', '192.168.1.2'), candidate('host', '192.168.1.2'), any, null],
] as const)('what was in the way, of %j and %j with %j, is %s', (own, theirs, servers, obstacle) =>
  expect(obstacleOf(own, theirs, servers)).toBe(obstacle),
)
