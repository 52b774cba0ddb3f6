/** The messages to and from the server: event names, field names, numeric codes. Nothing past this file sees them. */
import type { Access } from './access.ts'
import { type IceServer, parseIceServers } from './ice.ts'
import { type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { type Fields, idText, isRecord, recordAt, textUpTo, wholeNumber } from './json.ts'
import {
  type Knock,
  type OwnerKeys,
  type Ownership,
  parseKnock,
  parseOwnership,
  parseSigned,
  type SignedAct,
} from './owner.ts'
import { parsePeers, parseResume, type ResumeAnswer, type ResumeRecord, writeResume } from './resume.ts'
import { parseSignal, type Signal } from './signal.ts'

/** `server`: a star whose host is the server itself, so that all others are guests. */
export type RoomKind = 'mesh' | 'star' | 'server'

/** As links and browsers' storage have it. */
export const parseKind = (value: unknown): RoomKind =>
  value === 'star' || value === 'server' ? value : 'mesh'

/** What a member may know of a room. */
export type RoomCard = {
  readonly id: RoomId
  readonly name: string
  readonly password: string
  readonly peersMax: number
  readonly kind: RoomKind
  /**
   * What the room's id is made of. Whoever has it can open the room again when the server has forgotten it. Null for rooms
   * of original pages, and where the server knows no keys.
   */
  readonly key?: string | null
  /** The name in its link, from which the key follows; null for rooms with a random key. */
  readonly linkName?: string | null
  /** By what we show the server that we have made the star, and may be its host again. Null for everybody else. */
  readonly hostSecret?: string | null
  /** The fingerprint of the public key of whoever made the room, from which its id follows, too. Null without an owner. */
  readonly founder?: string | null
  /** By which we are the owner, or were. */
  readonly ownerKeys?: OwnerKeys | null
}

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

/** How a room is to be made again, if the server has forgotten it. */
export type Restore = { readonly name: string; readonly peersMax: number; readonly kind: RoomKind }

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

/** Into a room that we know, and that is made again if the server has forgotten it. */
export const requestFor = (card: RoomCard, as: string): JoinRequest => {
  const { id: room, name, peersMax, kind } = card
  return { ...card, room, as, restore: { name, peersMax, kind } }
}

/** The shape `RTCPeerConnection` takes; only what was checked is passed on. */
export type Identity = { id: PeerId; iceServers: IceServer[]; resume: ResumeAnswer | null }
/** `host` is a star's: null while it waits for one. `hosting`: it is us, which is so by default where it is null. */
export type Admission = {
  card: RoomCard
  host: PeerId | null
  hosting?: boolean
  ownership?: Ownership | null
}

export type Notice =
  | { type: 'peer-joined'; peer: PeerId; room: RoomId }
  | { type: 'peer-left'; peer: PeerId; room: RoomId }
  | { type: 'signal'; peer: PeerId; room: RoomId; signal: Signal }
  /** A star has another host; null while none of those who are there can be it. */
  | { type: 'host-changed'; room: RoomId; host: PeerId | null; members: readonly PeerId[] }
  /** Something that is said to come from the room's owner. */
  | { type: 'owner-act'; room: RoomId; signed: SignedAct }
  /** Somebody waits at the door, or does not any more. */
  | { type: 'knock'; room: RoomId; knock: Knock; on: boolean }
  /** Somebody outside tries passwords for the room: so many wrong ones came from one address. */
  | { type: 'password-attempts'; room: RoomId; count: number }
  /** Whoever runs the server has closed the room. */
  | { type: 'room-closed'; room: RoomId }

/** Event names on the wire. */
export const events = {
  identity: 'GET-ID',
  create: 'CREATE-ROOM',
  join: 'JOIN-ROOM',
  signal: 'SIGNAL',
  left: 'DISCONNECTEDUSER',
  refused: 'TYPEERROR',
  alert: 'ROOM-ALERT',
  ack: 'ACK',
  closing: 'CLOSING',
  iceServers: 'ICE-SERVERS',
  hostChanged: 'HOST-CHANGED',
  takeHost: 'TAKE-HOST',
  ownerAct: 'OWNER-ACT',
  knock: 'ROOM-KNOCK',
} as const

/** Of what a session is made itself, and what neither side counts. */
export const uncounted: readonly string[] = [events.identity, events.ack, events.closing]

const codes = { mesh: 0, star: 1 } as const
const hosts = { server: 'server' } as const

const writeKind = (kind: RoomKind): object =>
  kind === 'server' ? { type: codes.star, host: hosts.server } : { type: codes[kind] }

const kindOf = (answer: Fields): RoomKind | null => {
  if (answer['type'] === codes.mesh) return 'mesh'
  if (answer['type'] !== codes.star) return null
  return answer['host'] === hosts.server ? 'server' : 'star'
}

/** `alerts` asks for what the server notices about the rooms we are in, which it tells only those who know the event. */
export const writeIdentityRequest = (requestId: string, record: ResumeRecord | null): object => ({
  requestId,
  alerts: true,
  resume: writeResume(record),
})

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

export const writeSignal = (target: PeerId, room: RoomId, signal: Signal): object => ({
  target,
  room,
  signal,
})

/** Requests say `requestId`, answers `requestID`: so it is on the wire. */
export const answeredId = (body: unknown): string | null =>
  isRecord(body) ? idText(body['requestID']) : null

export const parseIdentity = (body: unknown): Identity | null => {
  if (!isRecord(body)) return null
  const id = idText(body['userID'])
  if (id === null) return null
  const [iceServers, resume] = [parseIceServers(body['iceServers']), parseResume(body['resume'])]
  return { id: peerId(id), iceServers, resume }
}

/** Null where the server does not know the request. */
export const parseFreshIceServers = (body: unknown): IceServer[] | null =>
  isRecord(body) && Array.isArray(body['iceServers']) ? parseIceServers(body['iceServers']) : null

export const parseHostChanged = (body: unknown): Notice | null => {
  if (!isRecord(body)) return null
  const room = idText(body['roomID'])
  const host = idText(body['spec'])
  if (room === null || (host === null && body['spec'] !== null)) return null
  const members = parsePeers(body['members'])
  return { type: 'host-changed', room: roomId(room), host: host === null ? null : peerId(host), members }
}

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

/** Null for the answer to an act of our own. */
export const parseOwnerActed = (body: unknown): Notice | null => {
  if (!isRecord(body)) return null
  const [room, signed] = [idText(body['roomID']), parseSigned(body)]
  return room === null || signed === null ? null : { type: 'owner-act', room: roomId(room), signed }
}

export const parseKnocked = (body: unknown): Notice | null => {
  if (!isRecord(body)) return null
  const [room, knock] = [idText(body['roomID']), parseKnock(body)]
  return room === null || knock === null
    ? null
    : { type: 'knock', room: roomId(room), knock, on: body['on'] === true }
}

/** The same event name answers our own join and announces somebody else's; the announcement has `from`. */
export const parsePeerJoined = (body: unknown): Notice | null => {
  const from = isRecord(body) ? recordAt(body, 'from') : null
  return from ? peerNotice('peer-joined', from) : null
}

export const parsePeerLeft = (body: unknown): Notice | null =>
  isRecord(body) ? peerNotice('peer-left', body) : null

const peerNotice = (
  type: 'peer-joined' | 'peer-left',
  fields: Readonly<Record<string, unknown>>,
): Notice | null => {
  const peer = idText(fields['userID'])
  const room = idText(fields['roomID'])
  return peer === null || room === null ? null : { type, peer: peerId(peer), room: roomId(room) }
}

/** Null for alerts of a type that we do not know. */
export const parseAlert = (body: unknown): Notice | null => {
  const room = isRecord(body) ? idText(body['roomID']) : null
  if (!isRecord(body) || room === null) return null
  if (body['type'] === 'closed') return { type: 'room-closed', room: roomId(room) }
  const count = wholeNumber(body['count'])
  if (body['type'] !== 'password-attempts' || count === null) return null
  return { type: 'password-attempts', room: roomId(room), count }
}

/** A signal is taken only when it is meant for us under the id we have now. */
export const parseSignalNotice = (body: unknown, self: PeerId | null): Notice | null => {
  if (!isRecord(body) || body['target'] !== self) return null
  const peer = idText(body['source'])
  const room = idText(body['room'])
  const signal = parseSignal(body['signal'])
  if (peer === null || room === null || signal === null || peer === self) return null
  return { type: 'signal', peer: peerId(peer), room: roomId(room), signal }
}

const notices: Readonly<Record<string, (body: unknown, self: PeerId | null) => Notice | null>> = {
  [events.join]: parsePeerJoined,
  [events.left]: parsePeerLeft,
  [events.alert]: parseAlert,
  [events.hostChanged]: parseHostChanged,
  [events.ownerAct]: parseOwnerActed,
  [events.knock]: parseKnocked,
  [events.signal]: parseSignalNotice,
}

/** The names of what the server tells without being asked. */
export const noticeEvents: readonly string[] = Object.keys(notices)

/** `self` is who we are. Null for whatever else comes under that name. */
export const parseNotice = (event: string, body: unknown, self: PeerId | null): Notice | null =>
  notices[event]?.(body, self) ?? null
