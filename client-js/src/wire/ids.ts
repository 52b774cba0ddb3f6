/** Owns the names of things. Branded, so a room's id never passes for a peer's. */
declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** How the server knows a peer. A peer that lost its line to the server comes back under a new one. */
export type PeerId = Branded<'PeerId'>
export type RoomId = Branded<'RoomId'>
/** How the people in a room know each other: in a mesh the peer's id, in a star a number the host gave out. */
export type MemberId = Branded<'MemberId'>

/** A `MediaStream`'s id, which is all that ties what is said about a stream to the stream itself. */
export type StreamId = Branded<'StreamId'>

/** How a message is referred to: made up by whoever says it, or by a star's host for an original's. */
export type MessageId = Branded<'MessageId'>

export const peerId = (text: string): PeerId => text as PeerId
export const roomId = (text: string): RoomId => text as RoomId
export const memberId = (text: string): MemberId => text as MemberId
export const streamId = (text: string): StreamId => text as StreamId

/** In a star, the host as a person, and the host speaking for the room itself. */
export const hostMember = memberId('0')
export const roomItself = memberId('-1')

/** `null` for what is no such name. */
export const messageId = (value: unknown): MessageId | null =>
  typeof value === 'string' && /^[\w:-]{1,64}$/.test(value) ? (value as MessageId) : null

/** From random bytes, as many as make a second one unlikely. */
export const newMessageId = (bytes: Uint8Array): MessageId =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('') as MessageId
