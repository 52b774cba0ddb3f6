/**
 * The messages to and from the server: event names, field names, numeric codes. Nothing past this file, and the one for
 * requests about rooms, sees them.
 */
import { type IceServer, parseIceServers } from './ice.ts'
import { type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { idText, isRecord, recordAt, wholeNumber } from './json.ts'
import {
  type Knock,
  type OwnerKeys,
  type Ownership,
  parseKnock,
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

/** How a room is to be made again, if the server has forgotten it. */
export type Restore = { readonly name: string; readonly peersMax: number; readonly kind: RoomKind }

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

/** `alerts` asks for what the server notices about the rooms we are in, which it tells only those who know the event. */
export const writeIdentityRequest = (requestId: string, record: ResumeRecord | null): object => ({
  requestId,
  alerts: true,
  resume: writeResume(record),
})

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
