/**
 * The rooms that their owners have removed us from. The server keeps out a page; the browser remembers it for a day, for
 * the next page and the next tab. Whoever clears what browsers remember is not kept out by it, only by a lock.
 */
import { idText, isRecord, wholeNumber } from '../wire/json.ts'

type Removed = { readonly room: string; readonly at: number }

const storageKey = 'p2pchat.removed'
const dayMs = 86_400_000
const roomsMax = 20

/** What is stored can have been changed by anybody. */
export const parseRemoved = (stored: string | null, now: number): readonly Removed[] => {
  try {
    const value: unknown = JSON.parse(stored ?? '[]')
    const listed: readonly unknown[] = Array.isArray(value) ? value.slice(0, roomsMax) : []
    return listed.flatMap(entry => {
      const [room, at] = isRecord(entry) ? [idText(entry['room']), wholeNumber(entry['at'])] : [null, null]
      const isFresh = at !== null && at <= now && now - at < dayMs
      return room !== null && isFresh ? [{ room, at }] : []
    })
  } catch {
    return []
  }
}

/** Storage can be forbidden or full; then nobody is remembered. */
export const removedRooms = {
  has: (room: string): boolean => {
    try {
      return parseRemoved(localStorage.getItem(storageKey), Date.now()).some(it => it.room === room)
    } catch {
      return false
    }
  },
  add: (room: string): void => {
    try {
      const now = Date.now()
      const others = parseRemoved(localStorage.getItem(storageKey), now).filter(it => it.room !== room)
      const all = [{ room, at: now }, ...others].slice(0, roomsMax)
      localStorage.setItem(storageKey, JSON.stringify(all))
    } catch {
      // Costs the owner a second press, nothing else.
    }
  },
}
