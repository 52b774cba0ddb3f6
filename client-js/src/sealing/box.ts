/** Seals and opens messages: an epoch, a counter, and what AES-GCM makes of a JSON value, as text in base64url. */
import { base64UrlOf, bytesOfBase64Url } from '../base/random.ts'
import { type Trailer, vectorOf } from './media-frame.ts'

/** Of JSON, so that a frame has room for a third more in base64url, and for what goes around it. */
export const boxedBytesMax = 45_000

const headBytes = 5
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export type Box = Trailer & { readonly sealed: Uint8Array<ArrayBuffer> }

/** Null for what is too large. `label` is what the box has to be opened under, too. */
export const sealBox = async (
  key: CryptoKey,
  { epoch, counter }: Trailer,
  value: unknown,
  label: string,
): Promise<string | null> => {
  const plain = encoder.encode(JSON.stringify(value))
  if (plain.byteLength > boxedBytesMax) return null
  const algorithm = { name: 'AES-GCM', iv: vectorOf(counter), additionalData: encoder.encode(label) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain))
  const box = new Uint8Array(headBytes + sealed.length)
  const head = new DataView(box.buffer)
  head.setUint8(0, epoch)
  head.setUint32(1, counter)
  box.set(sealed, headBytes)
  return textOf(box)
}

/** Null for what is no box. */
export const parseBox = (text: string): Box | null => {
  try {
    const bytes = bytesOfBase64Url(text)
    if (bytes.length < headBytes) return null
    const head = new DataView(bytes.buffer)
    return { epoch: head.getUint8(0), counter: head.getUint32(1), sealed: bytes.slice(headBytes) }
  } catch {
    return null
  }
}

/** The value; undefined where it does not open, which no JSON value is. */
export const openBox = async (key: CryptoKey, { counter, sealed }: Box, label: string): Promise<unknown> => {
  try {
    const algorithm = { name: 'AES-GCM', iv: vectorOf(counter), additionalData: encoder.encode(label) }
    return JSON.parse(decoder.decode(await crypto.subtle.decrypt(algorithm, key, sealed)))
  } catch {
    return undefined
  }
}

const pieceBytes = 8_190

/** In pieces: no argument list holds as many as a large box has, and three bytes are four characters. */
const textOf = (bytes: Uint8Array): string => {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes)
    pieces.push(base64UrlOf(bytes.subarray(at, at + pieceBytes)))
  return pieces.join('')
}
