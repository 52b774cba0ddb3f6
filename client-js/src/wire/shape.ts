/** The questions that a parser asks of a value whose shape is not known yet. None of them throws. */
import { cut } from '../base/text.ts'

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
