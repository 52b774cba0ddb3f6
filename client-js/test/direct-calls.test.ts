/** Two guests of a star see and hear each other past its host, and through it whenever that is not possible. */
import { beforeEach, describe, expect, test } from 'vitest'
import { allocate } from '../src/call/bitrate-allocator.ts'
import type { Call } from '../src/call/call.ts'
import { FlowWatch } from '../src/call/flow-watch.ts'
import { DirectCalls } from '../src/core/direct-calls.ts'
import { ConnectionBudget } from '../src/link/connection-budget.ts'
import { FrameMeter } from '../src/link/frame-meter.ts'
import { acceptsDirect, isDirect, routeOf } from '../src/room/direct-calls.ts'
import type { Room } from '../src/room/room.ts'
import { roster } from '../src/room/roster.ts'
import type { RoomEffect, RoomEvent } from '../src/room/state.ts'
import type { StreamSize } from '../src/wire/call.ts'
import { withoutRelays } from '../src/wire/ice.ts'
import { directPeer, type MemberId, memberId, peerId, streamId } from '../src/wire/ids.ts'
import { type Announced, type Caps, noCaps, ownCaps, type Person } from '../src/wire/peer.ts'
import type { TrackKind } from '../src/wire/signal.ts'
import { parseFromGuest, writeAsGuest } from '../src/wire/star.ts'
import { Alone } from './alone.ts'
import { stayOf } from './scene.ts'

const host = peerId('host')
const [ben, cyd] = [stayOf('ben'), stayOf('cyd')]
const [bens, own] = [streamId('ben camera'), streamId('own')]
const toBen = directPeer(ben)
const person = (name: string, caps: Caps = ownCaps): Person => ({ name, avatar: '', caps })
const server = { ...person('Server'), id: memberId('0'), member: stayOf('server') }
const showing = (id: string): Announced => ({
  streams: [{ id: streamId(id), kind: 'camera', hint: 'motion', sound: true }],
  media: null,
})

const me = new Alone('server', host)
/** All that has been asked for since it was looked at last. */
let effects: RoomEffect[] = []
const feed: Alone['feed'] = event => {
  me.feed(event)
  effects.push(...me.effects)
}
const hear: Alone['hear'] = (...said) => {
  me.hear(...said)
  effects.push(...me.effects)
}

const taken = (): string[] =>
  effects.splice(0).flatMap(it => {
    if (it.type === 'dial-direct' || it.type === 'end-direct') return [`${it.type} ${it.member.slice(0, 3)}`]
    if (it.type === 'timer' && it.timer.kind === 'direct') return [`again after ${it.ms}`]
    if (it.type === 'publish' || it.type === 'unpublish') return [`${it.type} over ${it.over.slice(0, 6)}`]
    if (it.type !== 'send' || it.message.kind !== 'sizes') return []
    return [...it.message.sizes].map(([id, size]) => `${id} ${size} to ${it.over.slice(0, 6)}`)
  })

const comesIn = (name: string, number: string, caps: Caps = ownCaps): void =>
  hear(host, { kind: 'introduce', person: person(name, caps), member: stayOf(name) }, number)

/** Ben, and perhaps others, are in the call, and so are we, last, on a downlink that takes everything. */
const call = (caps: Caps = ownCaps, hostCaps: Caps = ownCaps, others: readonly string[] = []): void => {
  callUnknown(caps, hostCaps, others)
  downlinkIs(true)
}
const downlinkIs = (sufficient: boolean): void =>
  hear(host, { kind: 'downlink', bitsPerSecond: 900_000, sufficient }, '0')
/** The same before the host has found out what our downlink takes. */
const callUnknown = (
  caps: Caps = ownCaps,
  hostCaps: Caps = ownCaps,
  others: readonly string[] = [],
): void => {
  feed({ type: 'incoming-offer', peer: host })
  feed({ type: 'link-opened', peer: host })
  hear(host, { kind: 'admitted', id: memberId('1'), host: server.member }, '0')
  hear(host, { kind: 'roster', members: [{ ...server, caps: hostCaps }] }, '-1')
  comesIn('ben', '2', caps)
  joins('ben', '2')
  for (const [at, name] of others.entries()) {
    comesIn(name, `${at + 3}`)
    joins(name, `${at + 3}`)
  }
  feed({ type: 'call-announce', own: showing('own') })
}

