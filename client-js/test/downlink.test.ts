/** What a page that comes back tells a server that is the host of its downlink, and when it tells nothing. */
import { beforeEach, expect, test } from 'vitest'
import { memberId, peerId } from '../src/wire/ids.ts'
import { parseFromGuest, parseFromHost, writeAsGuest } from '../src/wire/star.ts'
import { Alone } from './alone.ts'
import { stayOf } from './scene.ts'

const host = peerId('host-1')
const me = new Alone('server', host)

const comesBack = (atMs: number, room = me): unknown => {
  room.now = atMs
  room.feed({ type: 'incoming-offer', peer: host })
  room.feed({ type: 'link-opened', peer: host })
  const [knock] = room.effects.flatMap(it => (it.type === 'send' ? [it.message] : []))
  room.hear(host, { kind: 'admitted', id: memberId('1'), host: stayOf('server') }, '0')
  room.hear(host, { kind: 'roster', members: [] }, '-1')
  return knock?.kind === 'knock' ? (knock.downlink ?? null) : knock
}
const isTold = (bitsPerSecond: number, atMs: number, room = me): void => {
  room.now = atMs
  room.hear(host, { kind: 'downlink', bitsPerSecond, sufficient: false }, '0')
}

beforeEach(() => me.begin())

test('the most that it took within the last seconds counts, not what it seems to take while the server goes', () => {
  expect(comesBack(0)).toBe(null)
  isTold(700_000, 2_000)
  isTold(900_000, 4_000)
  isTold(200_000, 8_000)
  expect(comesBack(9_000)).toBe(900_000)
})

test('what it took long before does not', () => {
  comesBack(0)
  isTold(900_000, 2_000)
  isTold(200_000, 14_000)
  expect(comesBack(15_000)).toBe(200_000)
  expect(comesBack(50_000)).toBe(null)
})

test('another network is another downlink', () => {
  comesBack(0)
  isTold(900_000, 2_000)
  me.feed({ type: 'network-changed' })
  expect(comesBack(4_000)).toBe(null)
})

test('a page that is the host is neither believed nor told', () => {
  const star = new Alone('star', host)
  comesBack(0, star)
  isTold(900_000, 2_000, star)
  expect(star.state.call.downlink).toBe(null)
  expect(comesBack(3_000, star)).toBe(null)
})

test('hosts say it in a type of its own, and guests in their first words', () => {
  const said = (bitsPerSecond: unknown) =>
    parseFromHost({ source: '0', idata: { type: 'downlink', data: { bitsPerSecond } } })?.message
  expect(said(900_000)).toEqual({ kind: 'downlink', bitsPerSecond: 900_000, sufficient: false })
  for (const odd of [-1, 0.5, '9', null]) expect(said(odd)).toBe(undefined)
  const knock = { kind: 'knock', password: 'pw', downlink: 900_000 } as const
  const frame = JSON.parse(JSON.stringify(writeAsGuest(knock, me.state.stay)))
  expect(frame.idata).toEqual({ type: 0, data: { pwd: 'pw', downlink: 900_000 } })
  expect(parseFromGuest(frame)?.message).toEqual({ kind: 'knock', password: 'pw' })
})
