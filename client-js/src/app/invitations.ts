/**
 * Between a room's card, an invitation to it, and the address in the bar; what invites us to the server itself; and what
 * somebody fills in or waits for on the way in.
 */
import type { Client } from '../core/client.ts'
import type { Model, View, Where } from '../ui/model.ts'
import { type Access, claimsOf, type Token, takeToken } from '../wire/access.ts'
import { roomId } from '../wire/ids.ts'
import { type Invitation, namedBy, parseInvitation, writeInvitation } from '../wire/invitation.ts'
import type { Refusal } from '../wire/refusal.ts'
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
  // Its name alone would open the room again without the password that others have in their links.
  const password = invitation.password ?? known?.password ?? ''
  // A link that names its room says little else of it.
  const again = invitation.linkName && known ? { restore: known } : {}
  return { founder, ...invitation, ...again, password, hostSecret, ownerKeys }
}

/** The start page's. */
export const bareAddress = (address: string): string => {
  const url = new URL(address)
  url.search = ''
  url.hash = ''
  return url.href
}

export type Bar = {
  readonly address: () => string
  readonly history: { readonly setAddress: (address: string) => void }
  readonly keepAccess: (access: Access | null) => void
}

/** What the address invites us to. A token in it is kept, and shown there no more; it may name a room itself. */
export const invitationIn = (page: Bar, client: Client, model: Model): Invitation | null => {
  const found = takeToken(page.address())
  if (!found) return parseInvitation(page.address())
  page.history.setAddress(found.rest)
  return acceptToken(page, client, model, found)
}

/** The room that its link leads to, or else the one that it is for. Null too where the link names a room. */
export const acceptToken = (
  page: Bar,
  client: Client,
  { userName, serverPassword }: Model,
  { token, rest }: Token,
): Invitation | null => {
  // Left in its field, a password would take the token's place.
  serverPassword.value = ''
  invitedBy(page, client, { token })
  const { room, name } = claimsOf(token)
  if (name !== '') userName.value = name
  const invited = parseInvitation(rest)
  return invited ?? (room === null || namedBy(rest) !== null ? null : { room: roomId(room), password: '' })
}

type InvitedView = Extract<View, { kind: 'invited' }>

/** Null: by a link that names its room, and has not been read yet. */
export const invitedView = (
  invitation: Invitation | null,
  password: InvitedView['password'],
): InvitedView => ({
  kind: 'invited',
  room: invitation?.room ?? '',
  roomName: invitation?.restore?.name ?? '',
  named: !invitation || invitation.linkName !== undefined,
  throughServer: invitation?.restore?.kind === 'server',
  password,
})

/** Whether the view has a field for the password of the room that we are invited to. */
export const asksPassword = (view: View): boolean => view.kind === 'invited' && view.password !== 'known'

/** Whether whoever has not been let in yet still looks at that. */
export const waiting = ({ trouble, view }: Model, where: Where): (() => boolean) => {
  const asked = view.value
  return () => {
    const here = view.value === asked
    if (here) trouble.value = { where, what: 'waiting' }
    return here
  }
}

/**
 * A password that was typed takes the place of what was there before. The function given back is told why a request was
 * refused, and has what the server does not take shown to it no more, where it would stand in the way of later requests.
 */
export const typedAccess = (
  page: Bar,
  client: Client,
  { serverPassword }: Model,
): ((refusal: Refusal) => void) => {
  const before = client.access
  const typed = serverPassword.value !== ''
  if (typed) invitedBy(page, client, { password: serverPassword.value })
  return refusal => {
    if (refusal !== 'wrong-server-password' && refusal !== 'bad-invitation') return
    serverPassword.value = ''
    invitedBy(page, client, typed ? before : null)
  }
}

const invitedBy = (page: Bar, client: Client, access: Access | null): void => {
  client.access = access
  page.keepAccess(access)
}
