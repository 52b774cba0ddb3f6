/** What a peer of bad will can do to a room: nothing that is not bounded, and nothing in another's name. */
import { beforeEach, describe, expect, test } from 'vitest'
import { people } from '../src/room/people.ts'
import { enter, type RoomEffect, type RoomEvent, type RoomState } from '../src/room/state.ts'
import { step } from '../src/room/step.ts'
import { entriesMax } from '../src/room/timeline.ts'
import { hostMember, memberId, peerId, roomId, roomItself } from '../src/wire/ids.ts'
import type { PeerMessage } from '../src/wire/peer.ts'

const card = { id: roomId('r'), name: 'room', password: '', peersMax: 8, kind: 'mesh' } as const
const person = { name: 'Eve', avatar: '' }
const eve = peerId('eve')
const hello: PeerMessage = { kind: 'hello', person, password: '', moves: true }

let state: RoomState
let effects: RoomEffect[]
let now: number

const feed = (event: RoomEvent): void => {
  const next = step(state, event, now)
  state = next.state
  effects = [...next.effects]
}
const hear = (message: PeerMessage, source: string | null = null, via = eve): void =>
  feed({ type: 'received', via, received: { source: source === null ? null : memberId(source), message } })

beforeEach(() => {
  now = 0
  effects = []
})

describe('in a mesh', () => {
  beforeEach(() => {
    state = enter({ card, host: null }, peerId('me'), 'Me')
    feed({ type: 'peer-joined', peer: eve })
    feed({ type: 'link-opened', peer: eve })
  })

  test('what is said before the introduction is not heard', () => {
    hear({ kind: 'chat', text: 'psst' })
    hear({ kind: 'moved', to: peerId('x') })
    expect(state.timeline).toEqual([])
    expect(state.links.has(eve)).toBe(true)
  })

  test('a flood is cut off, said once, and forgiven later', () => {
    hear(hello)
    for (let count = 0; count < 5_000; count++) hear({ kind: 'chat', text: `${count}` })
    const notices = () => state.timeline.filter(it => it.kind === 'notice' && it.notice === 'too-fast')
    expect(state.timeline.length).toBeLessThan(100)
    expect(notices()).toHaveLength(1)
    now = 60_000
    hear({ kind: 'chat', text: 'calm' })
    expect(state.timeline.at(-1)).toMatchObject({ text: 'calm' })
  })

  test('no more is kept than can be shown', () => {
    hear(hello)
    for (let count = 0; count < 3 * entriesMax; count++) {
      now += 1_000
      hear({ kind: 'chat', text: `${count}` })
    }
    expect(state.timeline).toHaveLength(entriesMax)
    expect(new Set(state.timeline.map(it => it.key)).size).toBe(entriesMax)
  })

  test('nobody takes over an id that is somebody’s', () => {
    hear(hello)
    feed({ type: 'peer-joined', peer: peerId('bob') })
    hear({ kind: 'moved', to: peerId('bob') })
    hear({ kind: 'moved', to: peerId('me') })
    expect([...state.links.keys()]).toEqual(['eve', 'bob'])
    expect(effects).toEqual([])
  })

  test('more links than a room can need are not opened', () => {
    for (let count = 0; count < 200; count++) {
      feed({ type: 'peer-joined', peer: peerId(`p${count}`) })
      feed({ type: 'called', peer: peerId(`q${count}`) })
    }
    expect(state.links.size).toBe(40)
  })

  test('a rename changes the name and nothing else', () => {
    hear(hello)
    const before = state.timeline.length
    hear({ ...hello, person: { name: 'Adam', avatar: '' } })
    expect(people(state).map(it => it.name)).toEqual(['Me', 'Adam'])
    expect(state.timeline).toHaveLength(before)
  })
})

describe('at a star’s host', () => {
  beforeEach(() => {
    state = enter({ card: { ...card, kind: 'star' }, host: null }, peerId('me'), 'Me')
    feed({ type: 'peer-joined', peer: eve })
    feed({ type: 'link-opened', peer: eve })
  })

  test('who has not knocked is not introduced', () => {
    hear({ kind: 'introduce', person })
    hear({ kind: 'chat', text: 'hi' })
    hear({ kind: 'ask-roster' })
    expect(effects).toEqual([])
    expect(people(state).map(it => it.name)).toEqual(['Me', null])
  })

  test('nobody opens a link to the host', () => {
    feed({ type: 'called', peer: peerId('stranger') })
    expect(state.links.has(peerId('stranger'))).toBe(false)
  })

  test('the welcome comes in the order the original’s guests expect', () => {
    hear({ kind: 'knock', password: '', moves: false })
    expect(effects).toMatchObject([{ type: 'send', source: '0', message: { kind: 'admitted', id: '1' } }])
    hear({ kind: 'introduce', person })
    expect(effects.map(it => it.type === 'send' && [it.source, it.message.kind])).toEqual([
      [roomItself, 'roster'],
      [roomItself, 'card'],
      [roomItself, 'no-calls'],
    ])
    hear({ kind: 'ask-roster' })
    expect(effects).toMatchObject([
      { source: roomItself, message: { kind: 'roster', members: [{ id: '0', name: 'Me' }] } },
    ])
  })

  test('a flood is not passed on', () => {
    const bob = peerId('bob')
    for (const peer of [eve, bob]) {
      feed({ type: 'peer-joined', peer })
      feed({ type: 'link-opened', peer })
      hear({ kind: 'knock', password: '', moves: false }, null, peer)
      hear({ kind: 'introduce', person }, null, peer)
    }
    let relayed = 0
    for (let count = 0; count < 5_000; count++) {
      hear({ kind: 'chat', text: 'x' })
      relayed += effects.length
    }
    expect(relayed).toBeGreaterThan(10)
    expect(relayed).toBeLessThan(100)
  })
})

describe('at a star’s guest', () => {
  const host = peerId('host')
  const fromHost = (message: PeerMessage, source: string): void => hear(message, source, host)

  beforeEach(() => {
    state = enter({ card: { ...card, kind: 'star' }, host }, peerId('me'), 'Me')
    feed({ type: 'called', peer: host })
    feed({ type: 'link-opened', peer: host })
    fromHost({ kind: 'admitted', id: memberId('1'), moves: false }, '0')
    fromHost({ kind: 'roster', members: [{ ...person, id: hostMember }] }, '-1')
  })

  test('only the host may call', () => {
    feed({ type: 'called', peer: eve })
    expect([...state.links.keys()]).toEqual([host])
  })

  test('nobody is introduced as the room, or as ourselves', () => {
    fromHost({ kind: 'introduce', person }, '-1')
    fromHost({ kind: 'introduce', person }, '1')
    fromHost({ kind: 'chat', text: 'as you' }, '1')
    expect(people(state)).toHaveLength(2)
    expect(state.timeline).toEqual([])
  })

  test('a guest’s word does not remove another', () => {
    fromHost({ kind: 'introduce', person: { name: 'Bob', avatar: '' } }, '2')
    fromHost({ kind: 'lost', id: memberId('2') }, '3')
    expect(people(state)).toHaveLength(3)
    fromHost({ kind: 'lost', id: memberId('2') }, '-1')
    expect(people(state)).toHaveLength(2)
  })

  test('a host that names ever more guests fills no memory', () => {
    for (let count = 2; count < 2_000; count++) fromHost({ kind: 'introduce', person }, String(count))
    expect(state.members.size).toBe(40)
    expect(state.timeline.length).toBeLessThan(100)
  })
})
