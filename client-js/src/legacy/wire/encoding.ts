/**
 * How original pages put values into JSON that JSON has no form for. Sets and maps become objects with a `dataType`,
 * which those pages turn back wherever they stand; bytes become a string of UTF-16 units, two bytes each, the high one
 * first.
 */
import { isRecord } from '../../wire/json.ts'

export const writeSet = (values: Iterable<unknown>): object => ({ dataType: 'Set', value: [...values] })

export const writeMap = (entries: Iterable<readonly [unknown, unknown]>): object => ({
  dataType: 'Map',
  value: [...entries],
})

/** Null for what is no set; of one that is, no more than `max` values. */
export const parseSet = (value: unknown, max: number): readonly unknown[] | null => values(value, 'Set', max)

export const parseMap = (value: unknown, max: number): readonly (readonly [unknown, unknown])[] | null =>
  values(value, 'Map', max)?.flatMap(entry =>
    Array.isArray(entry) ? [[entry[0], entry[1]] as const] : [],
  ) ?? null

const values = (value: unknown, dataType: string, max: number): readonly unknown[] | null => {
  if (!isRecord(value) || value['dataType'] !== dataType) return null
  const listed = value['value']
  return Array.isArray(listed) ? listed.slice(0, max) : null
}

/** An odd last byte is the high half of a unit whose low half is 0. */
export const packed = (bytes: Uint8Array): string => {
  const pieces: string[] = []
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const units: number[] = []
    const end = Math.min(bytes.length, from + pieceBytes)
    for (let at = from; at < end; at += 2) units.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
    pieces.push(String.fromCharCode(...units))
  }
  return pieces.join('')
}

/** As many as an argument list surely holds. */
const pieceBytes = 8_192

/** Always an even number of bytes; whoever knows the true length cuts the last one off. */
export const unpacked = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(text.length * 2)
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    bytes[at * 2] = unit >> 8
    bytes[at * 2 + 1] = unit & 0xff
  }
  return bytes
}
