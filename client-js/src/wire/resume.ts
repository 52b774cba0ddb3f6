/**
 * How a page goes on with its session at the server over another connection: what it shows for it and what it is told.
 * A server of another make answers with none of it, and then every connection is a new session.
 */
import { type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { type Fields, idText, isRecord, textUpTo, wholeNumber } from './json.ts'
import { type Ownership, parseOwnership } from './owner.ts'

/** What a page needs to go on with a session: the secret, and how many events either side has sent the other so far. */
export type ResumeRecord = { readonly token: string; readonly received: number; readonly sent: number }

/** A room that the session is in, as the server sees it. */
export type ResumedRoom = {
  readonly room: RoomId
  /** A star's; null in a mesh, and where a star waits for one. */
  readonly host: PeerId | null
  /** Ourselves included. */
  readonly members: readonly PeerId[]
  /** As they are now. Left out by servers that do not say it. */
  readonly settings?: RoomSettings
  /** As in an admission. */
  readonly ownership?: Ownership | null
}

/** What can be changed of a room. */
export type RoomSettings = { readonly name: string; readonly password: string; readonly peersMax: number }

export type Resumed = {
  /** How many of our events the server has handled. */
  readonly received: number
  /** All that we missed follows. */
  readonly complete: boolean
  readonly rooms: readonly ResumedRoom[]
}

/** `resumed` is null where this is a new session. */
export type ResumeAnswer = {
  readonly token: string
  readonly resumed: Resumed | null
}

const roomsMax = 100
const membersMax = 100
const tokenUnitsMax = 100

export const writeResume = (record: ResumeRecord | null): object | true => record ?? true

const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= tokenUnitsMax

export const parseResume = (value: unknown): ResumeAnswer | null => {
  if (!isRecord(value)) return null
  const { token } = value
  if (!isToken(token)) return null
  const received = wholeNumber(value['received'])
  if (received === null) return { token, resumed: null }
  const listed: readonly unknown[] = Array.isArray(value['rooms']) ? value['rooms'] : []
  const rooms = listed.slice(0, roomsMax).flatMap(entry => {
    const room = parseRoom(entry)
    return room ? [room] : []
  })
  return { token, resumed: { received, complete: value['complete'] === true, rooms } }
}

const parseRoom = (entry: unknown): ResumedRoom | null => {
  if (!isRecord(entry)) return null
  const room = idText(entry['roomID'])
  if (room === null) return null
  const host = idText(entry['spec'])
  const [ownership, settings] = [parseOwnership(entry['owner']), parseSettings(entry)]
  return {
    room: roomId(room),
    host: host === null ? null : peerId(host),
    members: parsePeers(entry['members']),
    ...(settings && { settings }),
    ...(ownership && { ownership }),
  }
}

const parseSettings = (entry: Fields): RoomSettings | null => {
  const [name, password] = [textUpTo(entry['name'], 60), textUpTo(entry['password'], 200)]
  const peersMax = wholeNumber(entry['maxUsers'])
  return name === null || password === null || peersMax === null ? null : { name, password, peersMax }
}

export const parsePeers = (value: unknown): PeerId[] =>
  !Array.isArray(value)
    ? []
    : value.slice(0, membersMax).flatMap((entry: unknown) => {
        const id = idText(entry)
        return id === null ? [] : [peerId(id)]
      })

/** A record as a page has stored it; null for whatever makes no sense. */
export const parseRecord = (value: unknown): ResumeRecord | null => {
  if (!isRecord(value)) return null
  const { token } = value
  const [received, sent] = [wholeNumber(value['received']), wholeNumber(value['sent'])]
  return isToken(token) && received !== null && sent !== null ? { token, received, sent } : null
}
