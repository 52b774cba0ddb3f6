/** The words: what is understood, what is written, and that nothing hostile gets through or throws. */
import { describe, expect, test } from 'vitest'
import { cut } from '../src/base/text.ts'
import { parseIceServers } from '../src/wire/ice.ts'
import { memberId, peerId, roomId } from '../src/wire/ids.ts'
import { decodeFrame, encodeFrame, frameBytesMax } from '../src/wire/json.ts'
import { parseMesh, writeMesh } from '../src/wire/mesh.ts'
import { noCaps, ownCaps } from '../src/wire/peer.ts'
import { parseCreated, parseJoined, parseRefusal, writeCreate, writeJoin } from '../src/wire/room-requests.ts'
import {
  events,
  parseAlert,
  parseIdentity,
  parsePeerJoined,
  parsePeerLeft,
  parseSignalNotice,
  writeIdentityRequest,
} from '../src/wire/server.ts'
import { connectionMark, parseSignal } from '../src/wire/signal.ts'
import { parseFromGuest, parseFromHost, writeAsGuest, writeAsHost } from '../src/wire/star.ts'
import { chat } from './words.ts'

const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown
const hostile: readonly unknown[] = [
  undefined,
  null,
  0,
  1e308,
  '',
  'id',
  [],
  deep,
  {},
  { type: 0 },
  { type: 0, data: null },
  { type: 0, data: { user: null } },
  { type: 0, data: { user: { username: 7 } } },
  { type: 1, data: null },
  { type: 1, data: { msg: {} } },
  { type: 'moved', data: { id: 7 } },
  { source: '-1' },
  { source: '-1', idata: null },
  { source: 5, idata: { type: 6, data: '1' } },
  { source: '-1', idata: { type: 6, data: {} } },
  { target: '1', idata: { type: 0, data: {} } },
  { target: '1', idata: { type: 0, data: null } },
  { target: '1', idata: { type: 1, data: { user: [] } } },
  { idata: [] },
  { type: '__proto__', data: {} },
]

describe('hostile shapes', () => {
  test.each(hostile.map(value => [value]))('%j means nothing to anybody', value => {
    for (const parse of [parseMesh, parseFromGuest, parseFromHost, parseSignal])
      expect(parse(value)).toBeNull()
    expect(parseIdentity(value)).toBeNull()
    expect(parseJoined(value, { room: roomId('r'), password: '' }, null)).toBeNull()
    expect(parsePeerJoined(value)).toBeNull()
    expect(parsePeerLeft(value)).toBeNull()
    expect(parseSignalNotice(value, peerId('me'))).toBeNull()
    expect(parseIceServers(value)).toEqual([])
    expect(parseAlert(value)).toBeNull()
    expect(parseRefusal(events.join, value)).not.toBe('unreachable')
  })
})

describe('a host’s answers', () => {
  test.each([
    [{ type: 3, data: 'all' }],
    [{ type: 3, data: { 0: 'x' } }],
    [{ type: 5, data: { name: 'x', pwd: 'y', curUsers: -1, maxUsers: 2.5 } }],
    [{ type: 5, data: {} }],
  ])('%j is none', idata => {
    expect(parseFromHost({ source: '-1', idata })).toBeNull()
  })
})

describe('frames', () => {
  test('are binary UTF-8 JSON, and read back the same', () => {
    const value = { type: 1, data: { msg: 'größer 🎈 "quoted"\n', files: [] } }
    const frame = encodeFrame(value)
    expect(frame).toBeInstanceOf(Uint8Array)
    expect(new TextDecoder().decode(frame)).toBe(JSON.stringify(value))
    expect(decodeFrame(frame.buffer)).toEqual(value)
    expect(decodeFrame(JSON.stringify(value))).toEqual(value)
  })
  test.each([
    ['not JSON', '{'],
    ['an empty frame', new ArrayBuffer(0)],
    ['bytes that are no UTF-8', new Uint8Array([0xff, 0xfe]).buffer],
    ['a blob', { size: 3 }],
    ['too much text', `"${'x'.repeat(frameBytesMax)}"`],
    ['too many bytes', new TextEncoder().encode(`"${'x'.repeat(frameBytesMax)}"`).buffer],
  ])('%s is undefined, not an exception', (_name, frame) => {
    expect(decodeFrame(frame)).toBeUndefined()
  })
  test('a lone surrogate survives as an escape', () => {
    expect(decodeFrame(encodeFrame({ msg: '\ud83d' }))).toEqual({ msg: '\ud83d' })
  })
})

describe('cut', () => {
  test('never leaves half a character', () => {
    expect(cut('ab🎈', 3)).toBe('ab')
    expect(cut('ab🎈', 4)).toBe('ab🎈')
    expect(cut('abcd', 3)).toBe('abc')
  })
})

