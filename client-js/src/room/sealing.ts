/**
 * Whether a star that the server hosts is sealed, how each message goes then, and which of those that come are believed. Pure;
 * `sealing/` seals.
 */
import type { MemberId } from '../wire/ids.ts'
import type { PeerMessage, Received } from '../wire/peer.ts'
import { hostedByServer, type RoomState } from './state.ts'

/**
 * `none`: the server is not the host. `sealed`: nothing unsealed is sent or shown. `opening`: nothing unsealed is sent, while
 * everybody reads that somebody's page cannot seal; what that one sends is shown. `open`: what is sent can be read by whoever
 * runs the server. `failed`: our own page cannot seal any more, and sends and shows nothing.
 */
export type SealingMode = 'none' | 'sealed' | 'opening' | 'open' | 'failed'

export type Sealing = {
  readonly mode: SealingMode
  /** With whom keys have been agreed on, and with whom that does not come about. */
  readonly agreed: ReadonlySet<MemberId>
  readonly failing: ReadonlySet<MemberId>
  /** Who has been told what was said before they came, once each. */
  readonly toldHistory: ReadonlySet<MemberId>
  /** Who went, and when: the host can keep nothing for them that they could open when they come back. */
  readonly gone: ReadonlyMap<MemberId, number>
}

export type SealingEvent =
  | { type: 'sealing-failed' }
  | { type: 'sealing-status'; agreed: ReadonlySet<MemberId>; failing: ReadonlySet<MemberId> }
  | { type: 'key-changed'; member: MemberId }

const nobodyYet: ReadonlySet<MemberId> = new Set()

/** `able`: our own page can. */
export const freshSealing = (hosted: boolean, able: boolean): Sealing => ({
  mode: hosted ? (able ? 'sealed' : 'open') : 'none',
  agreed: nobodyYet,
  failing: nobodyYet,
  toldHistory: nobodyYet,
  gone: new Map(),
})

export const isSealed = ({ sealing: { mode } }: Pick<RoomState, 'sealing'>): boolean =>
  mode === 'sealed' || mode === 'opening'

export const isAble = ({ person }: RoomState): boolean => person.caps.sealed

/** Whose pages cannot seal, ours left aside. */
export const unsealedMembers = ({ members }: Pick<RoomState, 'members'>): MemberId[] =>
  [...members.values()].filter(({ caps }) => !caps.sealed).map(({ id }) => id)

/** How a message goes out. */
export type Passage = 'plain' | 'sealed' | 'sealed-for' | 'dropped'

/** `to`: it is for that member alone. */
export const passageOf = (state: RoomState, message: PeerMessage, to: MemberId | null): Passage => {
  if (!hostedByServer(state) || !isContent(message)) return 'plain'
  if (state.sealing.mode === 'failed') return 'dropped'
  const alone = to ?? (message.kind === 'direct' || message.kind === 'file-signal' ? message.to : null)
  // Original pages alone have a use for it.
  if (message.kind === 'file-announced' && (alone !== null || isSealed(state))) return 'dropped'
  if (alone !== null) {
    const both = isAble(state) && state.members.get(alone)?.caps.sealed
    return both ? 'sealed-for' : isSealed(state) || to !== null ? 'dropped' : 'plain'
  }
  const sealed = isSealed(state) || (message.kind === 'chat' && message.sealed === true)
  if (!sealed) return 'plain'
  // The host has nothing to tell of what was sealed.
  return message.kind === 'ask-history' ? 'dropped' : 'sealed'
}

/** What is said, offered and sent, in contrast to who is there and who calls. */
const isContent = ({ kind }: PeerMessage): boolean => {
  switch (kind) {
    case 'chat':
    case 'reaction':
    case 'typing':
    case 'topic':
    case 'history':
    case 'ask-history':
    case 'file-announced':
    case 'file-withdrawn':
    case 'file-signal':
    case 'direct':
      return true
    default:
      return false
  }
}

/** Whether what has come is to be taken. Between two who can, what is for one of them is always sealed. */
export const isBelieved = (
  state: RoomState,
  speaker: MemberId | null,
  { message, sealed }: Pick<Received, 'message' | 'sealed'>,
): boolean => {
  if (sealed) return isContent(message) && state.sealing.mode !== 'failed'
  if (!hostedByServer(state) || !isContent(message)) return true
  if (state.sealing.mode === 'failed' || state.sealing.mode === 'sealed') return false
  if (message.kind !== 'direct' && message.kind !== 'file-signal') return true
  const both = isAble(state) && speaker !== null && state.members.get(speaker)?.caps.sealed
  return !both
}
