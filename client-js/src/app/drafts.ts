/** What somebody has begun to write, by the room that it is meant for, so that it is never sent into another. Pure. */
import { chatUnitsMax, cut, partsMax } from '../base/text.ts'
import { idText, textUpTo } from '../wire/json.ts'

/** The latest ones; older drafts are forgotten. */
const draftsMax = 20
const draftUnitsMax = partsMax * chatUnitsMax

/** An empty text takes the draft back. */
export const keepDraft = (drafts: Map<string, string>, room: string, text: string): void => {
  drafts.delete(room)
  if (text.trim() !== '') drafts.set(room, cut(text, draftUnitsMax))
  for (const oldest of drafts.keys()) {
    if (drafts.size <= draftsMax) return
    drafts.delete(oldest)
  }
}

/** What is stored can have been changed by anybody, and whatever makes no sense is left out. */
export const parseDrafts = (stored: string | null): Map<string, string> => {
  const drafts = new Map<string, string>()
  try {
    const entries: unknown = JSON.parse(stored ?? '[]')
    if (!Array.isArray(entries)) return drafts
    for (const entry of entries.slice(-draftsMax)) {
      const [key, value]: unknown[] = Array.isArray(entry) ? entry : []
      const room = idText(key)
      const text = textUpTo(value, draftUnitsMax)
      if (room !== null && text !== null) keepDraft(drafts, room, text)
    }
    return drafts
  } catch {
    return drafts
  }
}
