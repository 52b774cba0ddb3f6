/** Between a room's card, an invitation to it, and the address in the bar. */
import { type Invitation, writeInvitation } from '../wire/invitation.ts'
import type { RoomCard } from '../wire/server.ts'
import type { KnownRoom } from './known-rooms.ts'

export const invitationOf = (card: RoomCard): Invitation => {
  const { id, password, key = null, founder = null, linkName = null, name, kind, peersMax } = card
  const again = key === null ? {} : { key, restore: { name, kind, peersMax } }
  const named = linkName === null ? {} : { linkName }
  return { room: id, password, ...again, ...named, ...(founder === null ? {} : { founder }) }
}

/** The address of an invitation, on this page. */
export const addressOf = (page: string, invitation: Invitation): string => {
  const { room: id, password, key = null, founder = null, linkName = null, restore } = invitation
  const { name = '', kind = 'mesh', peersMax = 8 } = restore ?? {}
  return writeInvitation(page, { id, password: password ?? '', key, founder, linkName, name, kind, peersMax })
}

/** With what we keep of a room that we know. */
export const targetOf = (invitation: Invitation, known: KnownRoom | null) => {
  const { hostSecret = null, ownerKeys = null, founder = null } = known ?? {}
  // A link that names its room says little else of it.
  const again = invitation.linkName && known ? { restore: known } : {}
  return { founder, ...invitation, ...again, password: invitation.password ?? '', hostSecret, ownerKeys }
}

/** The start page's. */
export const bareAddress = (address: string): string => {
  const url = new URL(address)
  url.search = ''
  url.hash = ''
  return url.href
}

/** Whether an invitation to it is still the same. */
export const isSameCard = (one: RoomCard, other: RoomCard): boolean =>
  one.name === other.name && one.password === other.password && one.peersMax === other.peersMax
