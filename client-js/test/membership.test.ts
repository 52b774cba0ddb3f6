/** Our connection to the server breaks and comes back: what the server still knows, and what it refuses. */
import { beforeEach, describe, expect, test } from 'vitest'
import { roster } from '../src/room/roster.ts'
import type { RoomEffect } from '../src/room/state.ts'
import { personNow } from '../src/ui/selectors.ts'
import { tilesOf } from '../src/ui/tiles.ts'
import { peerId } from '../src/wire/ids.ts'
import { ownCaps, type Person } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { noCall, participant } from './calls-seen.ts'
import { stayOf } from './scene.ts'
import { saying } from './words.ts'

const me = new Alone('mesh')
const [ben, cyd] = [peerId('ben'), peerId('cyd')]
const able = (name: string): Person => ({ name, avatar: '', caps: ownCaps })
const names = (): (string | null)[] => roster(me.state).map(({ name }) => name)
const dials = (): string[] => me.effects.flatMap(it => (it.type === 'dial' ? [it.peer] : []))
const texts = (effects: readonly RoomEffect[]): string[] =>
  effects.flatMap(it => (it.type === 'send' && it.message.kind === 'chat' ? [it.message.text] : []))

const meet = (peer = ben, name = 'Ben', stay = stayOf('ben')): void => {
  me.feed({ type: 'peer-joined', peer })
  me.feed({ type: 'link-opened', peer })
  me.hear(peer, { kind: 'hello', person: able(name), password: '', member: stay })
}
const found = (members: readonly string[], complete = true): void =>
  me.feed({
    type: 'server-found',
    self: me.state.self,
    known: { host: null, members: [me.state.self, ...members.map(peerId)], complete },
  })

beforeEach(() => {
  me.begin()
  meet()
})

describe('a room that was changed while we were away', () => {
  const settings = { name: 'tea', password: 'other', peersMax: 7 }
  const notices = (): string[] => me.state.timeline.flatMap(it => (it.kind === 'notice' ? [it.notice] : []))
  const back = (complete: boolean): void =>
    me.feed({
      type: 'server-found',
      self: me.state.self,
      known: { host: null, members: [me.state.self, ben], complete, settings },
    })

  test('is what it is now, and the person is told, where what was said meanwhile is lost', () => {
    me.feed({ type: 'server-lost' })
    back(false)
    expect(me.state.card).toMatchObject(settings)
    expect(notices()).toEqual(['joined', 'line-lost', 'line-back', 'changed'])
    me.feed({ type: 'server-lost' })
    back(false)
    expect(notices().slice(4)).toEqual(['line-lost', 'line-back'])
  })
  test('is changed by the owner’s own word where that follows, and told once', () => {
    const before = me.state.card
    me.feed({ type: 'server-lost' })
    back(true)
    expect(me.state.card).toEqual(before)
    expect(notices()).not.toContain('changed')
  })
  test('is what it is now for whoever has to join anew', () => {
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'server-found', self: peerId('me-2') })
    me.feed({ type: 'rejoined', settings })
    expect(me.state.card).toMatchObject(settings)
    expect(notices().at(-1)).toBe('changed')
  })
})

