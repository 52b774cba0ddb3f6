/**
 * All transfers of one room as one value: what is offered to us, what we share, who fetches it, and what can happen to
 * them. There are only values here; the rules are in the files beside it.
 */
import type { Step } from '../base/steps.ts'
import type { LegacyDownload, LegacyEffect, LegacyEvent, LegacyTimer, LegacyUpload } from '../legacy/index.ts'
import type { FileCard } from '../wire/file.ts'
import type { FileChannelMessage, StopReason } from '../wire/file-channel.ts'
import type { FileId, MemberId } from '../wire/ids.ts'

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
 * `resumable`: an earlier page of ours was closed in the middle of it. `offered` until the person decides. `queued` behind
 * others. `opening` the place where it goes. `asking` its owner. `running`. `waiting` for a way to its owner. `checking`
 * what has come. In the end it is `kept`, `declined`, or `stopped` for a reason.
 */
type DownloadStage =
  | { readonly phase: 'resumable' | 'offered' | 'queued' | 'opening' | 'waiting' | 'declined' }
  | { readonly phase: 'asking' | 'running'; readonly source: DownloadSource }
  /** `digest` is what the sender has announced; an original page announces none. */
  | { readonly phase: 'checking'; readonly channel: ChannelId | null; readonly digest: string | null }
  /**
   * `here`: this page holds it, so that it can be saved or looked at once more. `told`: its sender knows that it has
   * arrived.
   */
  | { readonly phase: 'kept'; readonly digest: string; readonly here: boolean; readonly told: boolean }
  | { readonly phase: 'stopped'; readonly why: StopCause }

/** Whom we ask, and how. It is not always the owner: the owner may have come back under another id. */
export type DownloadSource =
  | { readonly kind: 'channel'; readonly channel: ChannelId; readonly member: MemberId }
  | LegacyDownload

export type DownloadPhase = DownloadStage['phase']

/**
 * Why a transfer stopped: what the other side said, or what happened here. `withdrawn`: its owner takes it back.
 * `reloaded`: its owner's page was loaded anew and cannot read it any more.
 * `memory-only`: the browser gives us no storage, and the page itself cannot hold so much. `no-storage`: the place where
 * it goes could not be opened or written to.
 */
export type StopCause =
  | StopReason
  | 'memory-only'
  | 'no-storage'
  | 'withdrawn'
  | 'reloaded'
  | 'own-choice'
  | 'no-answer'
  | 'lost'

export type Paused = { readonly ours: boolean; readonly theirs: boolean }

/** How fast it goes, from what came since `at`. Zero while nobody knows. */
export type Rate = { readonly at: number; readonly bytes: number; readonly perSecond: number }

type DownloadFields = {
  readonly key: DownloadKey
  readonly file: FileCard
  /** Who has it, as far as we know. */
  readonly owner: MemberId
  /** The member under whose id it stands in the conversation, which never changes. */
  readonly shownUnder: MemberId
  readonly ownerName: string
  /**
   * Its owner still offers it. Not once they have taken it back or have left: whoever returns says anew what they offer.
   */
  readonly available: boolean
  readonly transport: Exclude<Transport, 'none'>
  /** How many bytes are to come. */
  readonly size: number
  /** Bytes that have come. */
  readonly received: number
  /** Bytes that lie where they belong. */
  readonly stored: number
  /** Bytes that the sender knows to be stored. */
  readonly acked: number
  readonly paused: Paused
  readonly refusedBy: readonly MemberId[]
  /** Counts how often it was asked for, so that a timer of an earlier time is recognised as stale. */
  readonly attempt: number
  /** How often in a row nothing came of it. */
  readonly failures: number
  /** Known to the sender and us only. */
  readonly resumeToken: string | null
  readonly rate: Rate
}

export type Download = DownloadFields & DownloadStage

export type Share = {
  readonly file: FileCard
  readonly digest: string | null
  readonly hashing: boolean
}

/** `sent`: all of it has gone out, and the receiver checks it. `waiting` for the receiver. */
type UploadStage =
  | { readonly phase: 'running' | 'sent'; readonly via: ChannelUpload | LegacyUpload }
  /** `via` is null after a break: the receiver comes back over a new channel. */
  | { readonly phase: 'waiting'; readonly via: LegacyUpload | null }
  | { readonly phase: 'done' | 'declined' }
  | { readonly phase: 'stopped'; readonly why: StopCause }