describe('a mesh', () => {
  const person = { name: 'Ada', avatar: '/public/defaults/User.jpg', caps: noCaps }
  const user = { username: 'Ada', id: 'p1', avatarLoc: person.avatar }

  test('says hello in the original’s words, with init always true', () => {
    const words = writeMesh({ kind: 'hello', person, password: 's3cret' }, memberId('p1'))
    expect(words).toEqual({ type: 0, data: { user, pwd: 's3cret', init: true } })
  })
  test('understands the original’s hello and message', () => {
    expect(parseMesh({ type: 0, data: { user, pwd: 'x', init: true } })).toEqual({
      source: null,
      message: { kind: 'hello', person, password: 'x' },
    })
    expect(parseMesh({ type: 1, data: { msg: 'hi', files: [] } })?.message).toEqual(chat('hi'))
    expect(parseMesh({ type: 1, data: {} })?.message).toEqual(chat(''))
  })
  test('carries what our page can do with the person, and takes only what it knows', () => {
    const words = writeMesh(
      { kind: 'hello', person: { ...person, caps: ownCaps }, password: '' },
      memberId('p1'),
    )
    expect(words).toMatchObject({ data: { user: { caps: { moves: true } } } })
    expect(parseMesh(words)?.message).toMatchObject({ person: { caps: ownCaps } })
    const odd = { ...user, caps: { moves: 'yes', chat: 1, files: [true], other: true } }
    expect(parseMesh({ type: 0, data: { user: odd } })?.message).toMatchObject({ person: { caps: noCaps } })
  })
  test('cuts a name at 60 and a message at 2000 units', () => {
    const long = { type: 0, data: { user: { ...user, username: 'n'.repeat(900) }, pwd: '', init: true } }
    expect(parseMesh(long)?.message).toMatchObject({ person: { name: 'n'.repeat(60) } })
    expect(parseMesh({ type: 1, data: { msg: 'm'.repeat(9_000) } })?.message).toEqual(chat('m'.repeat(2_000)))
  })
  test('has no words for a star’s business', () => {
    expect(writeMesh({ kind: 'knock', password: '' }, memberId('p1'))).toBeNull()
    expect(writeMesh({ kind: 'lost', id: memberId('1') }, memberId('p1'))).toBeNull()
  })
  test('reads its own moving words', () => {
    const moved = writeMesh({ kind: 'moved', to: peerId('p2') }, memberId('p1'))
    expect(parseMesh(moved)?.message).toEqual({ kind: 'moved', to: 'p2' })
    expect(parseMesh(writeMesh({ kind: 'moved-noted' }, memberId('p1')))?.message.kind).toBe('moved-noted')
  })
})

describe('a star', () => {
  const person = { name: 'guest1', avatar: '/a.jpg', caps: noCaps }

  test('a guest’s words are the original’s', () => {
    expect(writeAsGuest({ kind: 'knock', password: 'pw' }, memberId('ext'))).toEqual({
      target: 'ext',
      idata: { type: 0, data: { pwd: 'pw' } },
    })
    expect(writeAsGuest({ kind: 'introduce', person }, memberId('1'))).toEqual({
      target: '1',
      idata: { type: 1, data: { user: { username: 'guest1', id: '1', avatarLoc: '/a.jpg' } } },
    })
    expect(writeAsGuest(chat('hi'), memberId('1'))).toEqual({
      target: '1',
      idata: { type: 2, data: { msg: 'hi', files: [] } },
    })
  })
  test('a host’s words are the original’s', () => {
    const say = (message: Parameters<typeof writeAsHost>[0]): unknown => writeAsHost(message, memberId('-1'))
    expect(say({ kind: 'roster', members: [{ ...person, id: memberId('1') }] })).toEqual({
      source: '-1',
      idata: { type: 3, data: [{ username: 'guest1', id: '1', avatarLoc: '/a.jpg' }] },
    })
    expect(say({ kind: 'card', name: 'star1', password: 'pw', peersMax: 6, peers: 2 })).toEqual({
      source: '-1',
      idata: { type: 5, data: { name: 'star1', pwd: 'pw', curUsers: 2, maxUsers: 6 } },
    })
    expect(say({ kind: 'calls', calls: new Map() })).toEqual({
      source: '-1',
      idata: { type: 4, data: { dataType: 'Map', value: [] } },
    })
    expect(say({ kind: 'lost', id: memberId('2') })).toEqual({ source: '-1', idata: { type: 6, data: '2' } })
  })
  test('each side reads what the other writes', () => {
    const knock = writeAsGuest({ kind: 'knock', password: 'pw' }, memberId('ext'))
    expect(parseFromGuest(knock)?.message).toEqual({ kind: 'knock', password: 'pw' })
    const admitted = writeAsHost({ kind: 'admitted', id: memberId('1') }, memberId('0'))
    expect(parseFromHost(admitted)).toEqual({
      source: '0',
      message: { kind: 'admitted', id: '1' },
    })
    expect(parseFromGuest({ target: '1', idata: { type: 3, data: {} } })?.message).toEqual({
      kind: 'ask-roster',
    })
    expect(parseFromGuest({ target: '1', idata: { type: 5, data: {} } })?.message).toEqual({
      kind: 'ask-card',
    })
  })
  test('a host passes on a message with all that it holds', () => {
    const idata = { type: 2, data: { msg: 'look', files: [{ FileID: '0' }] }, extra: true }
    const heard = parseFromGuest({ target: '1', idata })
    expect(heard?.message).toMatchObject(chat('look'))
    expect(heard && writeAsHost(heard.message, memberId('1'))).toEqual({ source: '1', idata })
  })
  test('a roster is cut, and what is no member is left out', () => {
    const entry = (id: unknown): unknown => ({ username: 'n', id, avatarLoc: '' })
    const heard = parseFromHost({ source: '-1', idata: { type: 3, data: [null, entry(7), entry('1')] } })
    expect(heard?.message).toEqual({
      kind: 'roster',
      members: [{ id: '1', name: 'n', avatar: '', caps: noCaps }],
    })
    const crowd = Array.from({ length: 9_000 }, (_, index) => entry(String(index)))
    const cutDown = parseFromHost({ source: '-1', idata: { type: 3, data: crowd } })
    expect(cutDown?.message.kind === 'roster' && cutDown.message.members.length).toBe(40)
  })
})

