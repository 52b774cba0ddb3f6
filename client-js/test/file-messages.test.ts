/**
 * Words about files, as the original has them and as they come from anybody: what is written, what is read, what is
 * not.
 */
import { expect, test } from 'vitest'
import { fileNameUnitsMax, safeFileName } from '../src/base/text.ts'
import { packed } from '../src/legacy/wire/encoding.ts'
import { parseBytes, parseFileSignal, writeBytes, writeFileSignal } from '../src/legacy/wire/file-signal.ts'
import { type FileSignal, parseFileCard, parseFiles, writeFileCard } from '../src/wire/file.ts'
import { parseFileChannelMessage, writeFileChannelMessage } from '../src/wire/file-channel.ts'
import { fileId, hostNumber, memberId } from '../src/wire/ids.ts'
import { parseMesh, writeMesh } from '../src/wire/mesh.ts'
import { parseFromGuest, parseFromHost, writeAsGuest, writeAsHost } from '../src/wire/star.ts'

const overWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const card = { id: fileId('0'), name: 'a.bin', size: 123, media: '' }
const tagged = { dataType: 'FileData', value: { FileID: '0', FileName: 'a.bin', FileSize: 123 } }

test('bytes are packed two to a unit, the high one first', () => {
  expect(packed(new Uint8Array([1, 2, 255]))).toBe('\u0102\uff00')
  expect(writeBytes(new Uint8Array([0x4a, 0x4b]))).toEqual({ dataType: 'Uint8Array', value: '\u4a4b' })
})

test('any bytes survive the wire, an odd number with one more behind it', () => {
  const all = Uint8Array.from({ length: 131_072 }, (_, at) => (at % 2 === 0 ? at >> 9 : at >> 1))
  expect(parseBytes(overWire(writeBytes(all)), 200_000)).toEqual(all)
  expect(parseBytes(overWire(writeBytes(all.slice(0, 3))), 3)).toEqual(
    new Uint8Array([...all.slice(0, 3), 0]),
  )
})

test('a chunk of any bytes fits a frame', () => {
  for (const byte of [0, 0x22, 0x5c, 0xd8, 0xff]) {
    const bytes = new Uint8Array(16_384).fill(byte)
    const message = {
      kind: 'file-signal',
      to: null,
      signal: { kind: 'chunk', from: 1, chunk: 9, bytes },
    } as const
    const frame = new TextEncoder().encode(JSON.stringify(writeMesh(message, memberId('x'))))
    expect(frame.byteLength).toBeLessThan(65_536)
  }
})

test('bytes in the form that a passed-on buffer has', () => {
  expect(parseBytes({ type: 'Buffer', data: [1, 2, 255] }, 3)).toEqual(new Uint8Array([1, 2, 255]))
})

test.each([
  ['too many', { dataType: 'Uint8Array', value: 'xxx' }],
  ['no string', { dataType: 'Uint8Array', value: [1] }],
  ['no bytes', { type: 'Buffer', data: [256] }],
  ['no numbers', { type: 'Buffer', data: ['1'] }],
  ['no list', { type: 'Buffer', data: 'ab' }],
  ['nothing', null],
  ['a string', 'ab'],
])('bytes that are %s are none', (_name, value) => {
  expect(parseBytes(value, 3)).toBeNull()
})

test('a file is understood tagged and plain, and written plain with what we add', () => {
  expect(parseFileCard(tagged)).toEqual(card)
  const ours = { ...card, media: 'image/png' }
  expect(parseFileCard(overWire(writeFileCard(ours)))).toEqual(ours)
  expect(writeFileCard(card)).toEqual({ FileID: '0', FileName: 'a.bin', FileSize: 123 })
})

