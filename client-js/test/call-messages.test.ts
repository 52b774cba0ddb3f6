/** The words of calls: the original's in both numberings, our own beside them, and what makes no sense. */
import { describe, expect, test } from 'vitest'
import type { Announced } from '../src/wire/call.ts'
import { memberId, streamId } from '../src/wire/ids.ts'
import { parseMesh, writeMesh } from '../src/wire/mesh.ts'
import type { PeerMessage } from '../src/wire/peer.ts'
import { parseFromGuest, parseFromHost, writeAsGuest, writeAsHost } from '../src/wire/star.ts'

const self = memberId('1')
const stream = (id: string, kind: 'camera' | 'screen' = 'camera') => ({
  id: streamId(id),
  kind,
  hint: 'motion' as const,
  sound: null,
})
const original: Announced = { streams: [stream('a'), stream('b', 'screen')], media: null }
const possibilities = { dataType: 'Set', value: ['a', 'b'] }
const special = { possibilities, primaryStream: 'a' }

describe('in a mesh, the original’s words', () => {
  test.each<[string, PeerMessage, object]>([
    ['joining', { kind: 'join-call', reply: false }, { type: 0, special: false }],
    ['joining in reply', { kind: 'join-call', reply: true }, { type: 0, special: true }],
    ['leaving', { kind: 'leave-call' }, { type: 1, special: {} }],
    ['streams', { kind: 'streams', announced: original }, { type: 2, special }],
    ['a wish', { kind: 'want-stream', stream: streamId('a'), of: null }, { type: 4, special: 'a' }],
  ])('for %s are written and read', (_name, message, data) => {
    expect(writeMesh(message, self)).toEqual({ type: 2, data })
    expect(parseMesh({ type: 2, data })?.message).toEqual(message)
  })
})

describe('in a star, the original’s words', () => {
  test.each<[string, PeerMessage, object]>([
    ['leaving', { kind: 'leave-call' }, { type: 1, special: {} }],
    ['streams', { kind: 'streams', announced: original }, { type: 4, special }],
  ])('for %s are written and read', (_name, message, data) => {
    expect(writeAsGuest(message, self)).toEqual({ target: '1', idata: { type: 7, data } })
    expect(parseFromGuest({ target: '1', idata: { type: 7, data } })?.message).toEqual(message)
    expect(writeAsHost(message, memberId('2'))).toEqual({ source: '2', idata: { type: 7, data } })
    expect(parseFromHost({ source: '2', idata: { type: 7, data } })).toEqual({ source: '2', message })
  })
  test('say of joining nothing from its author, and true when it is passed on', () => {
    const joins = (reply: boolean): PeerMessage => ({ kind: 'join-call', reply })
    expect(writeAsGuest(joins(false), self)).toMatchObject({
      idata: { type: 7, data: { type: 0, special: {} } },
    })
    expect(writeAsHost(joins(true), memberId('2'))).toMatchObject({ idata: { data: { special: true } } })
    expect(
      parseFromGuest({ target: '1', idata: { type: 7, data: { type: 0, special: {} } } })?.message,
    ).toEqual(joins(false))
  })
  test('name the owner of a stream that a guest wants, and nobody when the host does', () => {
    const want = { kind: 'want-stream', stream: streamId('a'), of: memberId('0') } as const
    const words = writeAsGuest(want, self)
    expect(words).toEqual({ target: '0', idata: { type: 7, data: { type: 6, special: { StreamID: 'a' } } } })
    expect(parseFromGuest(words)?.message).toEqual(want)
    const asked = writeAsHost(want, memberId('-1'))
    expect(asked).toMatchObject({ source: '-1', idata: { data: { special: { StreamID: 'a' } } } })
    expect(parseFromHost(asked)?.message).toEqual({ ...want, of: null })
  })
  test('tell a guest of everybody in the call', () => {
    const data = { dataType: 'Map', value: [['2', special]] }
    const calls = new Map([[memberId('2'), original]])
    expect(writeAsHost({ kind: 'calls', calls }, memberId('-1'))).toEqual({
      source: '-1',
      idata: { type: 4, data },
    })
    expect(parseFromHost({ source: '-1', idata: { type: 4, data } })?.message).toEqual({
      kind: 'calls',
      calls,
    })
  })
})

