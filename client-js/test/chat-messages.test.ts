/** The words of a conversation on the wire: what is understood, what is not, and that both topologies say the same. */
import { describe, expect, test } from 'vitest'
import { type ChatEvent, isEmoji, withId } from '../src/wire/chat.ts'
import { memberId, messageId } from '../src/wire/ids.ts'
import { decodeFrame, encodeFrame } from '../src/wire/json.ts'
import { parseMesh, writeMesh } from '../src/wire/mesh.ts'
import type { PeerMessage } from '../src/wire/peer.ts'
import { parseFromGuest, parseFromHost, writeAsGuest, writeAsHost } from '../src/wire/star.ts'
import { chat } from './words.ts'

const id = messageId('m-1') ?? ('' as never)
const one = memberId('1')
const told = { id, replyTo: null, name: 'Ada', text: 'hi', at: 1_700_000_000_000 }
const words: readonly ChatEvent[] = [
  { kind: 'reaction', to: id, emoji: '👍🏽', on: true },
  { kind: 'typing', on: false },
  { kind: 'ack', id },
  { kind: 'ask-history' },
  { kind: 'history', messages: [told, { ...told, id: null, replyTo: id, text: 'two\nlines' }] },
]

const over = (value: object | null): unknown => decodeFrame(encodeFrame(value))

describe('what is written is what is read', () => {
  test.each<PeerMessage>([...words, chat('hi'), chat('hi', 'a', 'b')])('$kind', message => {
    const bare = (heard: PeerMessage | undefined): unknown => ({ ...heard, asReceived: undefined })
    const expected = { ...message, asReceived: undefined }
    expect(bare(parseMesh(over(writeMesh(message, one)))?.message)).toEqual(expected)
    expect(bare(parseFromGuest(over(writeAsGuest(message, one)))?.message)).toEqual(expected)
    expect(bare(parseFromHost(over(writeAsHost(message, one)))?.message)).toEqual(expected)
  })
})

test('the original sees a message of ours as its own, with keys it passes over', () => {
  expect(writeMesh(chat('hi', 'a', 'b'), one)).toEqual({
    type: 1,
    data: { msg: 'hi', files: [], id: 'a', re: 'b' },
  })
  expect(writeMesh(chat('hi'), one)).toEqual({ type: 1, data: { msg: 'hi', files: [] } })
})

test('a host’s name for a message travels with all that the message held', () => {
  const heard = parseFromGuest({ target: '1', idata: { type: 2, data: { msg: 'x', files: [1] }, more: 2 } })
  if (heard?.message.kind !== 'chat') throw new Error('not understood')
  expect(writeAsHost(withId(heard.message, id), one)).toEqual({
    source: '1',
    idata: { type: 2, data: { msg: 'x', files: [1], id: 'm-1' }, more: 2 },
  })
})

test.each([
  ['reaction', {}],
  ['reaction', { to: 'm', sign: '👍' }],
  ['reaction', { to: 'm', sign: '👍', on: 1 }],
  ['reaction', { to: 7, sign: '👍', on: true }],
  ['reaction', { to: 'a b', sign: '👍', on: true }],
  ['reaction', { to: 'm', sign: 'text', on: true }],
  ['reaction', null],
  ['typing', {}],
  ['typing', { on: 'yes' }],
  ['typing', []],
  ['heard', { id: null }],
  ['heard', { id: 'x'.repeat(65) }],
  ['ask-history', null],
  ['history', 'x'],
  ['constructor', {}],
  [['typing'], { on: true }],
])('%j with %j says nothing', (type, data) => {
  expect(parseMesh({ type, data })).toBeNull()
  expect(parseFromGuest({ target: '1', idata: { type, data } })).toBeNull()
  expect(parseFromHost({ source: '1', idata: { type, data } })).toBeNull()
})

test.each([[7], [null], [{}], [['a']], ['<b>'], ['a'.repeat(65)], ['']])(
  'a message under the name %j is one without a name',
  name => {
    expect(parseMesh({ type: 1, data: { msg: 'hi', id: name, re: name } })?.message).toEqual(chat('hi'))
  },
)

test('of what is told, only what makes sense is taken, and not too much of it', () => {
  const sane = { name: 'Ada', msg: 'hi', at: 5 }
  const messages = [
    sane,
    null,
    7,
    {},
    { ...sane, at: 'x' },
    { ...sane, at: -1 },
    { ...sane, at: 1e300 },
    { ...sane, msg: 3 },
    { ...sane, msg: '  ' },
    { ...sane, name: null },
    { ...sane, id: {}, re: 'ok', own: true, sharedBy: 'x' },
  ]
  const heard = parseMesh({ type: 'history', data: { messages } })?.message
  const plain = { id: null, replyTo: null, name: 'Ada', text: 'hi', at: 5 }
  expect(heard).toEqual({ kind: 'history', messages: [plain, { ...plain, replyTo: 'ok' }] })
  const many = { messages: Array.from({ length: 500 }, () => sane) }
  expect(parseMesh({ type: 'history', data: many })?.message).toMatchObject({ messages: { length: 100 } })
  expect(parseMesh({ type: 'history', data: { messages: {} } })?.message).toEqual({
    kind: 'history',
    messages: [],
  })
})

test.each(['👍', '❤️', '👩🏽‍💻', '🇫🇷', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '✅'])('%s is an emoji', emoji =>
  expect(isEmoji(emoji)).toBe(true),
)
test.each(['', 'a', '7', '👍 ', '<b>', '🇫', '👍'.repeat(20), '\u202e👍', 7, null])('%j is none', emoji =>
  expect(isEmoji(emoji)).toBe(false),
)
