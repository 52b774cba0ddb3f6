/** The state of a room as one value, with the events that can happen to it and the effects that it asks for. */
import type { Step } from '../base/steps.ts'
import type { StreamSize } from '../wire/call.ts'
import type { FileCard, FileSignal } from '../wire/file.ts'
import type { FileId, MemberId, MessageId, PeerId, StreamId } from '../wire/ids.ts'
import {
  type Announced,
  type Caps,
  defaultAvatar,
  type Media,
  type Member,
  noCaps,
  ownCaps,
  type PeerMessage,
  type Person,
  type Received,
} from '../wire/peer.ts'
import type { Admission, Refusal, RoomCard } from '../wire/server.ts'
import type { Signal } from '../wire/signal.ts'
import { noCall, type RoomCall } from './call.ts'
import { freshHistory, type History } from './history.ts'
import type { OutboxEntry } from './outbox.ts'
import { type Role, rulesOf } from './role.ts'
import type { Timeline } from './timeline.ts'

/** For the views, which do not look into the wire's messages themselves. */
export type { Refusal, RoomKind } from '../wire/server.ts'

type LinkFields = {
  /** We opened it, so we open it again. */
  readonly initiator: boolean
  /** Whether the peer is in the room, by what the server said last; `unsure` once we could not hear the server. */
  readonly inRoom: 'yes' | 'no' | 'unsure'
  /** The far end came into the room after us. Whoever called first tells: newcomers are called. */
  readonly cameLater: boolean
  /** Counts the calls over this link, so that a timer of an earlier one is recognised as stale. */
  readonly attempt: number
  /** Messages whose arrival the peer has not acknowledged. */
  readonly unacked: readonly OutboxEntry[]
  /** The peer has asked for what was said before it came, and has been answered. */
  readonly historySent: boolean
}

/**
 * `connecting`: no channel yet. `greeting`: the channel is open and nobody has introduced themselves. `admitted`: a guest
 * has an id and no name. `member` is whom the link leads to. `steady` is false while the network gives no sign of the
 * peer, which may pass.
 */
type LinkStage =
  | { readonly phase: 'connecting' | 'greeting'; readonly member: MemberId | null; readonly steady: boolean }
  | { readonly phase: 'admitted' | 'ready'; readonly member: MemberId; readonly steady: boolean }
  | { readonly phase: 'lost'; readonly member: MemberId | null }

export type LinkState = LinkFields & LinkStage
export type LinkPhase = LinkStage['phase']

/** The same link at another stage. Nothing of the stage before is left over. */
export const linkAt = (link: LinkState, stage: LinkStage, change: Partial<LinkFields> = {}): LinkState => {
  const { initiator, inRoom, cameLater, attempt, unacked, historySent } = link
  return { initiator, inRoom, cameLater, attempt, unacked, historySent, ...change, ...stage }
}

/**
 * Our own membership in the room at the server. `announcing`: under a new id, which we tell the peers before we join
 * again.
 */
export type Membership =
  | { readonly type: 'joined' }
  | { readonly type: 'offline' }
  | { readonly type: 'announcing'; readonly awaiting: ReadonlySet<PeerId> }
  | { readonly type: 'rejoining' }
  | { readonly type: 'rejected'; readonly refusal: Refusal }

export type RoomState = {
  readonly card: RoomCard
  readonly role: Role
  readonly self: PeerId
  readonly selfMember: MemberId | null
  readonly person: Person
  /** The host's peer id, for a guest. */
  readonly host: PeerId | null
  readonly membership: Membership
  /**
   * Our connection to the server broke and came back. To the server we are a newcomer again, and everybody else was there before us.
   */
  readonly returned: boolean
  readonly links: ReadonlyMap<PeerId, LinkState>
  /** Everyone else who has introduced themselves, linked directly or not. */
  readonly members: ReadonlyMap<MemberId, Member>
  readonly timeline: Timeline
  readonly call: RoomCall
  /** Who is typing, and until when that is shown unless they go on. */
  readonly typing: ReadonlyMap<MemberId, number>
  /** When we last said that we are typing; null when we are not. */
  readonly typingSentAt: number | null
  readonly history: History
  /** Whether we share what was said with those who come later. */
  readonly sharesHistory: boolean
  /** Offers that still stand, which whoever comes later is told of: ours, and for a host its guests' too. */
  readonly activeOffers: readonly { readonly owner: MemberId; readonly file: FileCard }[]
  /** The number of the next guest, for a host; never used twice. */
  readonly nextGuest: number
  readonly ended: boolean
}

export type Timer =
  | { readonly kind: 'dial'; readonly peer: PeerId; readonly attempt: number }
  | { readonly kind: 'handshake'; readonly peer: PeerId; readonly attempt: number }
  | { readonly kind: 'give-up'; readonly peer: PeerId; readonly attempt: number }
  | { readonly kind: 'join' }
  | { readonly kind: 'host-offline' }
  | { readonly kind: 'typing'; readonly member: MemberId; readonly until: number }
  | { readonly kind: 'delivery'; readonly id: MessageId }
  | { readonly kind: 'history'; readonly peer: PeerId }