describe('our own words', () => {
  const ours: Announced = {
    streams: [
      { ...stream('a'), sound: true },
      { ...stream('b', 'screen'), hint: 'text', sound: false },
    ],
    media: { muted: true, cameraOff: false, pushToTalk: true },
  }
  const words: PeerMessage[] = [
    { kind: 'streams', announced: ours },
    { kind: 'media', media: { muted: false, cameraOff: true, pushToTalk: false } },
    { kind: 'sizes', sizes: new Map([[streamId('a'), 'small']]) },
    { kind: 'signal', signal: { type: 'offer', sdp: 'v=0', round: 3 } },
  ]
  test.each(words.map(message => [message.kind, message]))(
    '%s are read as they are written',
    (_kind, message) => {
      const over = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
      expect(parseMesh(over(writeMesh(message, self)))?.message).toEqual(message)
      expect(parseFromGuest(over(writeAsGuest(message, self)))?.message).toEqual(message)
      expect(parseFromHost(over(writeAsHost(message, self)))?.message).toEqual(message)
    },
  )
  test('stand beside the original’s, which are whole without them', () => {
    const written = writeMesh({ kind: 'streams', announced: ours }, self)
    expect(written).toMatchObject({ data: { special } })
  })
})

describe('what makes no sense', () => {
  const set = (value: unknown): unknown => ({ type: 2, special: { possibilities: value } })
  test.each([
    [null],
    [{ type: 9, special: {} }],
    [{ type: '0', special: true }],
    [{ type: 2, special: null }],
    [{ type: 2, special: [] }],
    [set(null)],
    [set(['a'])],
    [set({ dataType: 'Map', value: [] })],
    [set({ dataType: 'Set', value: 'a' })],
  ])('%j is not heard', data => {
    expect(parseMesh({ type: 2, data })).toBeNull()
    expect(parseFromGuest({ target: '1', idata: { type: 7, data } })).toBeNull()
  })
  test.each([[{}], [''], ['x'.repeat(201)], [null]])('a wish for %j is not heard', special => {
    expect(parseMesh({ type: 2, data: { type: 4, special } })).toBeNull()
    const data = { type: 6, special: { StreamID: special } }
    expect(parseFromGuest({ target: '1', idata: { type: 7, data } })).toBeNull()
  })
  test.each([[{ type: 4, data: {} }], [{ type: 4, data: [] }], [{ type: 'media', data: null }]])(
    '%j from a host is not heard',
    idata => {
      expect(parseFromHost({ source: '-1', idata })).toBeNull()
    },
  )
  test('of many streams so many are heard as a screen can show, each once', () => {
    const value = [...Array.from({ length: 900 }, (_, at) => `s${at % 5}`), ...'abcdefghijkl']
    const heard = parseMesh({ type: 2, data: set({ dataType: 'Set', value: [7, null, ...value] }) })?.message
    expect(heard?.kind === 'streams' && heard.announced.streams.length).toBeLessThanOrEqual(8)
  })
  test('of a call, a list and sizes without end only a room’s worth is heard', () => {
    const entries = Array.from({ length: 5_000 }, (_, at) => [`m${at}`, special])
    const odd = [[7, special], ['x', null], 'y', null, ...entries]
    const calls = parseFromHost({
      source: '-1',
      idata: { type: 4, data: { dataType: 'Map', value: odd } },
    })?.message
    expect(calls?.kind === 'calls' && calls.calls.size).toBeLessThanOrEqual(40)
    const sizes = Array.from({ length: 5_000 }, (_, at) => ({ id: `s${at}`, size: 'small' }))
    const heard = parseMesh({
      type: 'sizes',
      data: { sizes: [{ id: 'a', size: 'vast' }, ...sizes] },
    })?.message
    expect(heard?.kind === 'sizes' && heard.sizes.size).toBeLessThanOrEqual(400)
    expect(heard?.kind === 'sizes' && heard.sizes.has(streamId('a'))).toBe(false)
  })
})
