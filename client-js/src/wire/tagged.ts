/** Owns the original's JSON for sets and maps: an object with a `dataType`, which its pages turn back wherever it stands. */
import { isRecord } from './shape.ts'

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
