/**
 * Owns the shape of all transfers of one visit as one value: what is offered to us, what we share, who fetches it, and
 * what can happen. Values only.
 */
import type { ExtraHeard, ExtraSaid } from '../wire/extra.ts'
import type { FileCard, FileSignal } from '../wire/file.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import type { LaneWord, StopReason } from '../wire/lane.ts'
import type { Signal } from '../wire/signal.ts'

export type { FileCard } from '../wire/file.ts'
export type { FileId, MemberId } from '../wire/ids.ts'

/** Names one transfer to us; never used twice. */
export type IncomingKey = `in ${number}`
/** Names one transfer from us to one receiver. */
export type OutgoingKey = `out ${number}`
export type LaneId = string

/** How a member is reached with files: over lanes, in the original's words, or not just now. */
export type Road = 'lane' | 'words' | 'none'
/** `direct` is false where words go through a star's host. */
export type Party = { readonly name: string; readonly road: Road; readonly direct: boolean }

/**
 * `left` by an earlier page of ours in the middle; `offered` until we decide; `queued` behind others; `opening` the place where it goes; `asking` its owner; `waiting`
 * for a way to its owner; `checking` what has come; then `kept`, or `declined`, or `stopped` for a reason.
 */
export type IncomingPhase =
  | 'left'
  | 'offered'
  | 'queued'
  | 'opening'
  | 'asking'
  | 'running'
  | 'waiting'
  | 'checking'
  | 'kept'
  | 'declined'
  | 'stopped'

/** Why a transfer stopped: what the other side said, or what happened here. `withdrawn`: its owner takes it back. */
export type Why = StopReason | 'withdrawn' | 'own-choice' | 'no-answer' | 'lost'

export type Paused = { readonly ours: boolean; readonly theirs: boolean }

/** How fast it goes, from what came since `at`. Zero while nobody knows. */
export type Rate = { readonly at: number; readonly bytes: number; readonly perSecond: number }

/** A session in the original's words, at the receiver. */
export type WordsFetch = {
  /** Its number with us, and with the uploader once that is known. */
  readonly action: number
  readonly theirs: number | null
  readonly since: number
  readonly heardAt: number
  /** The first chunk that has not been asked for. */
  readonly next: number
  readonly asked: ReadonlySet<number>
  /** Came before its turn. */
  readonly early: ReadonlyMap<number, Uint8Array<ArrayBuffer>>
}

/** A session in the original's words, at the uploader. */
export type WordsServe = {
  readonly action: number
  readonly theirs: number
  /** Asked for once more. */
  readonly again: readonly number[]
  /** How much had been said by when, of the last while. */
  readonly said: readonly { readonly bytes: number; readonly at: number }[]
  /** What is being read now. */
  readonly from: number
  /** So fast, where a host has to pass it on; it has no way to say that it is too fast. */
  readonly perSecond: number
}

/** A large file on its way to an original's page, over connections of its own. */
export type Extra = {
  /** Connections that carry bytes. */
  readonly peers: number
  readonly mismatches: number
  readonly confirmed: boolean
  readonly agreed: boolean
  /** What the far end wants as a chunk's size; 0 until it has said so. */
  readonly chunk: number
  readonly open: ReadonlySet<number>
  readonly started: boolean
  /** The far end has too much before it. */
  readonly waits: boolean
  readonly draining: ReadonlySet<number>
  /** Chunks that are asked for once more. */
  readonly missing: readonly number[]
  readonly answering: number | null
}