test.each([
  [{ FileID: '', FileName: 'a', FileSize: 1 }],
  [{ FileID: 7, FileName: 'a', FileSize: 1 }],
  [{ FileID: 'x'.repeat(201), FileName: 'a', FileSize: 1 }],
  [{ FileID: '0', FileSize: 1 }],
  [{ FileID: '0', FileName: 'a', FileSize: -1 }],
  [{ FileID: '0', FileName: 'a', FileSize: 1.5 }],
  [{ FileID: '0', FileName: 'a', FileSize: 2 ** 60 }],
  [{ FileID: '0', FileName: 'a', FileSize: '1' }],
  [{ dataType: 'FileData', value: 'x' }],
  [null],
  [[]],
])('%j is no file', value => {
  expect(parseFileCard(value)).toBeNull()
})

test('names are cut, lists bounded, and what is no file in them left out', () => {
  expect(parseFileCard({ FileID: '0', FileName: 'n'.repeat(500), FileSize: 1 })?.name).toHaveLength(100)
  const long = parseFileCard({ FileID: '0', FileName: `${'n'.repeat(120)}.kdbx`, FileSize: 1 })?.name
  expect(long).toBe(`${'n'.repeat(95)}.kdbx`)
  expect(parseFiles([tagged, null, 5, tagged])).toHaveLength(2)
  expect(parseFiles(Array(1_000).fill(tagged))).toHaveLength(20)
  expect(parseFiles('abc')).toEqual([])
  expect(parseFileCard({ ...tagged.value, media: 5 })).toEqual(card)
})

const signals: readonly FileSignal[] = [
  { kind: 'download', file: fileId('3'), from: 1_001, mode: 0 },
  { kind: 'ack', from: 1, to: 2, mode: 1 },
  { kind: 'peer', from: 1, to: 2, signal: -1 },
  { kind: 'peer', from: 1, to: 2, signal: { type: 'offer', sdp: 'v=0' } },
  { kind: 'chunk', from: 4, chunk: 7, bytes: new Uint8Array([1, 2]) },
  { kind: 'finished', from: 1, to: 2, success: true },
  { kind: 'error', from: -1, to: 2, error: 'noSuchFile' },
]

test.each(signals)('$kind is read as it was written', signal => {
  expect(parseFileSignal(overWire(writeFileSignal(signal)))).toEqual(signal)
})

test('success comes nested and bare', () => {
  const finished = (success: unknown) =>
    parseFileSignal({ type: 1, idata: { sendersAcID: 1, receiversAcID: 2, success } })
  expect(finished({ success: true })).toMatchObject({ success: true })
  expect(finished(true)).toMatchObject({ success: true })
  expect(finished({ success: 'yes' })).toMatchObject({ success: false })
  expect(finished(undefined)).toMatchObject({ success: false })
})

test.each([
  [{ type: 0, idata: { FileID: 'x', type: 0 } }],
  [{ type: 0, idata: { FileID: 'x', type: -1, sendersAcID: 1 } }],
  [{ type: 3, idata: { sendersAcID: 1, ChunkID: -1, Chunk: writeBytes(new Uint8Array(2)) } }],
  [{ type: 3, idata: { sendersAcID: 1, ChunkID: 1, Chunk: writeBytes(new Uint8Array(16_387)) } }],
  [{ type: 4, idata: { sendersAcID: 1, type: 0 } }],
  [{ type: 4, idata: { sendersAcID: 1.5, receiversAcID: 2, type: 0 } }],
  [{ type: 4, idata: { sendersAcID: -2, receiversAcID: 2, type: 0 } }],
  [{ type: 6, idata: { sendersAcID: 1, receiversAcID: 2 } }],
  [{ type: 4, idata: [] }],
  [{ type: 4 }],
  [7],
])('%j is no signal', value => {
  expect(parseFileSignal(value)).toBeNull()
})

