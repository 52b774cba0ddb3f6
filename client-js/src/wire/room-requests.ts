/** What is asked of the server about rooms, and what it answers. Only those who go into one need it. */
import type { Access } from './access.ts'
import { type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { type Fields, idText, isRecord, textUpTo, wholeNumber } from './json.ts'
import { type OwnerKeys, parseOwnership, type SignedAct } from './owner.ts'
import type { Refusal } from './refusal.ts'
import { type Admission, events, type Restore, type RoomCard, type RoomKind } from './server.ts'

/** `canHost` is how fit this device is to be a star's host, from 0 to 100. */
export type Draft = {
  name: string
  password: string
  peersMax: number
  kind: RoomKind
  key?: string | null
  hostSecret?: string | null
  founder?: string | null
  ownerKeys?: OwnerKeys | null
  owners?: boolean
  canHost?: number
  /** The room that our token names, where that is to be made. */
  named?: string
}

export type JoinRequest = {
  readonly room: RoomId
  readonly password: string
  readonly key?: string | null
  /** The server is not told. */
  readonly linkName?: string | null
  readonly hostSecret?: string | null
  readonly founder?: string | null
  readonly ownerKeys?: OwnerKeys | null
  /** Whether we can tell who the owner is: the server then passes on what they do. */
  readonly owners?: boolean
  readonly restore?: Restore | null
  readonly canHost?: number
  /** What the owner is told that we are called, where we have to wait. */
  readonly as?: string
  /** By which the owner comes into a room that is locked or ended. */
  readonly word?: SignedAct | null
}

const codes = { mesh: 0, star: 1 } as const
const hosts = { server: 'server' } as const

const writeKind = (kind: RoomKind): object =>
  kind === 'server' ? { type: codes.star, host: hosts.server } : { type: codes[kind] }

const kindOf = (answer: Fields): RoomKind | null => {
  if (answer['type'] === codes.mesh) return 'mesh'
  if (answer['type'] !== codes.star) return null
  return answer['host'] === hosts.server ? 'server' : 'star'
}

/** `access` says that we know of invitations, also where we have none. */
export const writeCreate = (requestId: string, draft: Draft, access: Access | null): object => ({
  requestId,
  access: { ...access, ...(draft.named ? { room: draft.named } : {}) },
  maxUsers: draft.peersMax,
  name: draft.name.normalize('NFC'),
  password: draft.password.normalize('NFC'),
  ...writeKind(draft.kind),
  ...(draft.key ? { key: draft.key } : {}),
  ...(draft.owners ? { owners: true } : {}),
  ...(draft.hostSecret ? { owner: draft.hostSecret } : {}),
  ...(draft.founder ? { founder: draft.founder } : {}),
  ...(draft.canHost === undefined ? {} : { canHost: draft.canHost }),
})

export const writeJoin = (requestId: string, request: JoinRequest, access: Access | null): object => {
  const { room, password, key, hostSecret, founder, owners, as, restore, canHost, word } = request
  const settings = restore && {
    name: restore.name,
    maxUsers: restore.peersMax,
    ...writeKind(restore.kind),
  }
  return {
    requestId,
    room,
    password,
    access: access ?? {},
    ...(owners && { owners }),
    ...(key && { key, ...(settings && { restore: settings }), ...(hostSecret && { owner: hostSecret }) }),
    ...(owners && as && { name: as }),
    ...(founder && { founder }),
    ...(word && { word }),
    ...(canHost === undefined ? {} : { canHost }),
  }
}

export const writeTakeHost = (requestId: string, { id: room, hostSecret }: RoomCard): object => ({
  requestId,
  room,
  ...(hostSecret ? { owner: hostSecret } : {}),
})

export const writeOwnerAct = (requestId: string, signed: SignedAct): object => ({ requestId, ...signed })

export const parseCreated = (body: unknown, draft: Draft): Admission | null => {
  if (!isRecord(body)) return null
  const id = idText(body['roomID'])
  const name = textUpTo(body['name'], 60)
  const password = textUpTo(body['password'], 200)
  const peersMax = wholeNumber(body['maxUsers'])
  if (id === null || name === null || password === null || peersMax === null) return null
  const { key = null, hostSecret = null } = draft
  const hosted = body['host'] === hosts.server
  // A server that hosts no stars has made us the host.
  const kind = hosted ? 'server' : draft.kind === 'mesh' ? 'mesh' : 'star'
  const card = { id: roomId(id), name, password, peersMax, kind, key, hostSecret } as const
  // A server that knows of no owners has made the room without.
  const ownership = parseOwnership(body['owner'])
  const { founder = null, ownerKeys = null } = ownership ? draft : {}
  const admission = { card: { ...card, founder, ownerKeys }, ownership }
  if (!hosted) return { ...admission, host: null }
  const host = idText(body['spec'])
  return { ...admission, host: host === null ? null : peerId(host), hosting: false }
}

/** `self` is who we are: a star that we have opened again has us as its host. */
export const parseJoined = (body: unknown, request: JoinRequest, self: PeerId | null): Admission | null => {
  if (!isRecord(body)) return null
  const { room, password, key = null, linkName = null } = request
  const { hostSecret = null, founder = null, ownerKeys = null } = request
  const name = textUpTo(body['name'], 60)
  const peersMax = wholeNumber(body['maxUsers'])
  const kind = kindOf(body)
  if (name === null || peersMax === null || kind === null) return null
  const ownership = parseOwnership(body['owner'])
  const card = {
    id: room,
    name,
    password,
    peersMax,
    kind,
    key,
    linkName,
    hostSecret,
    founder: founder ?? ownership?.founder ?? null,
    ownerKeys,
  }
  if (kind === 'mesh') return { card, host: null, ownership }
  const host = idText(body['spec'])
  if (host === null && body['spec'] !== null) return null
  const hosting = host !== null && host === self
  return { card, host: host === null || hosting ? null : peerId(host), hosting, ownership }
}

/** `event` is the request that was refused: code 4 is a fault of any other, and a request to wait of a join. */
export const parseRefusal = (event: string, body: unknown): Refusal => {
  switch (isRecord(body) ? body['type'] : null) {
    case 1:
      return 'wrong-password'
    case 2:
      return 'room-full'
    case 3:
      return 'no-such-room'
    case 4:
      return event === events.join ? 'try-later' : 'room-error'
    case 5:
      return 'room-locked'
    case 6:
      return 'kept-out'
    case 7:
      // Owners number their acts from 1 on.
      return refusedNumber(body) === 0 ? 'room-closed' : 'room-ended'
    case 8:
      return 'waiting'
    case 9:
      return 'sent-away'
    case 10:
      return event === events.create ? 'not-invited-create' : 'not-invited-join'
    case 11:
      return 'bad-invitation'
    case 12:
      return 'expired-invitation'
    case 13:
      return 'wrong-server-password'
    case 14:
      return 'not-open-yet'
    case 15:
      return 'not-hosted'
    default:
      return 'room-error'
  }
}

/** Of the owner's last act: after it the owner may come in all the same. */
export const refusedNumber = (body: unknown): number | null =>
  isRecord(body) ? wholeNumber(body['number']) : null