export type RoomEvent =
  | { type: 'peer-joined'; peer: PeerId }
  | { type: 'peer-left'; peer: PeerId }
  | { type: 'incoming-offer'; peer: PeerId }
  | { type: 'link-opened'; peer: PeerId }
  | { type: 'link-steady'; peer: PeerId; steady: boolean }
  | { type: 'link-closed'; peer: PeerId }
  | { type: 'received'; via: PeerId; received: Received }
  /** Some of what came over that link, from `source` where its host speaks for others, came too fast to be shown. */
  | { type: 'too-fast'; via: PeerId; source: MemberId | null }
  | { type: 'say'; text: string; id: MessageId; replyTo: MessageId | null }
  | { type: 'offer-files'; files: readonly FileCard[]; id: MessageId }
  /** An earlier page of ours in this room has half of a file from somebody of that name. */
  | { type: 'resumable-file'; file: FileCard; name: string }
  | { type: 'withdraw-file'; file: FileId }
  | { type: 'send-file-signal'; to: MemberId; signal: FileSignal }
  | { type: 'send-direct-signal'; to: MemberId; id: string; signal: Signal }
  | { type: 'react'; to: MessageId; emoji: string; on: boolean }
  | { type: 'typing'; on: boolean }
  | { type: 'send-topic'; topic: string; data: unknown }
  | { type: 'share-history'; on: boolean }
  | { type: 'timer'; timer: Timer }
  | { type: 'password-attempts'; count: number }
  | { type: 'server-lost' }
  | { type: 'server-found'; self: PeerId }
  | { type: 'rejoined' }
  | CallEvent
  | { type: 'rejoin-refused'; refusal: Refusal }

/** Our own part in the call, and what comes over links. */
export type CallEvent =
  | { type: 'call-announce'; own: Announced }
  | { type: 'call-leave' }
  | { type: 'call-media'; media: Media }
  | { type: 'call-show'; stream: StreamId; size: StreamSize }
  | { type: 'stream-arrived'; via: PeerId; stream: StreamId }
  | { type: 'stream-gone'; via: PeerId; stream: StreamId }

export type RoomEffect =
  | { type: 'dial'; peer: PeerId }
  | { type: 'hang-up'; peer: PeerId }
  /** `droppable`: rather left out than waiting behind much else. */
  | { type: 'send'; over: PeerId; source: MemberId; message: PeerMessage; droppable?: true }
  | { type: 'rename-link'; from: PeerId; to: PeerId }
  /** Something for the link itself that came over its own channel. */
  | { type: 'signal'; over: PeerId; signal: Signal }
  | { type: 'join' }
  | { type: 'file'; from: MemberId; about: FileNotice }
  /** For pages that others have made of this. */
  | { type: 'topic'; from: MemberId; topic: string; data: unknown }
  | { type: 'timer'; timer: Timer; ms: number }
  /** For a stream that is sent already it means other tracks. */
  | { type: 'publish'; over: PeerId; stream: StreamId }
  | { type: 'unpublish'; over: PeerId; stream: StreamId }

/** What concerns files, which the room itself only carries. */
export type FileNotice =
  | { kind: 'offered'; file: FileCard }
  | { kind: 'withdrawn'; file: FileId }
  | { kind: 'signal'; signal: FileSignal }
  | { kind: 'direct'; id: string; signal: Signal }

export type RoomStep = Step<RoomState, RoomEffect>

const roleOf = ({ card, host }: Admission): Role => {
  if (card.kind === 'mesh') return 'mesh'
  return host === null ? 'host' : 'guest'
}

export const createRoomState = (admission: Admission, self: PeerId, name: string): RoomState => {
  const role = roleOf(admission)
  return {
    card: admission.card,
    role,
    self,
    selfMember: rulesOf({ role }).selfMember(self),
    person: { name, avatar: defaultAvatar, caps: ownCaps },
    host: admission.host,
    membership: { type: 'joined' },
    returned: false,
    links: new Map(),
    members: new Map(),
    timeline: [],
    typing: new Map(),
    typingSentAt: null,
    history: freshHistory,
    sharesHistory: false,
    activeOffers: [],
    call: noCall,
    nextGuest: 1,
    ended: false,
  }
}

export const readyLinks = (state: RoomState): PeerId[] =>
  [...state.links].filter(([, link]) => link.phase === 'ready').map(([peer]) => peer)

/** What the page at the far end of a link can do; nothing of ours until it has introduced itself. */
export const capsOf = (state: RoomState, peer: PeerId): Caps => {
  const member = state.links.get(peer)?.member ?? null
  return (member === null ? undefined : state.members.get(member)?.caps) ?? noCaps
}

/** May this peer open a link to us now? */
export const acceptsOffer = (state: RoomState, peer: PeerId): boolean =>
  !state.ended &&
  rulesOf(state).acceptsOfferFrom(peer, state.host) &&
  (state.links.has(peer) || state.links.size < linksMax)

/** Twice what a room holds, for those who have just left or come back under another id. */
export const linksMax = 40
export const membersMax = 40
