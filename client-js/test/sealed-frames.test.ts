/** Sealed frames: the right bytes, by another implementation; what stays in the clear; and that nothing else opens. */
import { createCipheriv, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../src/base/random.ts'
import { clearBytesOf, escaped, isH264, unescaped } from '../src/sealing/clear-bytes.ts'
import { senderKeys } from '../src/sealing/derivation.ts'
import { isSealed, openFrame, partsOf, sealFrame } from '../src/sealing/media-frame.ts'
import { ReplayWindow } from '../src/sealing/replay-window.ts'

const secret = Uint8Array.from({ length: 32 }, (_, at) => at)
const bytes = (...all: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(all)
const filled = (length: number, from = 0): number[] =>
  Array.from({ length }, (_, at) => (at * 7 + from) & 0xff)
/** VP8: frame tag, start code, size, and what follows. */
const keyFrame = bytes(0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, ...filled(200))
const deltaFrame = bytes(0x11, 2, 0, ...filled(90))
const sliceOf = (type: number, ...rest: number[]): number[] => [0, 0, 0, 1, 0x60 | type, ...rest]
const h264KeyFrame = bytes(...sliceOf(7, 66, 0, 30), ...sliceOf(8, 9, 9), ...sliceOf(5, 0x88, ...filled(40)))

const keys = await senderKeys(secret)

const seal = async (kind: 'audio' | 'video', data: Uint8Array, by = { epoch: 3, counter: 9 }) => {
  const sealed = await sealFrame(kind, data, keys[kind], by)
  if (!sealed) throw new Error('no frame')
  return sealed
}

/** As Node makes it: HKDF and AES-256-GCM. */
const expected = (what: string, clear: number, data: Uint8Array, epoch: number, counter: number): string => {
  const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), `p2pchat sender 1 ${what}`, 32))
  const vector = Buffer.alloc(12)
  vector.writeUInt32BE(counter, 8)
  const cipher = createCipheriv('aes-256-gcm', key, vector).setAAD(data.subarray(0, clear))
  const sealed = Buffer.concat([cipher.update(data.subarray(clear)), cipher.final(), cipher.getAuthTag()])
  const trailer = Buffer.alloc(9)
  trailer.writeUInt32BE(counter)
  trailer.writeUInt8(epoch, 4)
  trailer.write('p2e1', 5, 'latin1')
  return Buffer.concat([data.subarray(0, clear), sealed, trailer]).toString('hex')
}

