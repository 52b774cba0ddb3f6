/** The invitation link. Ours keeps room and password in the fragment, which browsers send to no server. */
import { type RoomId, roomId } from './ids.ts'
import { idText } from './json.ts'

/** `password` is null where the link has none to give, which is not the same as an empty one. */
export type Invitation = { room: RoomId; password: string | null }

const keys = { room: 'room', password: 'pwd' } as const

export const writeInvitation = (page: string, room: RoomId, password: string): string => {
  const url = new URL(page)
  url.search = ''
  url.hash = new URLSearchParams({ [keys.room]: room, [keys.password]: password }).toString()
  return url.href
}

/** The fragment wins over the query, which is where the original's links have it. */
export const parseInvitation = (address: string): Invitation | null => {
  const url = URL.canParse(address) ? new URL(address) : null
  return url && (invited(url.hash.slice(1)) ?? invited(url.search))
}

const invited = (parameters: string): Invitation | null => {
  const found = new URLSearchParams(parameters)
  const room = idText(found.get(keys.room)?.trim())
  return room === null ? null : { room: roomId(room), password: found.get(keys.password) }
}

/** What somebody pastes where a room is asked for: a whole link, or the bare id. */
export const parsePasted = (text: string): Invitation | null => {
  const trimmed = text.trim()
  const asLink = parseInvitation(trimmed)
  if (asLink) return asLink
  const id = idText(trimmed)
  return id === null || /[\s/]/.test(id) ? null : { room: roomId(id), password: null }
}