export type Incoming = {
  readonly key: IncomingKey
  readonly file: FileCard
  /** Who has it, as far as we know; and under which id it stands in the conversation, which stays. */
  readonly owner: MemberId
  readonly shownUnder: MemberId
  readonly ownerName: string
  readonly road: 'lane' | 'words'
  /** How many bytes are to come. */
  readonly size: number
  readonly phase: IncomingPhase
  readonly why: Why | null
  /** It is kept by this page, and can be saved or looked at once more. */
  readonly here: boolean
  /** Came over the lane. */
  readonly heard: number
  /** Lies where it belongs. */
  readonly stored: number
  /** So much of it the sender has been told. */
  readonly told: number
  readonly paused: Paused
  readonly lane: LaneId | null
  /** Whom we ask now; another than the owner where the owner may have come back under another id. */
  readonly asked: MemberId | null
  readonly refusedBy: readonly MemberId[]
  /** Counts how often it was asked for, so that a timer of an earlier time is recognised as stale. */
  readonly attempt: number
  /** How often in a row nothing came of it. */
  readonly fruitless: number
  /** Known to the sender and us only. */
  readonly again: string | null
  readonly rate: Rate
  readonly digest: string | null
  readonly words: WordsFetch | null
}

export type Share = {
  readonly file: FileCard
  readonly digest: string | null
  readonly hashing: boolean
}

export type OutgoingPhase = 'running' | 'sent' | 'waiting' | 'done' | 'declined' | 'stopped'

export type Outgoing = {
  readonly key: OutgoingKey
  readonly file: FileId
  readonly member: MemberId
  readonly memberName: string
  readonly road: 'lane' | 'words'
  readonly phase: OutgoingPhase
  readonly why: Why | null
  readonly size: number
  readonly lane: LaneId | null
  /** Handed to the lane. */
  readonly sent: number
  /** Confirmed by the receiver. */
  readonly took: number
  readonly credit: number
  readonly reading: boolean
  /** Read, and waiting until the lane has room. */
  readonly ahead: Uint8Array<ArrayBuffer> | null
  readonly draining: boolean
  readonly paused: Paused
  readonly again: string
  readonly rate: Rate
  readonly words: WordsServe | null
  readonly extra: Extra | null
}

export type FilesState = {
  readonly parties: ReadonlyMap<MemberId, Party>
  readonly incoming: ReadonlyMap<IncomingKey, Incoming>
  readonly shares: ReadonlyMap<FileId, Share>
  readonly outgoing: ReadonlyMap<OutgoingKey, Outgoing>
  readonly next: number
  /** The number of the next session in the original's words. */
  readonly nextAction: number
}

export type FilesTimer =
  | { readonly kind: 'ask'; readonly key: IncomingKey; readonly attempt: number }
  | { readonly kind: 'answer'; readonly key: IncomingKey; readonly attempt: number }
  | { readonly kind: 'words'; readonly key: IncomingKey; readonly action: number }

/** A folder: its files with their paths below it. */
export type Folder = { readonly name: string; readonly files: readonly { path: string; file: Blob }[] }

/** What is offered as one: a file, or a folder, which goes as an archive. */
export type Parcel = { readonly name: string; readonly file: Blob } | Folder

export type FilesEvent =
  | { type: 'parties'; parties: ReadonlyMap<MemberId, Party> }
  /** A member goes on under another id. */
  | { type: 'renamed'; from: MemberId; to: MemberId }
  | { type: 'offered'; owner: MemberId; file: FileCard }
  | { type: 'withdrawn'; owner: MemberId; file: FileId }
  | { type: 'left'; file: FileCard; ownerName: string; again: string; stored: number }
  | { type: 'accept'; key: IncomingKey }
  | { type: 'decline'; key: IncomingKey }
  | { type: 'pause'; key: IncomingKey | OutgoingKey; on: boolean }
  | { type: 'cancel'; key: IncomingKey | OutgoingKey }
  | { type: 'store-opened'; key: IncomingKey; stored: number }
  | { type: 'store-failed'; key: IncomingKey }
  | { type: 'stored'; key: IncomingKey; bytes: number }
  | { type: 'checked'; key: IncomingKey; digest: string }
  | { type: 'kept'; key: IncomingKey; here: boolean }
  | { type: 'share'; file: FileCard }
  | { type: 'unshare'; file: FileId }
  | { type: 'hashed'; file: FileId; digest: string | null }
  | { type: 'lane-opened'; lane: LaneId }
  | { type: 'lane-called'; lane: LaneId; member: MemberId; word: LaneWord; again: string }
  | { type: 'lane-word'; lane: LaneId; word: LaneWord }
  | { type: 'lane-bytes'; lane: LaneId; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'lane-closed'; lane: LaneId }
  | { type: 'drained'; lane: LaneId }
  | { type: 'read'; key: OutgoingKey; at: number; bytes: Uint8Array<ArrayBuffer> | null }
  /** What was said to a member in words has left the link's queue, and its time has passed. */
  | { type: 'settled'; key: OutgoingKey }
  | { type: 'extra-opened'; key: OutgoingKey; peer: number }
  | { type: 'extra-closed'; key: OutgoingKey }
  | { type: 'extra-drained'; key: OutgoingKey; peer: number }
  | { type: 'extra-emitted'; key: OutgoingKey; peer: number; signal: object }
  | { type: 'extra-heard'; key: OutgoingKey; heard: ExtraHeard }
  | { type: 'signal'; from: MemberId; signal: FileSignal }
  | { type: 'timer'; timer: FilesTimer }

