/**
 * JSON as it comes from peers and from the server: one message is one frame of UTF-8 JSON, sent as bytes and understood
 * as bytes or text; and the questions that a parser asks of a value whose shape is not known yet. None of them throws.
 */
import { cut } from '../base/text.ts'

/** What every end of a data channel can take in one message; nobody's chat comes near it. */
export const frameBytesMax = 65_536

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const encodeFrame = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value))

/** What a value takes up in a frame. */
export const utf8Bytes = (value: unknown): number => encodeFrame(value).byteLength

/** `undefined` for whatever is not JSON of a bearable size: JSON itself has no such value. */
export const decodeFrame = (frame: unknown): unknown => {
  const text = frameText(frame)
  if (text === null) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const frameText = (frame: unknown): string | null => {
  if (typeof frame === 'string') return frame.length <= frameBytesMax ? frame : null
  if (frame instanceof ArrayBuffer || frame instanceof Uint8Array)
    return frame.byteLength <= frameBytesMax ? decoder.decode(frame) : null
  return null
}

export type Fields = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const recordAt = (fields: Fields, key: string): Fields | null => {
  const value = fields[key]
  return isRecord(value) ? value : null
}

/** A non-empty string of bounded length; ids are never cut, since a cut id names somebody else. */
export const idText = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 200 ? value : null

export const textUpTo = (value: unknown, unitsMax: number): string | null =>
  typeof value === 'string' ? cut(value, unitsMax) : null

export const wholeNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
