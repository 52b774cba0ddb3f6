/**
 * What a page leaves for the next one in its tab: its session at the server, and its stay in a room. It lies in session
 * storage only while the page is away or hidden, since a tab that is duplicated takes a copy of it along.
 */
import type { Stay } from '../core/stay.ts'
import { type Access, parseAccess } from '../wire/access.ts'
import { isRecord, wholeNumber } from '../wire/json.ts'
import { parseRecord, type ResumeRecord } from '../wire/resume.ts'

export type TabState = {
  readonly record: ResumeRecord | null
  /** As it was written: a first visit reads none, and has no need of what does. */
  readonly stay: string | null
  /** Ended long enough ago that nobody is put back into a call. */
  readonly callOver: boolean
}

const key = 'p2pchat.stay'
const accessKey = 'p2pchat.access'
const nothing: TabState = { record: null, stay: null, callOver: true }
/** A tab that is opened again later shows the invitation, and enters nothing by itself. */
const stayMs = 600_000
/** Nobody is put back into a call by a page that they had closed. */
const callMs = 60_000

/** Null where there is nothing to keep. Storage can be forbidden or full. */
export const writeTabState = (
  record: ResumeRecord | null,
  stay: string | null,
  now: number,
): string | null => (record === null && stay === null ? null : JSON.stringify({ at: now, record, stay }))

export const parseTabState = (stored: string | null, now: number): TabState => {
  try {
    const value: unknown = JSON.parse(stored ?? 'null')
    if (!isRecord(value)) return nothing
    const ago = now - (wholeNumber(value['at']) ?? 0)
    const stay = typeof value['stay'] === 'string' && ago >= 0 && ago <= stayMs ? value['stay'] : null
    return { record: parseRecord(value['record']), stay, callOver: ago > callMs }
  } catch {
    return nothing
  }
}

/** Null where there was none, or where what reads it cannot be had. */
export const earlierStay = async ({ stay, callOver }: TabState): Promise<Stay | null> => {
  if (stay === null) return null
  try {
    const { parseStay } = await import('../core/stay.ts')
    const read = parseStay(stay)
    return read && callOver ? { ...read, call: null } : read
  } catch {
    return null
  }
}

export const saveTabState = (record: ResumeRecord | null, stay: string | null): void => {
  try {
    const text = writeTabState(record, stay, Date.now())
    if (text === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  } catch {
    // Costs a convenience, nothing else.
  }
}

/** By what we are invited to the server, for as long as the tab is open. Null: by nothing any more. */
export const storeAccess = (access: Access | null): void => {
  try {
    if (access === null) sessionStorage.removeItem(accessKey)
    else sessionStorage.setItem(accessKey, JSON.stringify(access))
  } catch {
    // As above.
  }
}

export const storedAccess = (): Access | null => {
  try {
    return parseAccess(JSON.parse(sessionStorage.getItem(accessKey) ?? 'null'))
  } catch {
    return null
  }
}

/** Taken out: it is this page's now. */
export const takeTabState = (): TabState => {
  try {
    const stored = sessionStorage.getItem(key)
    sessionStorage.removeItem(key)
    return parseTabState(stored, Date.now())
  } catch {
    return nothing
  }
}
