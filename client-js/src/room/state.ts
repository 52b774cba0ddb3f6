/** The state of a room as one value, with the events that can happen to it and the effects that it asks for. */
import type { Step } from '../base/steps.ts'
import type { DirectSignal, FileCard, FileSignal } from '../wire/file.ts'
import {
  directMember,
  type FileId,
  hostNumber,
  type MemberId,
  type MessageId,
  memberId,
  type PeerId,
  type StreamId,
} from '../wire/ids.ts'
import type { Obstacle } from '../wire/obstacle.ts'
import type { Knock, Ownership } from '../wire/owner.ts'
import type { OwnerAct } from '../wire/owner-act.ts'
import {
  type Caps,
  defaultAvatar,
  type Member,
  noCaps,
  ownCaps,
  type PeerMessage,
  type Person,
  type Received,
} from '../wire/peer.ts'
import type { Refusal } from '../wire/refusal.ts'
import type { RoomSettings } from '../wire/resume.ts'
import type { Admission, RoomCard } from '../wire/server.ts'
import type { Signal } from '../wire/signal.ts'
import { type CallEvent, noCall, type RoomCall } from './call.ts'
import type { DirectEffect, DirectEvent } from './direct-calls.ts'
import { freshHistory, type History } from './history.ts'
import type { Numbers } from './numbers.ts'
import type { Away, OutboxEntry } from './outbox.ts'
import { type Role, rulesOf } from './role.ts'
import { freshSealing, type Sealing, type SealingEvent } from './sealing.ts'
import type { NamedFile, Timeline } from './timeline.ts'

/** For the views, which do not look into the wire's messages themselves. */
export type { Obstacle } from '../wire/obstacle.ts'
export type { Knock } from '../wire/owner.ts'
export type { Refusal } from '../wire/refusal.ts'
export type { RoomSettings } from '../wire/resume.ts'
export type { RoomKind } from '../wire/server.ts'
export type { CallEvent } from './call.ts'

type LinkFields = {
  /**
   * Where signals for the peer go: its id at the server now. The link itself goes by the id under which the peer was
   * first met, for as long as it lives.
   */
  readonly address: PeerId
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
  /** Known to be a page of ours although it has not introduced itself over this link: a star's new host. */
  readonly expected: boolean
  /** The link ended without a goodbye: whoever it led to may be asleep. */
  readonly lost: boolean
  /** What was in the way at the last attempt that came to nothing. */
  readonly obstacle: Obstacle | null
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
  const { address, initiator, inRoom, cameLater, attempt, unacked, historySent, expected } = link
  const { lost, obstacle } = link
  const fields = {
    address,
    initiator,
    inRoom,
    cameLater,
    attempt,
    unacked,
    historySent,
    expected,
    lost,
    obstacle,
  }
  return { ...fields, ...change, ...stage }
}

/**
 * Our own membership in the room at the server. `announcing`: under a new id, which we tell the peers before we join
 * again. `waiting`: the server would not have us, for a reason that may pass, and is asked again. `rejected`: it never will.
 * `attempt` counts refusals, so that the server is asked ever more rarely.
 */
export type Membership =
  | { readonly type: 'joined' }
  | { readonly type: 'offline' }
  | { readonly type: 'announcing'; readonly awaiting: ReadonlySet<PeerId> }
  | { readonly type: 'rejoining'; readonly attempt: number }
  | { readonly type: 'waiting'; readonly refusal: Refusal; readonly attempt: number }
  | { readonly type: 'rejected'; readonly refusal: Refusal }

/**
 * The room's owner, as far as we can know it: `ours` where we have the key, `member` where the owner has said which one
 * they are.
 */
export type RoomOwner = {
  readonly ours: boolean
  readonly member: MemberId | null
  readonly locked: boolean
  /** Newcomers wait until they are let in. */
  readonly waits: boolean
}

/** Why we are out of the room without having left it. */
/** `sent-away`: not let in again, which may change. `by-server`: whoever runs the server has closed the room. */
export type Closed = {
  readonly how: 'removed' | 'sent-away' | 'ended' | 'by-server'
  readonly reason: string
}

