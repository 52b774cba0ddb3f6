/**
 * Owns the shape of all transfers of one room as one value: what is offered to us, what we share, who fetches it, and
 * what can happen. Values only.
 */
import type { SideMessageIn, SideMessageOut } from '../legacy/wire/side-protocol.ts'
import type { FileCard, FileSignal } from '../wire/file.ts'
import type { FileChannelMessage, StopReason } from '../wire/file-channel.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import type { Signal } from '../wire/signal.ts'

export type { FileCard } from '../wire/file.ts'
export type { FileId, MemberId } from '../wire/ids.ts'

/** Names one transfer to us; never used twice. */
export type DownloadKey = `in ${number}`
/** Names one transfer from us to one receiver. */
export type UploadKey = `out ${number}`
export type ChannelId = string

/** How a member is reached with files: over channels, in the original's words, or not just now. */
export type Transport = 'channel' | 'legacy' | 'none'
/** `direct` is false where words go through a star's host. */
export type PeerRoute = { readonly name: string; readonly transport: Transport; readonly direct: boolean }

/**
 * `left` by an earlier page of ours in the middle; `offered` until we decide; `queued` behind others; `opening` the place where it goes; `asking` its owner; `waiting`
 * for a way to its owner; `checking` what has come; then `kept`, or `declined`, or `stopped` for a reason.
 */
export type DownloadPhase =
  | 'resumable'
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
export type StopCause = StopReason | 'withdrawn' | 'own-choice' | 'no-answer' | 'lost'

export type Paused = { readonly ours: boolean; readonly theirs: boolean }

/** How fast it goes, from what came since `at`. Zero while nobody knows. */
export type Rate = { readonly at: number; readonly bytes: number; readonly perSecond: number }

