/** Owns how far somebody has read: what is new to them, and where the line before it stands. Pure. */
import type { Entry, Timeline } from '../room/timeline.ts'

export type Reading = {
  /** The last entry that was seen. */
  readonly read: number
  /** The first of those that came while nobody looked. */
  readonly line: number | null
}

export const freshReading: Reading = { read: 0, line: null }

/** What others have said, to us and since we came. */
export const newTo = ({ read }: Reading, timeline: Timeline): number[] =>
  timeline.flatMap(entry => (entry.key > read && isNews(entry) ? [entry.key] : []))

/** Somebody looks at the end of it. `back`: they did not look a moment ago. */
export const readUpTo = (reading: Reading, timeline: Timeline, back: boolean): Reading => {
  const read = Math.max(reading.read, timeline.at(-1)?.key ?? 0)
  const line = back ? (newTo(reading, timeline)[0] ?? reading.line) : reading.line
  return read === reading.read && line === reading.line ? reading : { read, line }
}

const isNews = (entry: Entry): boolean =>
  (entry.kind === 'chat' && !entry.own && entry.sharedBy === null) || (entry.kind === 'file' && !entry.own)