test('a mesh and a star have different places for the same words', () => {
  const announced = { kind: 'file-announced', file: card } as const
  const self = memberId('7')
  expect(writeMesh(announced, self)).toEqual({ type: 3, data: { type: 0, special: tagged } })
  expect(writeAsHost(announced, hostNumber)).toEqual({
    source: '0',
    idata: { type: 8, data: { type: 0, special: { file: tagged } } },
  })
  const signal = { kind: 'ack', from: 1, to: 2, mode: 0 } as const
  const words = writeFileSignal(signal)
  expect(writeAsGuest({ kind: 'file-signal', to: memberId('3'), signal }, self)).toEqual({
    target: '3',
    idata: { type: 8, data: { type: 4, special: words } },
  })
  expect(parseMesh({ type: 3, data: { type: 4, special: words } })?.message).toMatchObject({ signal })
  const idata = { type: 8, data: { type: 4, special: words } }
  expect(parseFromGuest({ target: '3', idata })?.message).toMatchObject({ to: '3', signal })
  expect(parseFromHost({ source: '2', idata })).toMatchObject({ source: '2', message: { signal } })
  expect(
    parseFromGuest({ target: '3', idata: { type: 8, data: { type: 1, special: { FileID: '9' } } } }),
  ).toEqual({
    source: null,
    message: { kind: 'file-withdrawn', file: '9', lost: false },
  })
  expect(parseMesh({ type: 3, data: null })).toBeNull()
  expect(parseMesh({ type: 3, data: { type: 9, special: {} } })).toBeNull()
})

test('what a guest says about a file is passed on as it came', () => {
  const idata = { type: 8, data: { type: 0, special: { file: { ...tagged.value, extra: [1] } } }, more: 1 }
  const message = parseFromGuest({ target: '1', idata })?.message
  if (!message) throw new Error('not understood')
  expect(writeAsHost(message, memberId('1'))).toEqual({ source: '1', idata })
})

test.each([
  { kind: 'want', file: fileId('x'), from: 0, credit: 10, resumeToken: null },
  { kind: 'want', file: fileId('x'), from: 5, credit: 10, resumeToken: 'a' },
  { kind: 'decline', file: fileId('x') },
  { kind: 'took', bytes: 7 },
  { kind: 'done', file: null },
  { kind: 'done', file: fileId('f') },
  { kind: 'begin', size: 5, resumeToken: 'a' },
  { kind: 'end', digest: '0'.repeat(64) },
  { kind: 'pause', on: false },
  { kind: 'stop', why: 'no-room' },
] as const)('$kind is read from a channel as it was written', message => {
  expect(parseFileChannelMessage(writeFileChannelMessage(message))).toEqual(message)
})

test.each([
  'x',
  '[]',
  'null',
  '{"type":"want","file":"x","from":-1,"credit":1}',
  '{"type":"want","file":"","from":1,"credit":1}',
  '{"type":"begin","size":"5","again":"a"}',
  '{"type":"end","digest":"XYZ"}',
  '{"type":"pause","on":1}',
  '{"type":"constructor"}',
  `{"type":"done","x":"${'x'.repeat(70_000)}"}`,
])('%.60s is no message of a channel', frame => {
  expect(parseFileChannelMessage(frame)).toBeNull()
})

test('a stop for a reason we do not know is a stop', () => {
  expect(parseFileChannelMessage('{"type":"stop","why":{"x":1}}')).toEqual({ kind: 'stop', why: 'cancelled' })
})

test.each([
  ['notes.txt', 'notes.txt'],
  ['../../etc/passwd', '_.._etc_passwd'],
  ['a<b>:"c|d?*.txt', 'a_b___c_d__.txt'],
  ['photo\u202egpj.exe', 'photo_gpj.exe'],
  ['.hidden', 'hidden'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['COM¹.txt', '_COM¹.txt'],
  ['con .txt', '_con .txt'],
  [`${'x'.repeat(99)} y`, 'x'.repeat(99)],
  [`${'x'.repeat(99)}. . `, 'x'.repeat(99)],
  [`${'語'.repeat(100)}.txt`, `${'語'.repeat(77)}.txt`],
  [`${'x'.repeat(80)}.${'語'.repeat(9)}\u{1f600}`, `${'x'.repeat(80)}.${'語'.repeat(9)}\u{1f600}`],
  ['', 'file'],
  ['...', 'file'],
  [`${'x'.repeat(300)}.tar`, `${'x'.repeat(96)}.tar`],
])('%j is saved as %j', (name, safe) => {
  expect(safeFileName(name, fileNameUnitsMax)).toBe(safe)
})