describe('signals', () => {
  test('come in simple-peer’s shapes, told apart by their keys', () => {
    expect(parseSignal({ type: 'offer', sdp: 'v=0', caps: 1 })).toEqual({ type: 'offer', sdp: 'v=0' })
    expect(parseSignal({ renegotiate: true })).toEqual({ type: 'renegotiate', renegotiate: true })
    expect(parseSignal({ transceiverRequest: { kind: 'video', init: {} } })).toEqual({
      type: 'transceiverRequest',
      transceiverRequest: { kind: 'video' },
    })
    const candidate = { candidate: 'candidate:1', sdpMLineIndex: 0, sdpMid: '0', usernameFragment: 'ab/+' }
    expect(parseSignal({ type: 'candidate', candidate })).toEqual({ type: 'candidate', candidate })
  })
  test.each([
    [{ type: 'candidate', candidate: null }],
    [{ type: 'candidate', candidate: { candidate: 'x' } }],
    [{ type: 'rollback', sdp: 'v=0' }],
    [{ type: 'offer', sdp: 'x'.repeat(300_000) }],
    [{ transceiverRequest: { kind: 'screen' } }],
    [{ type: 'hello', foo: 1 }],
  ])('%j is dropped', value => {
    expect(parseSignal(value)).toBeNull()
  })
  test('a connection is known by its certificate', () => {
    const sdp = (mark: string): string => `v=0\r\na=fingerprint:sha-256 ${mark}\r\n`
    expect(connectionMark(sdp('AB:CD'))).toBe('sha-256 ab:cd')
    expect(connectionMark(sdp('AB:CD'))).toBe(connectionMark(sdp('ab:cd')))
    expect(connectionMark(sdp('AB:CE'))).not.toBe(connectionMark(sdp('ab:cd')))
    expect(connectionMark('v=0')).toBeNull()
  })
})

