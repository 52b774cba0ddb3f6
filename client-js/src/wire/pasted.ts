/**
 * What somebody pastes where a room is asked for: a link, alone or within a text, as messengers and mail programs leave
 * it, or the bare id.
 */
import { type Token, takeToken } from './access.ts'
import { roomId } from './ids.ts'
import { type Invitation, namedBy, parseInvitation, pastedUnitsMax, withoutTail } from './invitation.ts'
import { idText } from './json.ts'

/** Not a link that names its room, which `namedInPasted` finds. */
export const parsePasted = (text: string): Invitation | null => {
  const trimmed = text.trim().slice(0, pastedUnitsMax)
  for (const address of addressesIn(trimmed)) {
    const found = parseInvitation(address)
    if (found) return found
  }
  const id = idText(withoutTail(trimmed))
  return id === null || /[\s/]/.test(id) ? null : { room: roomId(id), password: null }
}

/** What names a room in the first such link in it. */
export const namedInPasted = (text: string): string | null => {
  for (const address of addressesIn(text.trim().slice(0, pastedUnitsMax))) {
    const found = namedBy(address)
    if (found !== null) return found
  }
  return null
}

/** The first token in a link in it, with that link's rest. */
export const tokenInPasted = (text: string): Token | null => {
  for (const address of addressesIn(text.trim().slice(0, pastedUnitsMax))) {
    const found = takeToken(address)
    if (found) return found
  }
  return null
}

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