export type RoomState = {
  readonly card: RoomCard
  readonly role: Role
  readonly self: PeerId
  /** Our own member id for this stay. */
  readonly stay: MemberId
  /** The same, once we may speak under it: a guest of a star has to be let in first. */
  readonly selfMember: MemberId | null
  readonly numbers: Numbers
  readonly person: Person
  /** The link to the host, for a guest. */
  readonly host: PeerId | null
  /** What the host's page can do, where the server is the host, and so nobody in the room. Null before it has said so. */
  readonly hostCaps: Caps | null
  /** Whom the conversation knows as a star's host: `nobody` where one is awaited, null before anybody was it. */
  readonly toldHost: MemberId | null
  readonly membership: Membership
  /**
   * Our connection to the server broke and came back. To the server we are a newcomer again, and everybody else was there before us.
   */
  readonly returned: boolean
  readonly links: ReadonlyMap<PeerId, LinkState>
  /** Everyone else who has introduced themselves, linked directly or not. */
  readonly members: ReadonlyMap<MemberId, Member>
  /** Who was here and may come back. */
  readonly away: Away
  readonly timeline: Timeline
  /** Of the last entry that was taken out. */
  readonly removedKey: number
  /** Offers of others that an earlier page of ours has shown. */
  readonly seenFiles: readonly NamedFile[]
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
  /** Offers that stand no longer, the last ones: whoever had no link to us when they ended hears of it once they have. */
  readonly endedOffers: readonly EndedOffer[]
  /** How often another has become the host, as far as somebody has to be waited for then. */
  readonly hostTerm: number
  readonly regrouping: Regrouping
  /** The number of the next guest, for a host; never used twice. */
  readonly nextGuest: number
  /** Null where the room has no owner, or none whom we could believe. */
  readonly owner: RoomOwner | null
  /** Of what goes through a star's host. */
  readonly sealing: Sealing
  /** Who waits at the door, for the owner to see. */
  readonly knocking: readonly Knock[]
  readonly ended: boolean
  /** By the owner; the room has ended for us then. */
  readonly closed: Closed | null
}

/**
 * Whom a server that was started anew, and knows nobody, has not named yet, though we know them: members of the room, and
 * those of the call.
 */
export type Regrouping = {
  readonly members: ReadonlySet<MemberId>
  readonly callers: ReadonlySet<MemberId>
}

export const noRegrouping: Regrouping = { members: new Set(), callers: new Set() }

/** `lost`: its owner's page was loaded anew, and cannot read the file any more. */
export type EndedOffer = { readonly owner: MemberId; readonly file: FileId; readonly lost: boolean }

/** What a timer waits for is named, so that one for something that is over by then does nothing. */
export type Timer =
  | { readonly kind: 'dial'; readonly peer: PeerId; readonly attempt: number }
  | { readonly kind: 'handshake'; readonly peer: PeerId; readonly attempt: number }
  | { readonly kind: 'give-up'; readonly peer: PeerId; readonly attempt: number }
  | { readonly kind: 'join'; readonly self: PeerId; readonly attempt: number }
  | { readonly kind: 'regroup'; readonly term: number }
  | { readonly kind: 'host-offline'; readonly host: PeerId }
  | { readonly kind: 'typing'; readonly member: MemberId; readonly until: number }
  | { readonly kind: 'delivery'; readonly id: MessageId }
  | { readonly kind: 'history'; readonly peer: PeerId | MemberId }
  | { readonly kind: 'unseal' }
  | { readonly kind: 'seal' }
  | { readonly kind: 'direct'; readonly member: MemberId }
  | { readonly kind: 'away'; readonly member: MemberId; readonly since: number }

export type RoomEvent =
  | { type: 'peer-joined'; peer: PeerId }
  | { type: 'peer-left'; peer: PeerId }
  | { type: 'incoming-offer'; peer: PeerId }
  | { type: 'link-opened'; peer: PeerId }
  | { type: 'link-steady'; peer: PeerId; steady: boolean }
  /** `lost`: the network has lost the peer, which has not hung up. */
  | { type: 'link-closed'; peer: PeerId; lost?: boolean; obstacle?: Obstacle | null }
  | { type: 'received'; via: PeerId; received: Received }
  /** Some of what came over that link, from `source` where its host speaks for others, came too fast to be shown. */
  | { type: 'too-fast'; via: PeerId; source: MemberId | null }
  | { type: 'say'; text: string; id: MessageId; replyTo: MessageId | null }
  | { type: 'offer-files'; files: readonly FileCard[]; id: MessageId }
  /** An earlier page of ours in this room has half of a file from somebody of that name. */
  | { type: 'resumable-file'; file: FileCard; name: string }
  | { type: 'withdraw-file'; file: FileId }
  | { type: 'send-file-signal'; to: MemberId; signal: FileSignal }
  | { type: 'send-direct-signal'; to: MemberId; about: DirectSignal }
  | { type: 'send-again'; message: MessageId }
  | { type: 'react'; to: MessageId; emoji: string; on: boolean }
  | { type: 'typing'; on: boolean }
  | { type: 'send-topic'; topic: string; data: unknown }
  | { type: 'share-history'; on: boolean }
  | { type: 'timer'; timer: Timer }
  | { type: 'password-attempts'; count: number }
  | { type: 'room-closed' }
  | { type: 'server-lost' }
  /** `known` is what the server knows of us in this room; null where we are new to it. */
  | { type: 'server-found'; self: PeerId; known?: KnownMembership | null }
  | ({ type: 'rejoined' } & Rejoined)
  | { type: 'host-changed'; host: PeerId | null; members: readonly PeerId[] }
  | { type: 'owner-known'; owner: RoomOwner | null; knocking: readonly Knock[] }
  | { type: 'knock'; knock: Knock; on: boolean }
  | { type: 'owner-act'; act: OwnerAct; owner: RoomOwner }
  | { type: 'owner-muted' }
  | CallEvent
  | DirectEvent
  | SealingEvent
  | { type: 'rejoin-refused'; refusal: Refusal }