describe('the server’s words', () => {
  const draft = { name: 'n', password: 'p', peersMax: 6, kind: 'star' } as const

  test('creating', () => {
    expect(writeCreate('0', draft, null)).toEqual({
      requestId: '0',
      access: {},
      maxUsers: 6,
      name: 'n',
      password: 'p',
      type: 1,
    })
    const answer = { roomID: 'r', requestID: '0', name: 'cut', maxUsers: 5, curUsers: 1, password: 'p' }
    const card = {
      id: 'r',
      name: 'cut',
      password: 'p',
      peersMax: 5,
      kind: 'star',
      key: null,
      hostSecret: null,
    }
    const nobodys = { ...card, founder: null, ownerKeys: null }
    expect(parseCreated(answer, draft)).toEqual({ card: nobodys, host: null, ownership: null })
  })
  test('joining a mesh, and a star only with its host', () => {
    const answer = { requestID: '0', name: 'n', maxUsers: 6, curUsers: 2 }
    const join = (more: object) =>
      parseJoined({ ...answer, ...more }, { room: roomId('r'), password: 'p' }, peerId('me'))
    expect(join({ type: 0 })).toMatchObject({ card: { kind: 'mesh' }, host: null })
    expect(join({ type: 1, spec: 'h' })).toMatchObject({ card: { kind: 'star' }, host: 'h' })
    expect(join({ type: 1, spec: 'me' })).toMatchObject({ host: null, hosting: true })
    expect(join({ type: 1, spec: null })).toMatchObject({ host: null, hosting: false })
    expect(join({ type: 1 })).toBeNull()
    expect(join({ type: 2 })).toBeNull()
  })
  test('a star that the server hosts says so, and nobody becomes its host', () => {
    const hosted = { ...draft, kind: 'server' } as const
    expect(writeCreate('0', hosted, null)).toMatchObject({ type: 1, host: 'server' })
    expect(writeCreate('0', draft, null)).not.toHaveProperty('host')
    const created = { roomID: 'r', name: 'n', maxUsers: 6, curUsers: 1, password: 'p' }
    const answer = { ...created, spec: 'h', host: 'server' }
    const admission = { card: { kind: 'server' }, host: 'h', hosting: false }
    expect(parseCreated(answer, hosted)).toMatchObject(admission)
    // An older server has made us the host.
    expect(parseCreated(created, hosted)).toMatchObject({ card: { kind: 'star' }, host: null })
    const request = {
      room: roomId('r'),
      password: 'p',
      key: 'k',
      restore: { name: 'n', peersMax: 6, kind: 'server' },
    } as const
    expect(writeJoin('0', request, null)).toMatchObject({ restore: { type: 1, host: 'server' } })
    const joined = { name: 'n', maxUsers: 6, curUsers: 2, type: 1, spec: 'h', host: 'server' }
    expect(parseJoined(joined, request, peerId('me'))).toMatchObject(admission)
    expect(parseJoined({ ...joined, host: 'moon' }, request, peerId('me'))).toMatchObject({
      card: { kind: 'star' },
    })
  })
  test('an announcement is told from an answer by its `from`', () => {
    expect(parsePeerJoined({ from: { userID: 'u', roomID: 'r' } })).toEqual({
      type: 'peer-joined',
      peer: 'u',
      room: 'r',
    })
    expect(parsePeerJoined({ requestID: '0', name: 'n' })).toBeNull()
  })
  test('a signal counts only under our present id and from somebody else', () => {
    const body = { target: 'me', source: 'you', room: 'r', signal: { renegotiate: true } }
    expect(parseSignalNotice(body, peerId('me'))).toMatchObject({ type: 'signal', peer: 'you' })
    expect(parseSignalNotice(body, peerId('new me'))).toBeNull()
    expect(parseSignalNotice({ ...body, source: 'me' }, peerId('me'))).toBeNull()
  })
  test.each([
    [1, 'wrong-password'],
    [2, 'room-full'],
    [3, 'no-such-room'],
    [4, 'try-later'],
    [5, 'room-locked'],
    [6, 'kept-out'],
    [7, 'room-ended'],
    [15, 'not-hosted'],
    [99, 'room-error'],
  ])('refusal %i is %s', (type, refusal) => {
    expect(parseRefusal(events.join, { type, requestID: '0' })).toBe(refusal)
  })
  test('a room that the operator has closed is not said to be ended by its owner', () => {
    expect(parseRefusal(events.join, { type: 7, number: 0 })).toBe('room-closed')
    expect(parseRefusal(events.join, { type: 7, number: 5 })).toBe('room-ended')
  })
  test('passwords and names go composed, however they were typed', () => {
    const draft = { name: 'cafe\u0301', password: 'e\u0301', peersMax: 2, kind: 'mesh' } as const
    expect(writeCreate('0', draft, null)).toMatchObject({ name: 'caf\u00e9', password: '\u00e9' })
  })
  test('code 4 asks to wait only where a join was refused', () => {
    expect(parseRefusal(events.create, { type: 4, requestID: '0' })).toBe('room-error')
  })
  test('alerts are asked for, and one of an unknown type is none', () => {
    expect(writeIdentityRequest('0', null)).toEqual({ requestId: '0', alerts: true, resume: true })
    const alert = { roomID: 'r', type: 'password-attempts', count: 5 }
    expect(parseAlert(alert)).toEqual({ type: 'password-attempts', room: 'r', count: 5 })
    expect(parseAlert({ ...alert, type: 'weather' })).toBeNull()
    for (const odd of [{ ...alert, count: '5' }, { type: 'closed' }]) expect(parseAlert(odd)).toBeNull()
    expect(parseAlert({ roomID: 'r', type: 'closed' })).toEqual({ type: 'room-closed', room: 'r' })
  })
  test('of the ICE servers only those pass that a browser takes', () => {
    const turn = { urls: ['turn:t.example'], username: 'u', credential: 'c' }
    const given = [
      { urls: 'stun:s.example:3478' },
      turn,
      { urls: ['turn:t.example'] },
      { urls: 'https://evil.example' },
      { urls: [] },
      null,
    ]
    expect(parseIceServers(given)).toEqual([{ urls: ['stun:s.example:3478'] }, turn])
  })
})
