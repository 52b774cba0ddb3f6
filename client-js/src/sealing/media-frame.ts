/**
 * Seals and opens one encoded frame: what stays in the clear, the rest under AES-GCM, and nine bytes behind it that say by which
 * key. The clear bytes are authenticated too. Pure but for the browser's cryptography.
 */
import { clearBytesOf, escaped, isH264, type MediaKind, unescaped } from './clear-bytes.ts'

type Bytes = Uint8Array<ArrayBuffer>

const tagBytes = 16
/** Counter (4), epoch (1), mark (4). */
const trailerBytes = 9
/** No unsealed frame ends so, but by chance. */
const mark = [0x70, 0x32, 0x65, 0x31] as const

/** No key seals more: an initialisation vector would come twice. */
export const countersMax = 2 ** 32

/** 96 bits (NIST SP 800-38D section 8.2.1), of which the counter is the last 32: every key has one counter. */
export const vectorOf = (counter: number): Bytes => {
  const vector = new Uint8Array(12)
  new DataView(vector.buffer).setUint32(8, counter)
  return vector
}

export const isSealed = (data: Uint8Array): boolean =>
  data.length >= trailerBytes && mark.every((byte, at) => data[data.length - mark.length + at] === byte)

/** Null for what is no whole frame. */
export const sealFrame = async (
  kind: MediaKind,
  data: Uint8Array,
  key: CryptoKey,
  { epoch, counter }: { readonly epoch: number; readonly counter: number },
): Promise<Bytes | null> => {
  const clearBytes = clearBytesOf(kind, data)
  if (clearBytes === null) return null
  const clear = data.slice(0, clearBytes)
  const algorithm = { name: 'AES-GCM', iv: vectorOf(counter), additionalData: clear }
  const sealed = await crypto.subtle.encrypt(algorithm, key, data.slice(clear.length))
  const body = new Uint8Array(sealed.byteLength + trailerBytes)
  body.set(new Uint8Array(sealed))
  const trailer = new DataView(body.buffer, sealed.byteLength)
  trailer.setUint32(0, counter)
  trailer.setUint8(4, epoch)
  body.set(mark, sealed.byteLength + 5)
  return joined(clear, kind === 'video' && isH264(data) ? escaped(body, clear) : body)
}

export type Trailer = { readonly epoch: number; readonly counter: number }

/** A sealed frame taken apart; null for what is none. */
export const partsOf = (kind: MediaKind, data: Uint8Array) => {
  if (!isSealed(data)) return null
  const clearBytes = clearBytesOf(kind, data)
  if (clearBytes === null) return null
  const clear = data.slice(0, clearBytes)
  const rest = data.slice(clear.length)
  const body = kind === 'video' && isH264(data) ? unescaped(rest, clear) : rest
  const length = body.length - trailerBytes
  if (length < tagBytes) return null
  const view = new DataView(body.buffer, length)
  const trailer: Trailer = { counter: view.getUint32(0), epoch: view.getUint8(4) }
  return { clear, sealed: body.slice(0, length), trailer }
}

export type Parts = NonNullable<ReturnType<typeof partsOf>>

/** Null where it does not open. */
export const openFrame = async ({ clear, sealed, trailer }: Parts, key: CryptoKey): Promise<Bytes | null> => {
  try {
    const algorithm = { name: 'AES-GCM', iv: vectorOf(trailer.counter), additionalData: clear }
    const opened = await crypto.subtle.decrypt(algorithm, key, sealed)
    return joined(clear, new Uint8Array(opened))
  } catch {
    return null
  }
}

const joined = (head: Uint8Array, tail: Uint8Array): Bytes => {
  const all = new Uint8Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}
