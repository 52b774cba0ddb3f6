/** What the core tells of a room: each thing once, in order, and only what can be named. */
import { beforeEach, expect, test } from 'vitest'
import { diffEvents } from '../src/room/events.ts'
import type { RoomEvent } from '../src/room/state.ts'
import { hostNumber, memberId, peerId } from '../src/wire/ids.ts'
import { noCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { chat, saying } from './words.ts'

const ben = peerId('ben')
const person = { name: 'Ben', avatar: '', caps: noCaps }
const me = new Alone('mesh')

const told = (room: Alone, event: RoomEvent): unknown[] => {
  const before = room.state
  room.feed(event)
  return diffEvents(before, room.state).flatMap(({ kind, event: it }) =>
    kind === 'changed' ? [] : [[kind, it]],
  )
}
const hears = (message: Parameters<Alone['hear']>[1]): RoomEvent => ({
  type: 'received',
  via: ben,
  received: { source: null, message },
})

beforeEach(() => me.begin())

test('somebody is named once they have introduced themselves', () => {
  expect(told(me, { type: 'peer-joined', peer: ben })).toEqual([])
  expect(told(me, { type: 'link-opened', peer: ben })).toEqual([])
  expect(told(me, hears({ kind: 'hello', person, password: '' }))).toEqual([
    ['peer-joined', { id: 'ben', name: 'Ben' }],
    ['connection', { id: 'ben', name: 'Ben', connectionStatus: 'direct' }],
  ])
  expect(told(me, hears(chat('hi')))).toEqual([['message', { from: 'Ben', own: false, text: 'hi', at: 0 }]])
  expect(told(me, saying('ho'))).toEqual([['message', { from: 'Me', own: true, text: 'ho', at: 0 }]])
  expect(told(me, { type: 'link-steady', peer: ben, steady: false })).toEqual([
    ['connection', { id: 'ben', name: 'Ben', connectionStatus: 'unsteady' }],
  ])
  me.feed({ type: 'peer-left', peer: ben })
  expect(told(me, { type: 'link-closed', peer: ben })).toEqual([])
})

test('a departure is told with the name that is gone', () => {
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  me.feed(hears({ kind: 'hello', person, password: '' }))
  me.feed({ type: 'peer-left', peer: ben })
  expect(told(me, { type: 'link-closed', peer: ben })).toEqual([['peer-left', { id: 'ben', name: 'Ben' }]])
})

test('a star ends once', () => {
  const guest = new Alone('star', ben)
  guest.begin()
  guest.feed({ type: 'incoming-offer', peer: ben })
  guest.feed({ type: 'link-opened', peer: ben })
  guest.hear(ben, { kind: 'admitted', id: memberId('1') }, '0')
  guest.hear(ben, { kind: 'roster', members: [{ ...person, id: hostNumber }] }, '-1')
  guest.feed({ type: 'peer-left', peer: ben })
  expect(told(guest, { type: 'link-closed', peer: ben })).toEqual([
    ['peer-left', { id: '0', name: 'Ben' }],
    ['ended', undefined],
  ])
  expect(told(guest, { type: 'link-closed', peer: ben })).toEqual([])
})

test('nobody is told of somebody who goes on under another peer id', () => {
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  me.feed(hears({ kind: 'hello', person, password: '' }))
  expect(told(me, hears({ kind: 'moved', to: peerId('ben2') }))).toEqual([])
  expect(told(me, { type: 'peer-left', peer: ben })).toEqual([])
})