export type ChannelUpload = {
  readonly kind: 'channel'
  readonly channel: ChannelId
  /** So many bytes may be under way beyond what the receiver has acknowledged. */
  readonly credit: number
  readonly reading: boolean
  /** Read, and waiting until the channel has room. */
  readonly ahead: Uint8Array<ArrayBuffer> | null
  readonly draining: boolean
}

export type UploadPhase = UploadStage['phase']

type UploadFields = {
  readonly key: UploadKey
  readonly file: FileId
  readonly member: MemberId
  readonly memberName: string
  readonly transport: Exclude<Transport, 'none'>
  readonly size: number
  /** Bytes handed over for sending. */
  readonly sent: number
  /** Bytes that the receiver has acknowledged. */
  readonly acked: number
  readonly paused: Paused
  readonly resumeToken: string
  readonly rate: Rate
}

export type Upload = UploadFields & UploadStage

/** The same download at another stage. Nothing of the stage before is left over. */
export const downloadAt = (
  it: Download,
  stage: DownloadStage,
  change: Partial<DownloadFields> = {},
): Download => {
  const { key, file, owner, shownUnder, ownerName, available, transport, size, received, stored, acked } = it
  const { paused, refusedBy, attempt, failures, resumeToken, rate } = it
  const names = { key, file, owner, shownUnder, ownerName, available, transport, size }
  const progress = { received, stored, acked, paused, refusedBy, attempt, failures, resumeToken, rate }
  return { ...names, ...progress, ...change, ...stage }
}

/** The same upload at another stage. */
export const uploadAt = (it: Upload, stage: UploadStage, change: Partial<UploadFields> = {}): Upload => {
  const { key, file, member, memberName, transport, size, sent, acked, paused, resumeToken, rate } = it
  const base = { key, file, member, memberName, transport, size, sent, acked, paused, resumeToken, rate }
  return { ...base, ...change, ...stage }
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
  | LegacyTimer

/** A folder: its files with their paths, which begin with its name, and the paths of those in it that are empty. */
export type Folder = {
  readonly name: string
  readonly files: readonly { readonly path: string; readonly file: Blob }[]
  readonly emptyFolders: readonly string[]
}

/** What is offered as one: a file, or a folder, which goes as an archive. */
export type ShareItem = { readonly name: string; readonly file: Blob } | Folder

export type FilesEvent =
  | { type: 'routes'; routes: ReadonlyMap<MemberId, PeerRoute> }
  /** A member goes on under another id. */
  | { type: 'offered'; owner: MemberId; file: FileCard }
  /** `lost`: its owner's page was loaded anew and cannot read it any more. */
  | { type: 'withdrawn'; owner: MemberId; file: FileId; lost: boolean }
  | { type: 'resumable'; file: FileCard; ownerName: string; resumeToken: string; stored: number }
  | { type: 'accept'; key: DownloadKey }
  | { type: 'decline'; key: DownloadKey }
  | { type: 'pause'; key: DownloadKey | UploadKey; on: boolean }
  | { type: 'cancel'; key: DownloadKey | UploadKey }
  | { type: 'store-opened'; key: DownloadKey; stored: number }
  | { type: 'store-failed'; key: DownloadKey; why: 'no-room' | 'memory-only' | 'no-storage' }
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
  | LegacyEvent
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
  | LegacyEffect
  | { type: 'timer'; timer: FilesTimer; ms: number }

export type FilesStep = Step<FilesState, FilesEffect>

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
/** That go on to one member, those that wait for a broken link included. */
export const activeUploadsMax = 60

export const activeDownload: ReadonlySet<DownloadPhase> = new Set([
  'queued',
  'opening',
  'asking',
  'running',
  'waiting',
  'checking',
])
export const activeUpload: ReadonlySet<UploadPhase> = new Set(['running', 'sent', 'waiting'])

/** Whether somebody has the whole file already, which taking it back does not change. */
export const hasArrived = (uploads: readonly Upload[]): boolean =>
  uploads.some(({ phase }) => phase === 'done')

/** Where received files lie, below the root of the browser's own storage. */
export const storageFolder = 'p2pchat-incoming'

/** Does anything run that would be lost with the page? */
export const busy = (state: FilesState): boolean =>
  [...state.downloads.values()].some(({ phase }) => activeDownload.has(phase)) ||
  [...state.uploads.values()].some(({ phase }) => activeUpload.has(phase))

export const secondsLeft = (left: number, rate: Rate): number | null =>
  rate.perSecond > 0 ? Math.ceil(left / rate.perSecond) : null