describe('a frame', () => {
  test('has the right bytes', async () => {
    const sound = bytes(0x78, 1, 2, 3)
    const sealed = await seal('audio', sound, { epoch: 7, counter: 258 })
    expect(hexOf(sealed)).toBe('7853a86ca28616bad7628e951aab56fcc61cf1ca000001020770326531')
    expect(hexOf(sealed)).toBe(expected('audio', 1, sound, 7, 258))
    const picture = await seal('video', keyFrame, { epoch: 255, counter: 2 ** 32 - 1 })
    expect(hexOf(picture)).toBe(expected('video', 10, keyFrame, 255, 2 ** 32 - 1))
    const next = await seal('video', deltaFrame, { epoch: 0, counter: 0 })
    expect(hexOf(next)).toBe(expected('video', 3, deltaFrame, 0, 0))
  })

  test.each([
    ['audio', bytes(0x78, 1, 2, 3), 1],
    ['audio', bytes(0x78), 1],
    ['video', keyFrame, 10],
    ['video', deltaFrame, 3],
    ['video', h264KeyFrame, 21],
    ['video', bytes(...sliceOf(1, 0x9a, ...filled(30))), 6],
  ] as const)(
    'of %s comes back as it was, with what has to stay in the clear: %#',
    async (kind, data, clear) => {
      expect(clearBytesOf(kind, data)).toBe(clear)
      const sealed = await seal(kind, data)
      expect(sealed.slice(0, clear)).toEqual(data.slice(0, clear))
      expect(isSealed(sealed)).toBe(true)
      const parts = partsOf(kind, sealed)
      expect(parts?.trailer).toEqual({ epoch: 3, counter: 9 })
      expect(parts && (await openFrame(parts, keys[kind]))).toEqual(data)
    },
  )

  test('that was changed anywhere does not open', async () => {
    const sealed = await seal('video', deltaFrame)
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      // Its kind is left as it is, so that it is looked at all the same.
      changed[at] = (changed[at] ?? 0) ^ (at === 0 ? 2 : 1)
      const parts = partsOf('video', changed)
      const epochAt = sealed.length - 5
      if (at === epochAt) expect(parts?.trailer.epoch).not.toBe(3)
      else expect(parts && (await openFrame(parts, keys.video))).toBeNull()
    }
  })

  test('opens by its own key alone, and not as another kind', async () => {
    const sealed = await seal('video', deltaFrame)
    const parts = partsOf('video', sealed)
    const other = await senderKeys(Uint8Array.from(secret, it => it ^ 1))
    expect(parts && (await openFrame(parts, other.video))).toBeNull()
    expect(parts && (await openFrame(parts, keys.audio))).toBeNull()
    expect(parts && (await openFrame(parts, keys.messages))).toBeNull()
  })

  test('that is none, or cut off, is nothing', async () => {
    const sealed = await seal('video', deltaFrame)
    for (const data of [
      deltaFrame,
      bytes(),
      bytes(0x70, 0x32, 0x65, 0x31),
      sealed.slice(-12),
      sealed.slice(0, -1),
    ])
      expect(partsOf('video', data)).toBeNull()
    for (const data of [bytes(), bytes(0x11), bytes(0x10, 2, 0, 0x9d), bytes(...sliceOf(7, 1, 2))])
      expect(await sealFrame('video', data, keys.video, { epoch: 0, counter: 0 })).toBeNull()
  })
})

describe('H.264', () => {
  test('is told from VP8, whose key frames may begin alike', () => {
    expect([h264KeyFrame, bytes(0, 0, 1, 0x65, 1)].map(isH264)).toEqual([true, true])
    expect([keyFrame, deltaFrame, bytes(0, 0, 1, 0x9d, 1, 0x2a), bytes(0, 0, 0, 0x9d)].map(isH264)).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  test('has no start code in what is sealed', () => {
    for (const before of [bytes(0x65, 0x88), bytes(0x65, 0), bytes(0, 0)])
      for (const body of [
        bytes(0, 0, 1, 0, 0, 0, 3),
        bytes(1, 2, 3),
        bytes(0, 1, 0, 0, 2),
        bytes(...filled(300), 0, 0),
      ]) {
        const safe = escaped(body, before)
        const all = [...before.slice(-2), ...safe]
        const codes = all.flatMap((_, at) =>
          all[at] === 0 && all[at + 1] === 0 && (all[at + 2] ?? 9) < 3 ? [at] : [],
        )
        expect(codes).toEqual([])
        expect(unescaped(safe, before)).toEqual(body)
      }
  })
})

test('what was sealed once is taken once', () => {
  const seen = new ReplayWindow()
  const taken = (counter: number): boolean => {
    const isNew = seen.isNew(counter)
    if (isNew) seen.take(counter)
    return isNew
  }
  expect([5, 5, 3, 4, 3, 0, 0].map(taken)).toEqual([true, false, true, true, false, true, false])
  expect([1_028, 4, 1, 1_027, 6, 1_027].map(taken)).toEqual([true, false, false, true, true, false])
  expect([2 ** 32 - 1, 1_029, 2 ** 32 - 1].map(taken)).toEqual([true, false, false])
  const later = new ReplayWindow(10)
  expect([10, 3, 11].map(it => later.isNew(it))).toEqual([false, false, true])
})