/** A session in the original's words, at the receiver. */
export type LegacyDownload = {
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
export type LegacyUpload = {
  readonly action: number
  readonly theirs: number
  /** Asked for once more. */
  readonly missing: readonly number[]
  /** How much had been said by when, of the last while. */
  readonly said: readonly { readonly bytes: number; readonly at: number }[]
  /** What is being read now. */
  readonly from: number
  /** So fast, where a host has to pass it on; it has no way to say that it is too fast. */
  readonly perSecond: number
}

/** A large file on its way to an original's page, over connections of its own. */
export type SideConnections = {
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

export type Download = {
  readonly key: DownloadKey
  readonly file: FileCard
  /** Who has it, as far as we know; and under which id it stands in the conversation, which stays. */
  readonly owner: MemberId
  readonly shownUnder: MemberId
  readonly ownerName: string
  readonly transport: 'channel' | 'legacy'
  /** How many bytes are to come. */
  readonly size: number
  readonly phase: DownloadPhase
  readonly why: StopCause | null
  /** It is kept by this page, and can be saved or looked at once more. */
  readonly here: boolean
  /** Came over the channel. */
  readonly received: number
  /** Lies where it belongs. */
  readonly stored: number
  /** So much of it the sender has been told. */
  readonly acked: number
  readonly paused: Paused
  readonly channel: ChannelId | null
  /** Whom we ask now; another than the owner where the owner may have come back under another id. */
  readonly asked: MemberId | null
  readonly refusedBy: readonly MemberId[]
  /** Counts how often it was asked for, so that a timer of an earlier time is recognised as stale. */
  readonly attempt: number
  /** How often in a row nothing came of it. */
  readonly failures: number
  /** Known to the sender and us only. */
  readonly resumeToken: string | null
  readonly rate: Rate
  readonly digest: string | null
  readonly legacy: LegacyDownload | null
}

export type Share = {
  readonly file: FileCard
  readonly digest: string | null
  readonly hashing: boolean
}

export type UploadPhase = 'running' | 'sent' | 'waiting' | 'done' | 'declined' | 'stopped'

export type Upload = {
  readonly key: UploadKey
  readonly file: FileId
  readonly member: MemberId
  readonly memberName: string
  readonly transport: 'channel' | 'legacy'
  readonly phase: UploadPhase
  readonly why: StopCause | null
  readonly size: number
  readonly channel: ChannelId | null
  /** Handed to the channel. */
  readonly sent: number
  /** Confirmed by the receiver. */
  readonly acked: number
  readonly credit: number
  readonly reading: boolean
  /** Read, and waiting until the channel has room. */
  readonly ahead: Uint8Array<ArrayBuffer> | null
  readonly draining: boolean
  readonly paused: Paused
  readonly resumeToken: string
  readonly rate: Rate
  readonly legacy: LegacyUpload | null
  readonly side: SideConnections | null
}

export type FilesState = {
  readonly routes: ReadonlyMap<MemberId, PeerRoute>
  readonly downloads: ReadonlyMap<DownloadKey, Download>
  readonly shares: ReadonlyMap<FileId, Share>
  readonly uploads: ReadonlyMap<UploadKey, Upload>
  readonly next: number
  /** The number of the next session in the original's words. */
  readonly nextAction: number
}

export type FilesTimer =
  | { readonly kind: 'ask'; readonly key: DownloadKey; readonly attempt: number }
  | { readonly kind: 'answer'; readonly key: DownloadKey; readonly attempt: number }
  | { readonly kind: 'legacy'; readonly key: DownloadKey; readonly action: number }

/** A folder: its files with their paths below it. */
export type Folder = { readonly name: string; readonly files: readonly { path: string; file: Blob }[] }

/** What is offered as one: a file, or a folder, which goes as an archive. */
export type ShareItem = { readonly name: string; readonly file: Blob } | Folder

export type FilesEvent =
  | { type: 'routes'; routes: ReadonlyMap<MemberId, PeerRoute> }
  /** A member goes on under another id. */
  | { type: 'renamed'; from: MemberId; to: MemberId }
  | { type: 'offered'; owner: MemberId; file: FileCard }
  | { type: 'withdrawn'; owner: MemberId; file: FileId }
  | { type: 'resumable'; file: FileCard; ownerName: string; resumeToken: string; stored: number }
  | { type: 'accept'; key: DownloadKey }
  | { type: 'decline'; key: DownloadKey }
  | { type: 'pause'; key: DownloadKey | UploadKey; on: boolean }
  | { type: 'cancel'; key: DownloadKey | UploadKey }
  | { type: 'store-opened'; key: DownloadKey; stored: number }
  | { type: 'store-failed'; key: DownloadKey }
  | { type: 'stored'; key: DownloadKey; bytes: number }
  | { type: 'checked'; key: DownloadKey; digest: string }
  | { type: 'kept'; key: DownloadKey; here: boolean }
  | { type: 'share'; file: FileCard }
  | { type: 'unshare'; file: FileId }
  | { type: 'hashed'; file: FileId; digest: string | null }
  | { type: 'channel-opened'; channel: ChannelId }
  | {
      type: 'channel-requested'
      channel: ChannelId
      member: MemberId
      message: FileChannelMessage
      resumeToken: string
    }
  | { type: 'channel-message'; channel: ChannelId; message: FileChannelMessage }
  | { type: 'channel-bytes'; channel: ChannelId; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'channel-closed'; channel: ChannelId }
  | { type: 'channel-drained'; channel: ChannelId }
  | { type: 'read'; key: UploadKey; at: number; bytes: Uint8Array<ArrayBuffer> | null }
  /** What was said to a member in words has left the link's queue, and its time has passed. */
  | { type: 'queue-drained'; key: UploadKey }
  | { type: 'side-opened'; key: UploadKey; peer: number }
  | { type: 'side-closed'; key: UploadKey }
  | { type: 'side-drained'; key: UploadKey; peer: number }
  | { type: 'side-signalled'; key: UploadKey; peer: number; signal: object }
  | { type: 'side-message'; key: UploadKey; heard: SideMessageIn }
  | { type: 'signal'; from: MemberId; signal: FileSignal }
  | { type: 'timer'; timer: FilesTimer }

export type FilesEffect =
  | { type: 'open-store'; key: DownloadKey }
  | { type: 'write'; key: DownloadKey; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'check'; key: DownloadKey }
  /** So that another page can go on with it. */
  | { type: 'save-resume-record'; key: DownloadKey }
  | { type: 'keep'; key: DownloadKey }
  | { type: 'discard'; key: DownloadKey }
  | { type: 'open-channel'; channel: ChannelId; member: MemberId }
  | { type: 'send'; channel: ChannelId; message: FileChannelMessage }
  | { type: 'send-bytes'; channel: ChannelId; bytes: Uint8Array<ArrayBuffer> }
  /** After everything said before it has gone out. */
  | { type: 'close-channel'; channel: ChannelId }
  | { type: 'read'; key: UploadKey; file: FileId; at: number; bytes: number }
  | { type: 'hash'; file: FileId }
  | { type: 'send-signal'; to: MemberId; signal: FileSignal }
  /** Feeds `settled` once the queue to that member is short, and not before `ms` have passed. */
  | { type: 'await-drain'; key: UploadKey; to: MemberId; ms: number }
  /** Connections beside the room's; `peer` -1 is the one that steers. Drained: little waits to be sent. */
  | { type: 'side-open'; key: UploadKey; peer: number }
  | { type: 'side-signal'; key: UploadKey; peer: number; signal: Signal }
  | { type: 'side-send'; key: UploadKey; said: SideMessageOut }
  | { type: 'side-send-bytes'; key: UploadKey; peer: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'side-await-drain'; key: UploadKey; peer: number }
  | { type: 'side-close'; key: UploadKey }
  | { type: 'timer'; timer: FilesTimer; ms: number }

export type FilesStep = { readonly state: FilesState; readonly effects: readonly FilesEffect[] }

export const noFiles: FilesState = {
  routes: new Map(),
  downloads: new Map(),
  shares: new Map(),
  uploads: new Map(),
  next: 1,
  // The original takes 0 for none, and small numbers are its own.
  nextAction: 1_000,
}

/** Offers beyond so many are not listed: nobody could look through them. */
export const downloadsMax = 500
export const uploadsMax = 500

export const activeDownload: ReadonlySet<DownloadPhase> = new Set([
  'queued',
  'opening',
  'asking',
  'running',
  'waiting',
  'checking',
])
export const activeUpload: ReadonlySet<UploadPhase> = new Set(['running', 'sent', 'waiting'])

/** Does anything run that would be lost with the page? */
export const busy = (state: FilesState): boolean =>
  [...state.downloads.values()].some(({ phase }) => activeDownload.has(phase)) ||
  [...state.uploads.values()].some(({ phase }) => activeUpload.has(phase))

export const secondsLeft = (left: number, rate: Rate): number | null =>
  rate.perSecond > 0 ? Math.ceil(left / rate.perSecond) : null