export type FilesEffect =
  | { type: 'open-store'; key: IncomingKey }
  | { type: 'write'; key: IncomingKey; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'check'; key: IncomingKey }
  /** So that another page can go on with it. */
  | { type: 'note'; key: IncomingKey }
  | { type: 'keep'; key: IncomingKey }
  | { type: 'discard'; key: IncomingKey }
  | { type: 'open-lane'; lane: LaneId; member: MemberId }
  | { type: 'tell'; lane: LaneId; word: LaneWord }
  | { type: 'push'; lane: LaneId; bytes: Uint8Array<ArrayBuffer> }
  /** After everything said before it has gone out. */
  | { type: 'close-lane'; lane: LaneId }
  | { type: 'read'; key: OutgoingKey; file: FileId; at: number; bytes: number }
  | { type: 'hash'; file: FileId }
  | { type: 'say'; to: MemberId; signal: FileSignal }
  /** Feeds `settled` once the queue to that member is short, and not before `ms` have passed. */
  | { type: 'settle'; key: OutgoingKey; to: MemberId; ms: number }
  /** Connections beside the room's; `peer` -1 is the one that steers. Drained: little waits to be sent. */
  | { type: 'extra-open'; key: OutgoingKey; peer: number }
  | { type: 'extra-signal'; key: OutgoingKey; peer: number; signal: Signal }
  | { type: 'extra-say'; key: OutgoingKey; said: ExtraSaid }
  | { type: 'extra-push'; key: OutgoingKey; peer: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'extra-drain'; key: OutgoingKey; peer: number }
  | { type: 'extra-close'; key: OutgoingKey }
  | { type: 'timer'; timer: FilesTimer; ms: number }

export type FilesStep = { readonly state: FilesState; readonly effects: readonly FilesEffect[] }

export const noFiles: FilesState = {
  parties: new Map(),
  incoming: new Map(),
  shares: new Map(),
  outgoing: new Map(),
  next: 1,
  // The original takes 0 for none, and small numbers are its own.
  nextAction: 1_000,
}

/** Offers beyond so many are not listed: nobody could look through them. */
export const incomingMax = 500
export const outgoingMax = 500

export const incomingLive: ReadonlySet<IncomingPhase> = new Set([
  'queued',
  'opening',
  'asking',
  'running',
  'waiting',
  'checking',
])
export const outgoingLive: ReadonlySet<OutgoingPhase> = new Set(['running', 'sent', 'waiting'])

/** Does anything run that would be lost with the page? */
export const busy = (state: FilesState): boolean =>
  [...state.incoming.values()].some(({ phase }) => incomingLive.has(phase)) ||
  [...state.outgoing.values()].some(({ phase }) => outgoingLive.has(phase))

export const owedSeconds = (left: number, rate: Rate): number | null =>
  rate.perSecond > 0 ? Math.ceil(left / rate.perSecond) : null
