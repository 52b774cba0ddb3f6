/** The invitation link. Ours keeps room and password in the fragment, which browsers send to no server. */
import { type RoomId, roomId } from './ids.ts'
import { idText } from './json.ts'

/** `password` is null where the link has none to give, which is not the same as an empty one. */
export type Invitation = { room: RoomId; password: string | null }

const keys = { room: 'room', password: 'pwd' } as const

export const writeInvitation = (page: string, room: RoomId, password: string): string => {
  const url = new URL(page)
  url.search = ''
  // Messengers take a full stop or a dash at the end of an address for the sentence's: the room's id ends in neither.
  url.hash = new URLSearchParams({ [keys.password]: password, [keys.room]: room }).toString()
  return url.href
}

/** The fragment wins over the query, which is where the original's links have it. */
export const parseInvitation = (address: string): Invitation | null => {
  const url = URL.canParse(address) ? new URL(address) : null
  return url && (invited(url.hash.slice(1)) ?? invited(url.search))
}

const invited = (parameters: string): Invitation | null => {
  const found = new URLSearchParams(parameters)
  const room = idText(withoutTail(found.get(keys.room) ?? ''))
  return room === null ? null : { room: roomId(room), password: found.get(keys.password) }
}

/** What stands behind an address in a sentence. No room's id ends so. */
const tail = /[\s.,;:!?…*_~)\]}>"'`’”»]+$/u

/** What somebody pastes where a room is asked for: a link, alone or within a text, or the bare id. */
export const parsePasted = (text: string): Invitation | null => {
  const trimmed = text.trim().slice(0, pastedUnitsMax)
  for (const address of addressesIn(trimmed)) {
    const found = parseInvitation(address)
    if (found) return found
  }
  const id = idText(withoutTail(trimmed))
  return id === null || /[\s/]/.test(id) ? null : { room: roomId(id), password: null }
}

/** Longer than any id, nothing is looked for in it. */
const withoutTail = (text: string): string => (text.length > 400 ? text : text.replace(tail, '').trim())

const pastedUnitsMax = 10_000

/** Addresses as they may have been meant, the likeliest first. */
const addressesIn = (text: string): string[] => {
  const plain = text.replaceAll('&amp;', '&')
  const written = Array.from(plain.matchAll(/https?:\/\/[^\s<>"]+/giu), ([address]) => address)
  // A mail parts long lines, so the rest of the link may stand in the next one.
  const joined = /^https?:/iu.test(plain) ? [plain.replace(/\s+/gu, '')] : []
  const all = written.flatMap(address => [address, unescapedHash(address), ...wrapped(address)])
  return [...all, ...joined.flatMap(address => [address, unescapedHash(address)])]
}

/** Some programs escape the `#`, and what follows with it. */
const unescapedHash = (address: string): string => {
  const [before, ...after] = address.split(/%23/iu)
  const fragment = after.join('%23')
  return fragment === '' ? address : `${before}#${fragment.replace(/%3d/giu, '=').replace(/%26/giu, '&')}`
}

/** A page that warns of links holds the link itself in its query. */
const wrapped = (address: string): string[] => {
  const url = URL.canParse(address) ? new URL(address) : null
  return [...(url?.searchParams.values() ?? [])].filter(value => /^https?:\/\//iu.test(value))
}
