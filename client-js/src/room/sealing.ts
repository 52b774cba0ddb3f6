/**
 * Whether a star is sealed, how each message goes then, and which of those that come are believed. Pure; `sealing/` seals.
 * Where the server is the host, it can open nothing. A person who is the host reads what is said to everybody as anybody
 * else does, but can change nothing of it, and open nothing that is for another.
 */
import type { MemberId } from '../wire/ids.ts'
import type { PeerMessage, Received } from '../wire/peer.ts'
import type { RoomKind } from '../wire/server.ts'
import { hostOf } from './numbers.ts'
import { hostedByServer, type RoomState } from './state.ts'

/**
 * `none`: there is nobody to seal for, or our page in a person's star cannot. `sealed`: nothing unsealed is sent or shown.
 * `opening`: nothing unsealed is sent, while everybody reads that somebody's page cannot seal, and that whoever runs the
 * server can listen in; what that one sends is shown. `open`: what is sent can be read, or changed, by the host. `closing`: in
 * a person's star all can seal again, and what is unsealed may still be on its way. `failed`: our own page cannot seal any
 * more, and sends and shows nothing.
 */
export type SealingMode = 'none' | 'sealed' | 'opening' | 'open' | 'closing' | 'failed'

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
export const freshSealing = (kind: RoomKind, able: boolean): Sealing => ({
  mode: able && kind !== 'mesh' ? 'sealed' : kind === 'server' ? 'open' : 'none',
  agreed: nobodyYet,
  failing: nobodyYet,
  toldHistory: nobodyYet,
  gone: new Map(),
})

export const isSealed = ({ sealing: { mode } }: Pick<RoomState, 'sealing'>): boolean =>
  mode === 'sealed' || mode === 'opening' || mode === 'closing'

export const isAble = ({ person }: RoomState): boolean => person.caps.sealed

/** Whether it is known who is there, which a guest hears from the host. */
export const knowsMembers = ({ card, role, hostCaps, members }: RoomState): boolean =>
  card.kind === 'server' ? hostCaps !== null : role === 'host' || members.size > 0

/** Whether what is for this member alone is sealed, also where the room is not. A host that cannot seal passes no seals on. */
export const canSealFor = (state: RoomState, member: MemberId | null): boolean => {
  const can = (other: MemberId): boolean => Boolean(state.members.get(other)?.caps.sealed)
  if (state.sealing.mode === 'none' || !isAble(state) || member === null || !can(member)) return false
  return hostedByServer(state) || state.role === 'host' || can(hostOf(state))
}

/** Whose pages cannot seal, ours left aside. */
export const unsealedMembers = ({ members }: Pick<RoomState, 'members'>): MemberId[] =>
  [...members.values()].filter(({ caps }) => !caps.sealed).map(({ id }) => id)

/** How a message goes out. */
export type Passage = 'plain' | 'sealed' | 'sealed-for' | 'dropped'

/** `source` says it: we, or somebody for whom we pass it on. `to`: it is for that member alone. */
export const passageOf = (
  state: RoomState,
  source: MemberId,
  message: PeerMessage,
  to: MemberId | null,
): Passage => {
  if (state.sealing.mode === 'none' || !isContent(message)) return 'plain'
  if (state.sealing.mode === 'failed') return 'dropped'
  if (source !== state.stay) return isPassedOn(state, message) ? 'plain' : 'dropped'
  const alone = to ?? (message.kind === 'direct' || message.kind === 'file-signal' ? message.to : null)
  // Original pages alone have a use for it.
  if (message.kind === 'file-announced' && (alone !== null || isSealed(state))) return 'dropped'
  if (alone !== null) {
    if (canSealFor(state, alone)) return 'sealed-for'
    // A server that is the host would pass it on to everybody.
    return isSealed(state) || (to !== null && hostedByServer(state)) ? 'dropped' : 'plain'
  }
  const sealed = isSealed(state) || (message.kind === 'chat' && message.sealed === true)
  if (!sealed) return 'plain'
  // A host has nothing to tell of what was sealed.
  return message.kind === 'ask-history' ? 'dropped' : 'sealed'
}

/**
 * Sealed or not, what others say goes as it came. What we have opened has gone on before, or goes no further, and what we only
 * know them to have said they say themselves.
 */
const isPassedOn = (state: RoomState, message: PeerMessage): boolean => {
  const asReceived = 'asReceived' in message ? message.asReceived : undefined
  return asReceived === undefined ? !isSealed(state) : asReceived !== null
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
  if (state.sealing.mode === 'none' || !isContent(message)) return true
  if (state.sealing.mode === 'failed' || state.sealing.mode === 'sealed') return false
  if (message.kind !== 'direct' && message.kind !== 'file-signal') return true
  // For another guest: that one believes it or not.
  const passes = state.role === 'host' && message.to !== null && message.to !== state.stay
  return passes || !canSealFor(state, speaker)
}
