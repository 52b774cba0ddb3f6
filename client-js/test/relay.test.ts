/** What is said to somebody who hides their address and reaches nobody. */
import { expect, test } from 'vitest'
import type { LinkPhase } from '../src/room/state.ts'
import { keptApart, relayFails, relayMissing } from '../src/ui/selectors.ts'
import { memberId, peerId } from '../src/wire/ids.ts'
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

test('a relay fails once nobody was reached at the first attempt', () => {
  const hidden = { relayOnly: true, iceServers: [turn] }
  expect(relayFails(hidden, among())).toBe(false)
  expect(relayFails(hidden, among(['connecting', 1]))).toBe(false)
  expect(relayFails(hidden, among(['connecting', 2], ['lost', 3]))).toBe(true)
  expect(relayFails(hidden, among(['lost', 3], ['ready', 1]))).toBe(false)
  expect(relayFails({ ...hidden, relayOnly: false }, among(['lost', 3]))).toBe(false)
})

test('networks keep people apart once two connections to somebody never met have come to nothing', () => {
  const strangers = (...links: [LinkPhase, number][]) => {
    const room = among(...links)
    const unmet = [...room.links].map(([peer, link]) => {
      const { phase } = link
      const stage = phase === 'lost' ? { phase } : { phase: 'connecting' as const, steady: true }
      return [peer, { ...link, ...stage, member: null }] as const
    })
    return { ...room, links: new Map(unmet) }
  }
  expect(keptApart(strangers(['connecting', 1]))).toBe(false)
  expect(keptApart(strangers(['lost', 2]))).toBe(false)
  expect(keptApart(strangers(['lost', 4]))).toBe(true)
  expect(keptApart(strangers(['connecting', 1], ['connecting', 5]))).toBe(true)
  // Somebody we have talked to is only away.
  expect(keptApart(among(['lost', 8]))).toBe(false)
})