const joins = (name: string, number: string): void => {
  hear(host, { kind: 'join-call', reply: true }, number)
  hear(host, { kind: 'streams', announced: showing(`${name} camera`) }, number)
}

type Kinds = readonly TrackKind[]
const both: Kinds = ['audio', 'video']
/** What comes of Ben, directly and through the host. */
const flow = (here: Kinds, there: Kinds): void => {
  const of = (kinds: Kinds) => new Map([[bens, new Set(kinds)]])
  feed({
    type: 'call-flows',
    flows: new Map([
      [toBen, of(here)],
      [host, of(there)],
    ]),
  })
}
const isBens = (member: MemberId = ben): boolean => routeOf(me.state, member, bens) === toBen
const said = (size: StreamSize): void =>
  feed({ type: 'direct-sizes', member: ben, sizes: new Map([[own, size]]) })

/** Whose id is lesser offers: ours has to be the lesser one for this. */
const begin = (stay = 'aaa'): void => {
  me.begin()
  me.state = { ...me.state, stay: stayOf(stay) }
  effects = []
}
const opened = (): void => {
  call()
  feed({ type: 'direct-opened', member: ben })
  taken()
}

beforeEach(() => begin())

describe('a connection for the call', () => {
  test('is made by one of two, once both are in the call', () => {
    call()
    expect(taken().filter(it => it.startsWith('dial'))).toEqual(['dial-direct ben'])
    begin('zoe')
    call()
    expect(taken().filter(it => it.startsWith('dial'))).toEqual([])
    feed({ type: 'direct-offered', member: ben })
    expect(me.state.call.direct.get(ben)?.phase).toBe('connecting')
  })
  test('is made once our downlink is known to take everything, by whoever is ready last', () => {
    const calls = (): string[] => taken().filter(it => it.startsWith('dial'))
    callUnknown()
    downlinkIs(false)
    expect(calls()).toEqual([])
    downlinkIs(true)
    expect(calls()).toEqual(['dial-direct ben'])
    begin('zoe')
    callUnknown()
    feed({ type: 'direct-offered', member: ben })
    expect([acceptsDirect(me.state, ben), calls()]).toEqual([false, []])
    downlinkIs(true)
    expect(calls()).toEqual(['dial-direct ben'])
  })
  test('is taken from whoever was not ready before, in place of our own that they did not take', () => {
    call()
    expect(acceptsDirect(me.state, ben)).toBe(true)
    feed({ type: 'direct-opened', member: ben })
    expect(acceptsDirect(me.state, ben)).toBe(false)
  })
  test('leaves the call on a network that is another perhaps, until that is known', () => {
    opened()
    flow(both, both)
    expect(isBens()).toBe(true)
    feed({ type: 'network-changed' })
    flow(both, both)
    expect(isBens()).toBe(false)
  })
  test.each([
    ['the other page', noCaps, ownCaps, []],
    ['the host', ownCaps, { ...ownCaps, direct: false }, []],
    ['a call of seven', ownCaps, ownCaps, ['cyd', 'dan', 'eve', 'fay', 'gus']],
  ])('is not made where %s does without', (_, caps, hostCaps, others) => {
    call(caps, hostCaps, others)
    expect(taken().filter(it => it.startsWith('dial'))).toEqual([])
  })
  test('is made among six', () => {
    call(ownCaps, ownCaps, ['cyd', 'dan', 'eve', 'fay'])
    expect(taken().filter(it => it.startsWith('dial'))).toHaveLength(5)
  })
  test('that cannot be had is tried again after a minute, and one that broke at once', () => {
    call()
    taken()
    feed({ type: 'direct-closed', member: ben })
    expect(taken()).toEqual(['again after 60000'])
    feed({ type: 'timer', timer: { kind: 'direct', member: ben } })
    expect(taken()).toEqual(['dial-direct ben'])
    feed({ type: 'direct-opened', member: ben })
    taken()
    feed({ type: 'direct-closed', member: ben })
    expect(taken()).toEqual(['again after 5000'])
  })
  test('is taken from nobody who is not in the call, and by nobody who is not', () => {
    begin('zoe')
    call()
    comesIn('cyd', '3')
    feed({ type: 'direct-offered', member: cyd })
    feed({ type: 'call-leave' })
    feed({ type: 'direct-offered', member: ben })
    expect(me.state.call.direct.size).toBe(0)
  })
  test('ends with the call, for either', () => {
    opened()
    hear(host, { kind: 'leave-call' }, '2')
    expect(taken()).toContain('end-direct ben')
    joins('ben', '2')
    feed({ type: 'direct-opened', member: ben })
    taken()
    feed({ type: 'call-leave' })
    expect(taken()).toContain('end-direct ben')
    expect(me.state.call.links.has(toBen)).toBe(false)
  })
})

