/** The frames of what is sealed, and of keys: written, read back, and what is none. */
import { describe, expect, test } from 'vitest'
import { chunkBytes } from '../src/legacy/wire/file-signal.ts'
import { fileId, memberId, messageId } from '../src/wire/ids.ts'
import { encodeFrame } from '../src/wire/json.ts'
import type { PeerMessage } from '../src/wire/peer.ts'
import type { SealedMessage } from '../src/wire/sealing.ts'
import {
  parseFromGuest,
  parseFromHost,
  parseOpened,
  writeAsGuest,
  writeForSealing,
} from '../src/wire/star.ts'

const [me, ben] = [memberId('1'), memberId('2')]
const [identity, nonce] = [`B${'a'.repeat(86)}`, 'n'.repeat(22)]

const messages: SealedMessage[] = [
  { kind: 'sealed', id: null, box: 'AAAA' },
  { kind: 'sealed', id: messageId('m1'), box: 'A-_9' },
  { kind: 'sealed-for', to: ben, chunk: false, box: 'AAAA' },
  { kind: 'sealed-for', to: ben, chunk: true, box: 'AAAA' },
  { kind: 'keys', to: ben, identity, nonce, known: null, box: null },
  { kind: 'keys', to: ben, identity, nonce, known: nonce, box: 'AAAA' },
]

test.each(messages)('a frame of %o is read as it was written', message => {
  const written = JSON.parse(JSON.stringify(writeAsGuest(message, me)))
  expect(written.target).toBe(message.kind === 'sealed' ? me : ben)
  expect(parseFromGuest(written)?.message).toEqual(message)
  const { idata } = written
  const heard = message.kind === 'sealed' ? message : { ...message, to: null }
  expect(parseFromHost({ source: '1', idata })).toEqual({ source: me, message: heard })
})

test.each([
  ['sealed', {}],
  ['sealed', { box: '' }],
  ['sealed', { box: 'no base64url!' }],
  ['sealed', { box: 'A'.repeat(65_540) }],
  ['sealed', { box: 5 }],
  ['sealed-for', { box: 'AAAAA' }],
  ['keys', { identity, nonce: 'short' }],
  ['keys', { identity: 'short', nonce }],
  ['keys', { nonce }],
  ['keys', null],
] as const)('%s %j is none', (type, data) => {
  expect(parseFromHost({ source: '1', idata: { type, data } })).toBeNull()
})

describe('what is in a seal', () => {
  const sealed: PeerMessage[] = [
    { kind: 'chat', text: 'hello', id: messageId('m1'), replyTo: null },
    {
      kind: 'chat',
      text: '',
      id: messageId('m1'),
      replyTo: null,
      files: [{ id: fileId('f'), name: 'a.txt', size: 1, media: '' }],
    },
    { kind: 'typing', on: true },
    { kind: 'ask-history' },
    { kind: 'file-withdrawn', file: fileId('f'), lost: true },
    { kind: 'file-signal', to: null, signal: { kind: 'error', from: 1, to: 2, error: 'no' } },
    { kind: 'direct', to: null, id: 'd', signal: { type: 'renegotiate', renegotiate: true } },
  ]

  test.each(sealed)('comes out as %o', message => {
    const opened = parseOpened(JSON.parse(JSON.stringify(writeForSealing(message, me))))
    expect(opened).toMatchObject(message)
  })

  test('is a part of a file in a form that is never too long', () => {
    for (const bytes of [
      new Uint8Array(chunkBytes).fill(0xd8),
      new Uint8Array(5).fill(255),
      new Uint8Array(),
    ]) {
      const message: PeerMessage = {
        kind: 'file-signal',
        to: null,
        signal: { kind: 'chunk', from: 1, chunk: 2, bytes },
      }
      const idata = writeForSealing(message, me)
      expect(encodeFrame(idata).byteLength).toBeLessThan(23_000)
      expect(parseOpened(JSON.parse(JSON.stringify(idata)))).toMatchObject(message)
    }
  })

  test.each([null, 5, {}, { type: 3, data: [] }, { type: 0, data: { id: '1' } }, { type: 6, data: '2' }])(
    'is nothing where it says %j',
    value => expect(parseOpened(value)).toBeNull(),
  )
})