/** What the server says to whoever joins anew. */
export type Rejoined = Partial<Pick<Admission, 'host' | 'hosting'>> & { readonly settings?: RoomSettings }

/** Who is in the room by the server's list, and whether it tells us of everything that we have missed. */
export type KnownMembership = {
  readonly host: PeerId | null
  readonly members: readonly PeerId[]
  readonly complete: boolean
  readonly settings?: RoomSettings
  readonly ownership?: Ownership | null
}

export type RoomEffect =
  | { type: 'dial'; peer: PeerId }
  | { type: 'hang-up'; peer: PeerId }
  /** `droppable`: rather left out than waiting behind much else. `to`: for that member alone, past a host. */
  | { type: 'send'; over: PeerId; source: MemberId; message: PeerMessage; droppable?: true; to?: MemberId }
  /** Something for the link itself that came over its own channel. */
  | { type: 'signal'; over: PeerId; signal: Signal }
  | { type: 'join' }
  /** Our microphone is to be off. */
  | { type: 'mute' }
  | { type: 'file'; from: MemberId; about: FileNotice }
  /** For pages that others have made of this. */
  | { type: 'topic'; from: MemberId; topic: string; data: unknown }
  | { type: 'timer'; timer: Timer; ms: number }
  /** For a stream that is sent already it means other tracks. */
  | { type: 'publish'; over: PeerId; stream: StreamId }
  | { type: 'unpublish'; over: PeerId; stream: StreamId }
  | DirectEffect

/** What concerns files, which the room itself only carries. */
export type FileNotice =
  | { kind: 'offered'; file: FileCard }
  | { kind: 'withdrawn'; file: FileId; lost: boolean }
  | { kind: 'signal'; signal: FileSignal }
  | ({ kind: 'direct' } & DirectSignal)

export type RoomStep = Step<RoomState, RoomEffect>

const roleOf = ({ card, host, hosting = host === null }: Admission): Role => {
  if (card.kind === 'mesh') return 'mesh'
  return hosting ? 'host' : 'guest'
}

/** Without a `stay` of our own we go by our peer id, as original pages do. `seals`: our page can. */
export const createRoomState = (
  admission: Admission,
  self: PeerId,
  name: string,
  stay: MemberId = memberId(self),
  seals = false,
): RoomState => {
  const role = roleOf(admission)
  const caps = { ...ownCaps, sealed: seals }
  return {
    card: admission.card,
    role,
    self,
    stay,
    selfMember: role === 'guest' ? null : stay,
    numbers: role === 'host' ? new Map([[hostNumber, stay]]) : new Map(),
    person: { name, avatar: defaultAvatar, caps, key: admission.card.ownerKeys?.publicKey ?? null },
    host: admission.host,
    hostCaps: null,
    toldHost: role === 'host' ? stay : null,
    membership: { type: 'joined' },
    returned: false,
    links: new Map(),
    members: new Map(),
    away: new Map(),
    timeline: [],
    removedKey: 0,
    seenFiles: [],
    typing: new Map(),
    typingSentAt: null,
    history: freshHistory,
    sharesHistory: false,
    activeOffers: [],
    endedOffers: [],
    call: noCall,
    hostTerm: 0,
    regrouping: noRegrouping,
    nextGuest: 1,
    owner: null,
    sealing: freshSealing(admission.card.kind, seals),
    knocking: [],
    ended: false,
    closed: null,
  }
}

/** The host is the server, and no person. */
export const hostedByServer = ({ card }: Pick<RoomState, 'card'>): boolean => card.kind === 'server'

export const readyLinks = (state: RoomState): PeerId[] =>
  [...state.links].filter(([, link]) => link.phase === 'ready').map(([peer]) => peer)

/** What the page at the far end of a link can do; nothing of ours until it has introduced itself. */
export const capsOf = (state: RoomState, peer: PeerId): Caps => {
  const link = state.links.get(peer)
  const member = directMember(peer) ?? link?.member ?? null
  if (member === null && link?.expected) return ownCaps
  const hostCaps = peer === state.host ? state.hostCaps : null
  return (member === null ? undefined : state.members.get(member)?.caps) ?? hostCaps ?? noCaps
}

/** The link to whoever the server calls so now. */
export const linkOf = ({ links }: RoomState, peer: PeerId): PeerId | null => {
  if (links.get(peer)?.address === peer) return peer
  for (const [key, { address }] of links) if (address === peer) return key
  return null
}

/** May this peer open a link to us now? */
export const acceptsOffer = (state: RoomState, peer: PeerId): boolean => {
  const known = linkOf(state, peer)
  if (state.ended || !rulesOf(state).acceptsOfferFrom(known ?? peer, state.host)) return false
  return known !== null || (state.links.size < linksMax && !state.links.has(peer))
}

/** So many offers are told to whoever comes later, and so many that have ended to whoever comes back. */
export const offersMax = 60

/** Twice what a room holds, for those who have just left or come back under another id. */
export const linksMax = 40
export const membersMax = 40
