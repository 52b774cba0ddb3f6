/** What a peer of bad will can do to a call: nothing in another's name, and nothing without end. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { RoomEffect } from '../src/room/state.ts'
import { hostNumber, type MemberId, memberId, type PeerId, peerId, streamId } from '../src/wire/ids.ts'
import { ownCaps, type PeerMessage } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'

const [eve, bob] = [peerId('eve'), peerId('bob')]
const person = { name: 'Eve', avatar: '', caps: ownCaps }
const announces = (...ids: string[]): PeerMessage => ({
  kind: 'streams',
  announced: {
    streams: ids.map((id, at) => ({
      id: streamId(id),
      kind: at === 0 ? ('camera' as const) : ('screen' as const),
      hint: 'motion' as const,
      sound: null,
    })),
    media: null,
  },
})
const joins: PeerMessage = { kind: 'join-call', reply: false }
const wants = (id: string, of: MemberId | null = null): PeerMessage => ({
  kind: 'want-stream',
  stream: streamId(id),
  of,
})
const own = {
  streams: [{ id: streamId('own'), kind: 'camera', hint: 'motion', sound: true } as const],
  media: null,
}

const sent = (effects: readonly RoomEffect[], to: PeerId): PeerMessage['kind'][] =>
  effects.flatMap(it => (it.type === 'send' && it.over === to ? [it.message.kind] : []))
const published = (effects: readonly RoomEffect[]): string[] =>
  effects.flatMap(it => (it.type === 'publish' ? [`${it.stream} → ${it.over}`] : []))

describe('in a mesh', () => {
  const me = new Alone('mesh')
  beforeEach(() => {
    me.begin()
    for (const peer of [eve, bob]) {
      me.feed({ type: 'peer-joined', peer })
      me.feed({ type: 'link-opened', peer })
      me.hear(peer, { kind: 'hello', person, password: '' })
    }
    me.feed({ type: 'call-announce', own })
    me.hear(bob, joins)
    me.hear(bob, announces('bobs'))
  })

  test('nobody announces another’s stream, or ours', () => {
    me.hear(eve, announces('eves', 'bobs', 'own'))
    const streams = me.state.call.members.get(memberId(eve))?.streams.map(it => it.id)
    expect(streams).toEqual(['eves'])
    expect(me.state.call.members.get(memberId(bob))?.streams.map(it => it.id)).toEqual(['bobs'])
  })
  test('a stream under another’s name is shown for nobody', () => {
    me.feed({ type: 'stream-arrived', via: eve, stream: streamId('bobs') })
    expect(me.state.call.links.get(bob)?.arrived.size).toBe(0)
  })
  test('what is not ours cannot be had from us', () => {
    me.hear(eve, joins)
    me.hear(eve, wants('bobs'))
    me.hear(eve, wants('nonsense'))
    expect(published(me.effects)).toEqual([])
    expect(me.state.call.links.get(eve)?.asked.size ?? 0).toBe(0)
  })
  test('asking ten thousand times gets one stream once', () => {
    me.hear(eve, joins)
    const all: RoomEffect[] = []
    for (let count = 0; count < 10_000; count++) {
      me.hear(eve, wants('own'))
      all.push(...me.effects)
    }
    expect(published(all)).toEqual(['own → eve'])
  })
  test('joining again and again is answered no faster than is bearable', () => {
    let answers = 0
    for (let count = 0; count < 5_000; count++) {
      me.hear(eve, joins)
      answers += sent(me.effects, eve).filter(kind => kind === 'join-call').length
      me.hear(eve, { kind: 'leave-call' })
    }
    expect(answers).toBeGreaterThan(10)
    expect(answers).toBeLessThan(100)
  })
  test('streams that nobody asked for fill no memory', () => {
    for (let count = 0; count < 5_000; count++)
      me.feed({ type: 'stream-arrived', via: eve, stream: streamId(`s${count}`) })
    expect(me.state.call.links.get(eve)?.arrived.size).toBe(200)
  })
  test('sizes are kept for what can be asked for, and for nothing else', () => {
    me.hear(eve, joins)
    me.hear(eve, wants('own'))
    const many = Array.from({ length: 400 }, (_, at) => [streamId(`s${at}`), 'small'] as const)
    me.hear(eve, { kind: 'sizes', sizes: new Map([...many, [streamId('own'), 'small']]) })
    expect([...(me.state.call.links.get(eve)?.sizes ?? [])]).toEqual([['own', 'small']])
  })
  test('what is not said by the room is no list of everybody', () => {
    me.hear(eve, { kind: 'calls', calls: new Map() })
    expect(me.state.call.members.has(memberId(bob))).toBe(true)
  })
  test('signals go to the link they came over', () => {
    me.hear(eve, { kind: 'signal', signal: { type: 'renegotiate', renegotiate: true } })
    expect(me.effects).toEqual([
      { type: 'signal', over: eve, signal: { type: 'renegotiate', renegotiate: true } },
    ])
  })
})

describe('at a star’s host', () => {
  const me = new Alone('star')
  beforeEach(() => {
    me.begin()
    for (const peer of [eve, bob]) {
      me.admit(peer, person)
    }
    me.hear(bob, joins)
    me.hear(bob, announces('bobs'))
  })

  test('a guest’s stream is asked for, passed on to who asks, and not back to its owner', () => {
    me.hear(eve, joins)
    me.hear(eve, wants('bobs', memberId('2')))
    expect(published(me.effects)).toEqual([])
    me.feed({ type: 'stream-arrived', via: bob, stream: streamId('bobs') })
    expect(published(me.effects)).toEqual(['bobs → eve'])
    me.hear(bob, wants('bobs', memberId('2')))
    expect(published(me.effects)).toEqual([])
  })
  test('asking for what does not come asks its owner no faster than is bearable', () => {
    me.hear(eve, joins)
    let asked = 0
    for (let count = 0; count < 5_000; count++) {
      me.hear(eve, wants('bobs', memberId('2')))
      asked += sent(me.effects, bob).length
    }
    expect(asked).toBeGreaterThan(10)
    expect(asked).toBeLessThan(100)
  })
  test('asking again for what one has asks nobody', () => {
    me.hear(eve, joins)
    me.hear(eve, wants('bobs', memberId('2')))
    me.feed({ type: 'stream-arrived', via: bob, stream: streamId('bobs') })
    me.hear(eve, wants('bobs', memberId('2')))
    expect(me.effects).toEqual([])
  })
  test('asking for what there is not brings the list, no faster than is bearable', () => {
    let lists = 0
    for (let count = 0; count < 5_000; count++) {
      me.hear(eve, wants(`nothing ${count}`))
      lists += sent(me.effects, eve).length
    }
    expect(lists).toBeGreaterThan(10)
    expect(lists).toBeLessThan(100)
  })
  test('a flood of switching is not passed on, and whoever is calm again is believed again', () => {
    let passed = 0
    for (let count = 0; count < 5_001; count++) {
      const muted = count % 2 === 0
      me.hear(bob, { kind: 'media', media: { muted, cameraOff: true, pushToTalk: false } })
      passed += sent(me.effects, eve).length
    }
    expect(passed).toBeLessThan(100)
    me.now = 60_000
    me.hear(bob, { kind: 'media', media: { muted: true, cameraOff: true, pushToTalk: false } })
    expect(me.state.call.members.get(memberId('2'))?.media?.muted).toBe(true)
  })
  test('who is lost leaves the call before the room, in the words of the original', () => {
    me.feed({ type: 'link-steady', peer: bob, steady: false })
    me.feed({ type: 'peer-left', peer: bob })
    expect(sent(me.effects, eve)).toEqual(['leave-call', 'lost'])
  })
})

describe('at a star’s guest', () => {
  const host = peerId('host')
  const me = new Alone('star', host)
  beforeEach(() => {
    me.begin()
    me.feed({ type: 'incoming-offer', peer: host })
    me.feed({ type: 'link-opened', peer: host })
    me.hear(host, { kind: 'admitted', id: memberId('1') }, '0')
    const members = [hostNumber, memberId('2')].map(id => ({ ...person, id }))
    me.hear(host, { kind: 'roster', members }, '-1')
    me.feed({ type: 'call-announce', own })
  })

  test('only the room itself has a list of everybody', () => {
    const calls = new Map([[memberId('2'), { streams: [], media: null }]])
    me.hear(host, { kind: 'calls', calls }, '2')
    expect(me.state.call.members.size).toBe(0)
    me.hear(host, { kind: 'calls', calls }, '-1')
    expect(me.state.call.members.size).toBe(1)
  })
  test('nobody is in the call who is not in the room, nor as the room, nor as ourselves', () => {
    const calls = new Map(['1', '-1', '77'].map(id => [memberId(id), { streams: [], media: null }] as const))
    me.hear(host, { kind: 'calls', calls }, '-1')
    for (const source of ['1', '-1', '77']) me.hear(host, joins, source)
    expect(me.state.call.members.size).toBe(0)
  })
  test('what the list says twice is the first one’s', () => {
    const streams = [{ id: streamId('x'), kind: 'camera', hint: 'motion', sound: null } as const]
    const calls = new Map(['0', '2'].map(id => [memberId(id), { streams, media: null }] as const))
    me.hear(host, { kind: 'calls', calls }, '-1')
    expect(me.state.call.members.get(hostNumber)?.streams).toHaveLength(1)
    expect(me.state.call.members.get(memberId('2'))?.streams).toHaveLength(0)
  })
})