describe('what somebody sends', () => {
  test('goes over it at once, and is seen through the host until it carries as much', () => {
    call()
    taken()
    feed({ type: 'direct-opened', member: ben })
    expect(taken()).toEqual(['publish over direct'])
    flow(['audio'], both)
    expect([isBens(), taken()]).toEqual([false, []])
    flow(both, both)
    expect([isBens(), taken()]).toEqual([true, ['ben camera none to host']])
    expect(isDirect(me.state, ben)).toBe(true)
    expect(roster(me.state).map(it => it.callsDirectly)).toEqual([false, true])
    flow(both, [])
    expect([isBens(), taken()]).toEqual([true, []])
  })
  test('comes through the host again at once when it breaks, or falls silent', () => {
    opened()
    flow(both, both)
    taken()
    flow(both, [])
    flow([], [])
    expect([isBens(), taken()]).toEqual([false, ['ben camera large to host']])
    flow(both, both)
    expect(taken()).toEqual(['ben camera none to host'])
    feed({ type: 'direct-closed', member: ben })
    expect([isBens(), taken().toSorted()]).toEqual([false, ['again after 5000', 'ben camera large to host']])
  })
  test('is as large as it is shown, over the way that it takes', () => {
    opened()
    flow(both, both)
    taken()
    feed({ type: 'call-show', stream: bens, size: 'small' })
    expect(taken()).toEqual(['ben camera small to direct'])
    said('medium')
    expect(me.state.call.links.get(toBen)?.sizes.get(own)).toBe('medium')
  })
  test('is let go by the host only when a seventh comes and everything comes through the host', () => {
    opened()
    flow(both, [])
    for (const [at, name] of ['cyd', 'dan', 'eve', 'fay'].entries()) {
      comesIn(name, `${at + 3}`, { ...ownCaps, direct: false })
      joins(name, `${at + 3}`)
    }
    taken()
    comesIn('gus', '7')
    joins('gus', '7')
    expect([isBens(), taken().toSorted()]).toEqual([true, ['again after 30000', 'ben camera large to host']])
    flow(both, ['audio'])
    expect([isBens(), taken()]).toEqual([true, []])
    flow(both, both)
    expect([isBens(), taken()]).toEqual([false, ['ben camera none to direct']])
    said('none')
    expect(taken()).toEqual(['end-direct ben'])
  })
  test('that leaves the host no room for pictures on a thin downlink ends for the sound', () => {
    opened()
    flow(both, [])
    downlinkIs(false)
    flow(both, ['audio'])
    expect(isBens()).toBe(true)
    feed({ type: 'timer', timer: { kind: 'direct', member: ben } })
    expect(isBens()).toBe(false)
    // Another time it waits for them again.
    downlinkIs(true)
    flow(both, [])
    downlinkIs(false)
    flow(both, ['audio'])
    expect(isBens()).toBe(true)
  })
  test('goes on past a host that has gone away', () => {
    opened()
    flow(both, both)
    flow(both, [])
    feed({ type: 'link-closed', peer: host })
    feed({ type: 'host-changed', host: peerId('next'), members: [me.state.self] })
    expect(isBens()).toBe(true)
    flow(['video'], [])
    feed({ type: 'timer', timer: { kind: 'direct', member: ben } })
    expect(isBens()).toBe(true)
    expect(taken().filter(it => it.startsWith('end'))).toEqual([])
  })
})