describe('a session that goes on', () => {
  test('tells nobody anything, and joins nothing', () => {
    me.feed({ type: 'server-lost' })
    found(['ben'])
    expect(me.effects).toEqual([])
    expect(me.state.membership).toEqual({ type: 'joined' })
    expect(me.state.links.get(ben)?.inRoom).toBe('yes')
  })
  test('takes off who is not in the room any more, and waits for nobody', () => {
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'link-closed', peer: ben })
    found([])
    expect(names()).toEqual(['Me'])
  })
  test('does not take for gone whoever can be heard, and comes back a moment later under another id', () => {
    me.feed({ type: 'server-lost' })
    me.hear(ben, { kind: 'moved', to: peerId('ben-2') })
    found([], false)
    me.feed({ type: 'peer-joined', peer: peerId('ben-2') })
    expect(me.effects).toEqual([])
    expect(names()).toEqual(['Me', 'Ben'])
    expect(me.state.links.get(ben)?.inRoom).toBe('yes')
  })
  test('calls those whom it does not know only where something was lost', () => {
    me.feed({ type: 'server-lost' })
    found(['ben', 'cyd'])
    expect(dials()).toEqual([])
    me.feed({ type: 'server-lost' })
    found(['ben', 'cyd'], false)
    expect(dials()).toEqual([cyd])
  })
  test('of a page that was loaded anew calls everybody, and takes nobody for a newcomer', () => {
    me.begin()
    found(['ben'], false)
    expect(dials()).toEqual([ben])
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'hello', person: able('Ben'), password: '', member: stayOf('ben') })
    expect(names()).toEqual(['Me', 'Ben'])
    expect(me.state.timeline).toEqual([])
  })
  test('begins a connection anew whose signals may be lost, and leaves one alone that stands', () => {
    me.feed({ type: 'peer-joined', peer: cyd })
    me.feed({ type: 'server-lost' })
    found(['ben', 'cyd'], false)
    expect(me.effects).toContainEqual({ type: 'hang-up', peer: cyd })
    expect(dials()).toEqual([cyd])
  })
})

describe('a server that knows us no more', () => {
  const rejoin = (): void => {
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'server-found', self: peerId('me-2') })
    me.hear(ben, { kind: 'moved-noted' })
  }

  test('is asked to let us in again, once the others know our new id', () => {
    rejoin()
    expect(me.effects).toEqual([{ type: 'join' }])
    me.feed({ type: 'rejoined' })
    expect(me.state.membership).toEqual({ type: 'joined' })
  })
  test('is asked ever more rarely while it refuses for what may pass, and the room goes on', () => {
    rejoin()
    const waits: number[] = []
    for (let refusals = 0; refusals < 8; refusals++) {
      me.feed({ type: 'rejoin-refused', refusal: 'room-full' })
      waits.push(...me.effects.flatMap(it => (it.type === 'timer' ? [it.ms] : [])))
      me.feed({ type: 'timer', timer: { kind: 'join', self: me.state.self, attempt: refusals + 1 } })
      expect(me.effects).toEqual([{ type: 'join' }])
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(names()).toEqual(['Me', 'Ben'])
    expect(me.state.timeline.filter(it => it.kind === 'notice' && it.notice === 'room-gone')).toEqual([])
  })
  test('is asked no sooner because of a wait that is over', () => {
    rejoin()
    me.feed({ type: 'rejoin-refused', refusal: 'room-full' })
    me.feed({ type: 'timer', timer: { kind: 'join', self: me.state.self, attempt: 0 } })
    expect(me.effects).toEqual([])
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'server-found', self: peerId('me-3') })
    me.feed({ type: 'timer', timer: { kind: 'join', self: peerId('me-2'), attempt: 0 } })
    expect(me.effects).toEqual([])
    me.feed({ type: 'timer', timer: { kind: 'join', self: peerId('me-3'), attempt: 0 } })
    expect(me.effects).toEqual([{ type: 'join' }])
  })
  test.each([
    ['wrong-password', 'password-changed'],
    ['no-such-room', 'room-gone'],
  ] as const)('that refuses for good is asked no more, and said so once: %s', (refusal, notice) => {
    rejoin()
    me.feed({ type: 'rejoin-refused', refusal })
    expect(me.state.membership).toEqual({ type: 'rejected', refusal })
    expect(me.effects).toEqual([])
    expect(me.state.timeline.at(-1)).toMatchObject({ notice })
  })
})

