/** The types of ids. They are branded, so that a room's id never passes for a peer's. */
import { hexOf, messageIdBytes, randomBytes } from '../base/random.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** How the server knows a peer. A peer that lost its connection to the server comes back under a new id. */
export type PeerId = Branded<'PeerId'>
export type RoomId = Branded<'RoomId'>
/**
 * How the people in a room know each other. A page of ours makes one up for each stay and keeps it over reloads and lost
 * connections; an original page has its peer id in a mesh, and the number that the host gave it in a star.
 */
export type MemberId = Branded<'MemberId'>

/** A `MediaStream`'s id, which is all that ties what is said about a stream to the stream itself. */
export type StreamId = Branded<'StreamId'>

/** How a message is referred to: made up by whoever says it, or by a star's host for an original's. */
export type MessageId = Branded<'MessageId'>
/**
 * A shared file's name on the wire: with us a long random one, with original pages a small number, so only with
 * its owner is it one.
 */
export type FileId = Branded<'FileId'>

export const peerId = (text: string): PeerId => text as PeerId
export const roomId = (text: string): RoomId => text as RoomId
export const memberId = (text: string): MemberId => text as MemberId
export const streamId = (text: string): StreamId => text as StreamId
export const fileId = (text: string): FileId => text as FileId

/** By what a connection between two guests of a star is known where links go by their peers. No peer's id looks like it. */
export const directPeer = (member: MemberId): PeerId => peerId(`${directMark}${member}`)
const directMark = 'direct '

/** Whom such a connection leads to; null for any other. */
export const directMember = (peer: PeerId): MemberId | null =>
  peer.startsWith(directMark) ? memberId(peer.slice(directMark.length)) : null

/** 128 random bits in base64url: the id of a stay, or what opens a room again. */
export const isKey = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w-]{22}$/.test(value)

/** No peer id and no number of a star looks like one. Null for anything else. */
export const stayId = (value: unknown): MemberId | null => (isKey(value) ? memberId(value) : null)

/** In the frames of a star, the host as a person, and the host speaking for the room itself. */
export const hostNumber = memberId('0')
export const roomItself = memberId('-1')
/** No member has this one. */
export const nobody = memberId('')

/** `null` for what is no such name. */
export const messageId = (value: unknown): MessageId | null =>
  typeof value === 'string' && /^[\w:-]{1,64}$/.test(value) ? (value as MessageId) : null

/** From random bytes, as many as make a second one unlikely. */
export const freshMessageId = (): MessageId => newMessageId(randomBytes(messageIdBytes))

export const newMessageId = (bytes: Uint8Array): MessageId => hexOf(bytes) as MessageId
