/**
 * What follows from what: a room's id from its key, as the server has it, and a room's key from the name in its link. Whoever
 * knows that name has the key, so that nothing but a password keeps them out; keys of all other rooms are random. Loaded when
 * it is wanted, since most people follow a link that holds everything.
 */
// Browsers' own SHA-256 is missing on pages without HTTPS.
import { sha256 } from '@noble/hashes/sha2.js'
import { linkNameOf } from '../base/link-name.ts'
import { base64UrlOf, hexOf } from '../base/random.ts'
import { cut, roomNameUnitsMax } from '../base/text.ts'
import { type RoomId, roomId } from '../wire/ids.ts'
import { type Invitation, settingsIn } from '../wire/invitation.ts'
import type { Restore } from '../wire/server.ts'

const keyBytes = 16
const encoder = new TextEncoder()

const digestOf = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(sha256(encoder.encode(text))).slice(0, keyBytes)

/** A UUID of version 8 (RFC 9562, section 5.8). Under it nobody but the founder can own the room. */
export const roomOfKey = (key: string, founder: string | null): RoomId => {
  const bytes = digestOf(founder === null ? `p2pchat room ${key}` : `p2pchat room ${key} ${founder}`)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return roomId(hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
}

const keyOfName = (linkName: string): string => base64UrlOf(digestOf(`p2pchat name ${linkName}`))

/** The room of that name, with the settings that it gets if it has to be made. Nobody owns it. Null for what is no name. */
export const invitationByName = (
  text: string,
  password: string | null,
  { name, kind, peersMax }: Restore,
): Invitation | null => {
  const linkName = linkNameOf(text)
  if (linkName === null) return null
  const key = keyOfName(linkName)
  return { room: roomOfKey(key, null), linkName, key, password, restore: { name, kind, peersMax } }
}

/** What stands behind `#/` in a link: a name, and settings as other links have them. Null for what is no name. */
export const parseNamed = (behind: string): Invitation | null => {
  const [path = '', ...query] = behind.split('?')
  const text = decoded(path)
  const { password, restore } = settingsIn(query.join('?'))
  const name = cut(linkNameOf(text) ?? '', roomNameUnitsMax)
  return invitationByName(text, password, { ...restore, name })
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
