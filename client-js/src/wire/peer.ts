/**
 * What peers can say to each other, whatever their roles in the room. `mesh.ts` and `star.ts` put it into the two
 * formats that the original has for it; nothing past them handles an unknown shape.
 */
import { nameUnitsMax } from '../base/text.ts'
import type { CallMessage } from './call.ts'
import type { Chat, ChatEvent } from './chat.ts'
import type { FileMessage } from './file.ts'
import { type MemberId, type PeerId, peerId, stayId } from './ids.ts'
import { idText, isRecord, textUpTo, wholeNumber } from './json.ts'
import { parsePublicKey } from './owner.ts'
import type { SealedMessage } from './sealing.ts'
import { parseSignal, type Signal } from './signal.ts'

export type { Announced, CallMessage, Media } from './call.ts'

/** What a page can do beyond the original. It is used only towards those who have said so. */
export type Caps = {
  /** Understands `moved`, so that its links outlive its peer id. */
  readonly moves: boolean
  /** Reactions, typing, acknowledged messages, shared history. */
  readonly chat: boolean
  /** What a call says beyond the original: muted, camera off, kinds of streams. */
  readonly media: boolean
  /** Takes signals over the data channel, and looks for another way when the network loses a peer. */
  readonly signals: boolean
  /** Binary transfers that go on where they stopped. */
  readonly files: boolean
  /** Sends a picture in several sizes at once, to a host that makes use of them. */
  readonly layers: boolean
  /** Is such a host: the server itself, and no page. */
  readonly server: boolean
  /** Seals what goes through such a host, and opens what others have sealed. */
  readonly sealed: boolean
  /** As a star's guest, calls other guests past the host; as a host, knows that they then need nothing from it. */
  readonly direct: boolean
}

/** An original page's. */
export const noCaps: Caps = {
  moves: false,
  chat: false,
  media: false,
  signals: false,
  files: false,
  layers: false,
  server: false,
  sealed: false,
  direct: false,
}
/** Ours. Whether it seals depends on the browser, and on the room. */
export const ownCaps: Caps = {
  moves: true,
  chat: true,
  media: true,
  signals: true,
  files: true,
  layers: true,
  server: false,
  sealed: false,
  direct: true,
}

/**
 * How somebody wants to be seen, and what their page can do. The avatar is an address we do not show, kept because
 * others may. With `key`, their public key, they can become the room's owner.
 */
export type Person = {
  readonly name: string
  readonly avatar: string
  readonly caps: Caps
  readonly key?: string | null
}
export type Member = Person & {
  readonly id: MemberId
  /** What the server calls them, where it is a star's host itself and says so. */
  readonly peer?: PeerId
}
/** A member as a star's host lists it: `id` is its number in the frames, and `member` the id of its stay. */
export type ListedMember = Member & { readonly member?: MemberId }

/** `member` is the id of somebody's stay; an original page has none. */
export type PeerMessage =
  | { kind: 'hello'; person: Person; password: string; member?: MemberId }
  /** `downlink`: what the guest's was found to take before, in bits a second. */
  | { kind: 'knock'; password: string; member?: MemberId; downlink?: number }
  /** `host` is the id of the host's stay. */
  | { kind: 'admitted'; id: MemberId; host?: MemberId }
  | { kind: 'introduce'; person: Person; member?: MemberId; peer?: PeerId }
  | Chat
  | ChatEvent
  | { kind: 'ask-roster' }
  | { kind: 'ask-card' }
  | { kind: 'roster'; members: ListedMember[] }
  | { kind: 'card'; name: string; peersMax: number; password: string; peers: number }
  | { kind: 'lost'; id: MemberId }
  /** The sender's peer id is another now: signals for it go there. */
  | { kind: 'moved'; to: PeerId }
  | { kind: 'moved-noted' }
  /** From a server that is a star's host: what our downlink is found to take. */
  | { kind: 'downlink'; bitsPerSecond: number; sufficient: boolean }
  | { kind: 'signal'; signal: Signal }
  | CallMessage
  | FileMessage
  | SealedMessage

/** A message with the one it comes from, where the frame says so: in a star the host speaks for everybody. */
export type Received = {
  readonly source: MemberId | null
  readonly message: PeerMessage
  /** It was sealed, by the source itself: nobody in between can have read or made it. */
  readonly sealed?: true
}

const avatarUnitsMax = 500

/** The original refuses other addresses than its own server's, and shows this one in their place. */
export const defaultAvatar = '/public/defaults/User.jpg'

/** Our own message types beside the original's, which passes over types and keys that it does not know. */
export const extensionTypes = {
  moved: 'moved',
  movedNoted: 'moved-noted',
  signal: 'signal',
  downlink: 'downlink',
} as const

const parseCaps = (value: unknown): Caps => {
  const said = isRecord(value) ? value : {}
  const has = (name: keyof Caps): boolean => said[name] === true
  return {
    moves: has('moves'),
    chat: has('chat'),
    media: has('media'),
    signals: has('signals'),
    files: has('files'),
    layers: has('layers'),
    server: has('server'),
    sealed: has('sealed'),
    direct: has('direct'),
  }
}

export const parseSignalMessage = (data: unknown): PeerMessage | null => {
  const signal = parseSignal(data)
  return signal && { kind: 'signal', signal }
}

export const parsePerson = (value: unknown): Person | null => {
  if (!isRecord(value)) return null
  const name = textUpTo(value['username'], nameUnitsMax)
  if (name === null) return null
  const avatar = textUpTo(value['avatarLoc'], avatarUnitsMax) ?? defaultAvatar
  const key = parsePublicKey(value['key'])
  return { name, avatar, caps: parseCaps(value['caps']), ...(key === null ? {} : { key }) }
}

/** Caps that a page does not have are not spelt out, so that a host passes an original's person on as it came. */
export const writePerson = (
  id: MemberId,
  { name, avatar, caps, key = null }: Person,
  member: MemberId | null = null,
): object => {
  const had = Object.entries(caps).filter(([, has]) => has)
  return {
    username: name,
    id,
    avatarLoc: avatar,
    ...(had.length === 0 ? {} : { caps: Object.fromEntries(had) }),
    ...(key === null ? {} : { key }),
    ...(member === null ? {} : { member }),
  }
}

/** The id of the stay that a person of a star's frames is listed with. */
export const parseMember = (person: unknown): MemberId | null =>
  isRecord(person) ? stayId(person['member']) : null

/** By what else a person of a star's frames is known. */
export const parseIds = (person: unknown): { readonly member?: MemberId; readonly peer?: PeerId } => {
  const member = parseMember(person)
  const peer = isRecord(person) ? idText(person['peer']) : null
  return { ...(member && { member }), ...(peer !== null && { peer: peerId(peer) }) }
}

export const parseCard = (data: unknown): PeerMessage | null => {
  if (!isRecord(data)) return null
  const name = textUpTo(data['name'], nameUnitsMax)
  const password = textUpTo(data['pwd'], 200)
  const peersMax = wholeNumber(data['maxUsers'])
  const peers = wholeNumber(data['curUsers'])
  if (name === null || password === null || peersMax === null || peers === null) return null
  return { kind: 'card', name, password, peersMax, peers }
}