describe('a host that is a person', () => {
  const star = new Alone('star')
  const comes = (name: string, number: string, caps = ownCaps): void => {
    const peer = peerId(name)
    star.feed({ type: 'peer-joined', peer })
    star.feed({ type: 'link-opened', peer })
    star.hear(peer, { kind: 'knock', password: '', member: stayOf(name) }, number)
    star.hear(peer, { kind: 'introduce', person: person(name, caps) }, number)
    star.hear(peer, { kind: 'join-call', reply: false }, number)
    star.hear(peer, { kind: 'streams', announced: showing(`${name} camera`) }, number)
    star.feed({ type: 'stream-arrived', via: peer, stream: streamId(`${name} camera`) })
  }
  const told = (): string[] =>
    star.effects.flatMap(it =>
      it.type === 'send' && it.message.kind === 'sizes'
        ? [...it.message.sizes].map(([id, size]) => `${id} ${size}`)
        : [],
    )
  test.each([
    [ownCaps, 'none'],
    [{ ...ownCaps, direct: false }, 'hidden'],
  ])('asks for nothing that nobody gets through it', (caps, size) => {
    star.begin()
    comes('ben', '1', caps)
    comes('cyd', '2')
    const [bens, cyds] = [peerId('ben'), peerId('cyd')]
    star.hear(cyds, { kind: 'want-stream', stream: streamId('ben camera'), of: stayOf('ben') })
    star.hear(cyds, { kind: 'sizes', sizes: new Map([[streamId('ben camera'), 'none']]) })
    expect(told()).toEqual(size === 'none' ? ['ben camera none'] : ['ben camera hidden'])
    star.hear(cyds, { kind: 'sizes', sizes: new Map([[streamId('ben camera'), 'large']]) })
    expect(told()).toEqual(['ben camera large'])
    expect(star.state.call.links.get(bens)?.told.get(streamId('ben camera'))).toBe('large')
  })
})

test('signals for the call are told from those for files', () => {
  const signal = { type: 'renegotiate', renegotiate: true } as const
  const written = (call: boolean) =>
    writeAsGuest({ kind: 'direct', to: memberId('2'), id: 'x', signal, ...(call && { call }) }, memberId('1'))
  expect(written(false)).toEqual({ target: '2', idata: { type: 'direct', data: { id: 'x', signal } } })
  for (const call of [true, false]) {
    const message = parseFromGuest(written(call))?.message
    expect(message?.kind === 'direct' && message.call === true).toBe(call)
  }
})

test('neither sound nor pictures go where they are not needed', () => {
  const one = { peer: host, stream: own, kind: 'camera', hint: 'motion', height: 720, spokeMs: 0 } as const
  const uplinks = new Map()
  const sent = (size: StreamSize): boolean[] =>
    allocate({ streams: [{ ...one, size }], uplinks, relays: false, layered: true, strain: 0 }).flatMap(
      ({ audio, video }) => [audio.active, video.active],
    )
  expect([sent('none'), sent('hidden'), sent('large')]).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ])
})

test('whoever hides their address makes none', () => {
  const fed: RoomEvent[] = []
  const calls = new DirectCalls({
    room: { state: me.state, feed: (event: RoomEvent) => fed.push(event) } as unknown as Room,
    call: () => ({}) as Call,
    meter: new FrameMeter(() => 0),
    connections: new ConnectionBudget(() => 0),
    configuration: () => ({ iceTransportPolicy: 'relay' }),
    freshConfiguration: async () => ({}),
  })
  calls.dial(ben)
  expect([fed, calls.link(toBen)]).toEqual([[{ type: 'direct-closed', member: ben }], null])
})

test('no relay is in a connection past the host', () => {
  const turn = { urls: ['turn:example.org', 'stun:example.org'], username: 'a', credential: 'b' }
  expect(withoutRelays({ iceServers: [turn, { urls: 'turns:example.org' }] })).toEqual({
    iceServers: [{ urls: ['stun:example.org'] }],
  })
})

test('a track flows while something new of it is played, and for a moment after', () => {
  const watch = new FlowWatch()
  const tracks = new Map([[host, new Map([[bens, [{ id: 'voice', kind: 'audio' }]]])]])
  const at = (moment: number, nowMs: number): boolean =>
    watch
      .update(tracks, new Map([[host, new Map([['voice', moment]])]]), nowMs)
      .get(host)
      ?.get(bens)
      ?.has('audio') ?? false
  expect(at(7, 0)).toBe(false)
  expect(at(7, 150)).toBe(false)
  expect(at(8, 300)).toBe(true)
  expect(at(8, 1_700)).toBe(true)
  expect(at(8, 1_900)).toBe(false)
  const [before, after] = [0, 0].map(() => watch.update(tracks, new Map(), 2_000))
  expect(before).toBe(after)
})