describe('somebody whose page has a new connection to the server', () => {
  const tile = `person ${stayOf('ben')}`
  const tiles = (): string[] => {
    const call = { ...noCall, participants: [participant(stayOf('ben'))] }
    return tilesOf(call, 'Me', name => ({ name, connectionStatus: 'direct' })).map(({ key }) => key)
  }
  const row = () => roster(me.state).find(({ name }) => name === 'Ben')

  test('keeps their place in the list, their pin, their volume and their typing mark', () => {
    me.hear(ben, { kind: 'typing', on: true })
    const before = row()
    me.hear(ben, { kind: 'moved', to: peerId('ben-2') })
    me.feed({ type: 'peer-left', peer: ben })
    me.feed({ type: 'peer-joined', peer: peerId('ben-2') })
    // At the server he has another id.
    expect(row()).toEqual({ ...before, peer: 'ben-2' })
    expect([...me.state.typing.keys()]).toEqual([stayOf('ben')])
    expect(tiles()).toEqual([tile])
  })

  test('is the same person after a whole new connection, and what is open about them stays open meanwhile', () => {
    const before = row()
    if (!before) throw new Error('nobody is here')
    me.feed({ type: 'link-closed', peer: ben, lost: true })
    me.feed({ type: 'peer-left', peer: ben })
    expect(personNow(roster(me.state), before)).toEqual({ ...before, connectionStatus: 'lost' })
    meet(peerId('ben-2'))
    expect(row()?.key).toBe(before.key)
    expect(personNow(roster(me.state), before)).toEqual(row())
  })
})

describe('somebody who is away', () => {
  const sleeps = (): void => {
    me.feed({ type: 'link-closed', peer: ben, lost: true })
    me.feed({ type: 'peer-left', peer: ben })
  }
  const returns = (): void => meet(peerId('ben-2'))

  test('gets what was written meanwhile when they are back: in order, once', () => {
    sleeps()
    expect(names()).toEqual(['Me'])
    me.feed(saying('one'))
    me.feed(saying('two'))
    expect(me.state.timeline.at(-1)).toMatchObject({ text: 'two', delivery: 'pending' })
    returns()
    expect(texts(me.effects)).toEqual(['one', 'two'])
    me.feed({ type: 'link-closed', peer: peerId('ben-2'), lost: true })
    expect(me.state.away.size).toBe(0)
  })
  test('is waited for whether the server or the network misses them first', () => {
    me.feed({ type: 'peer-left', peer: ben })
    me.feed(saying('one'))
    me.feed({ type: 'link-steady', peer: ben, steady: false })
    expect(names()).toEqual(['Me'])
    me.feed(saying('two'))
    returns()
    expect(texts(me.effects)).toEqual(['one', 'two'])
  })
  test('is not waited for when they have hung up', () => {
    me.feed({ type: 'link-closed', peer: ben })
    me.feed({ type: 'peer-left', peer: ben })
    me.feed(saying('anybody?'))
    expect(me.state.timeline.some(({ kind }) => kind === 'chat')).toBe(false)
  })
  test('is not waited for longer than an hour', () => {
    sleeps()
    me.feed({ type: 'timer', timer: { kind: 'away', member: stayOf('ben'), since: 1 } })
    expect(me.state.away.size).toBe(1)
    me.feed({ type: 'timer', timer: { kind: 'away', member: stayOf('ben'), since: 0 } })
    expect(me.state.away.size).toBe(0)
  })
  test('costs no more than a few messages', () => {
    sleeps()
    for (let count = 0; count < 200; count++) me.feed(saying(`${count}`))
    returns()
    expect(texts(me.effects)).toHaveLength(50)
    expect(texts(me.effects).at(-1)).toBe('199')
  })
})

test('what has not arrived is sent again under the same name, and only that', () => {
  const message = saying('did you get this?')
  me.feed(message)
  me.feed({ type: 'send-again', message: message.id })
  expect(me.effects).toEqual([])
  me.feed({ type: 'timer', timer: { kind: 'delivery', id: message.id } })
  me.feed({ type: 'send-again', message: message.id })
  expect(me.effects).toMatchObject([
    { type: 'send', message: { text: 'did you get this?', id: message.id } },
    { type: 'timer', timer: { kind: 'delivery' } },
  ])
  me.hear(ben, { kind: 'ack', id: message.id })
  expect(me.state.timeline.at(-1)).toMatchObject({ delivery: 'sent' })
  expect(me.state.links.get(ben)?.unacked).toEqual([])
})
