/** The messages to and from the server: event names, field names, numeric codes. Nothing past this file sees them. */
import { type IceServer, parseIceServers } from './ice.ts'
import { type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { idText, isRecord, recordAt, textUpTo, wholeNumber } from './json.ts'
import { parseSignal, type Signal } from './signal.ts'

export type RoomKind = 'mesh' | 'star'

/** What a member may know of a room. */
export type RoomCard = {
  readonly id: RoomId
  readonly name: string
  readonly password: string
  readonly peersMax: number
  readonly kind: RoomKind
}

export type Draft = { name: string; password: string; peersMax: number; kind: RoomKind }

/** The shape `RTCPeerConnection` takes; only what was checked is passed on. */
export type Identity = { id: PeerId; iceServers: IceServer[] }
export type Admission = { card: RoomCard; host: PeerId | null }

/** Why the server, or the way to it, said no. */
export type Refusal =
  | 'wrong-password'
  | 'room-full'
  | 'no-such-room'
  /** The server takes no attempt to join just now: there were too many of them, or it is busy. */
  | 'try-later'
  | 'room-error'
  | 'unreachable'

export type Notice =
  | { type: 'peer-joined'; peer: PeerId; room: RoomId }
  | { type: 'peer-left'; peer: PeerId; room: RoomId }
  | { type: 'signal'; peer: PeerId; room: RoomId; signal: Signal }
  /** Somebody outside tries passwords for the room: so many wrong ones came from one address. */
  | { type: 'password-attempts'; room: RoomId; count: number }

/** Event names on the wire. */
export const events = {
  identity: 'GET-ID',
  create: 'CREATE-ROOM',
  join: 'JOIN-ROOM',
  signal: 'SIGNAL',
  left: 'DISCONNECTEDUSER',
  refused: 'TYPEERROR',
  alert: 'ROOM-ALERT',
} as const

const kindCodes: Readonly<Record<RoomKind, number>> = { mesh: 0, star: 1 }

/** `alerts` asks for what the server notices about the rooms we are in, which it tells only those who know the event. */
export const writeIdentityRequest = (requestId: string): object => ({ requestId, alerts: true })

export const writeCreate = (requestId: string, draft: Draft): object => ({
  requestId,
  maxUsers: draft.peersMax,
  name: draft.name.normalize('NFC'),
  password: draft.password.normalize('NFC'),
  type: kindCodes[draft.kind],
})

export const writeJoin = (requestId: string, room: RoomId, password: string): object => ({
  requestId,
  room,
  password,
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
  return id === null ? null : { id: peerId(id), iceServers: parseIceServers(body['iceServers']) }
}

export const parseCreated = (body: unknown, draft: Draft): Admission | null => {
  if (!isRecord(body)) return null
  const id = idText(body['roomID'])
  const name = textUpTo(body['name'], 60)
  const password = textUpTo(body['password'], 200)
  const peersMax = wholeNumber(body['maxUsers'])
  if (id === null || name === null || password === null || peersMax === null) return null
  return { card: { id: roomId(id), name, password, peersMax, kind: draft.kind }, host: null }
}

export const parseJoined = (body: unknown, room: RoomId, password: string): Admission | null => {
  if (!isRecord(body)) return null
  const name = textUpTo(body['name'], 60)
  const peersMax = wholeNumber(body['maxUsers'])
  if (name === null || peersMax === null) return null
  const card = { id: room, name, password, peersMax }
  if (body['type'] === kindCodes.mesh) return { card: { ...card, kind: 'mesh' }, host: null }
  const host = idText(body['spec'])
  if (body['type'] !== kindCodes.star || host === null) return null
  return { card: { ...card, kind: 'star' }, host: peerId(host) }
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
    default:
      return 'room-error'
  }
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
  if (!isRecord(body) || body['type'] !== 'password-attempts') return null
  const room = idText(body['roomID'])
  const count = wholeNumber(body['count'])
  return room === null || count === null ? null : { type: 'password-attempts', room: roomId(room), count }
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
