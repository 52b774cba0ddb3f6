/**
 * What transfers with original pages need in the state of the files, and what can happen to them. Original pages know no
 * file channels: they send files as JSON in the room's own channel, and large ones over side connections.
 */
import type { DownloadKey, UploadKey } from '../files/state.ts'
import type { FileSignal } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'
import type { Signal } from '../wire/signal.ts'
import type { SideMessageIn, SideMessageOut } from './wire/side-protocol.ts'

/** A session with an original page, at the receiver. */
export type LegacyDownload = {
  readonly kind: 'legacy'
  /** The session's number at our end. */
  readonly action: number
  /** Its number at the uploader's end, once that is known. */
  readonly theirs: number | null
  readonly since: number
  readonly heardAt: number
  /** The first chunk that has not been asked for. */
  readonly next: number
  readonly asked: ReadonlySet<number>
  /** Chunks that came before their turn. */
  readonly early: ReadonlyMap<number, Uint8Array<ArrayBuffer>>
}

/** A session with an original page, at the uploader. */
export type LegacyUpload = {
  readonly kind: 'legacy'
  readonly action: number
  readonly theirs: number
  /** Chunks that the far end has asked for once more. */
  readonly missing: readonly number[]
  /** How much had been sent by when, for the last while. */
  readonly marks: readonly { readonly bytes: number; readonly at: number }[]
  /** Where the piece begins that is being read now. */
  readonly from: number
  /** The pace through a star's host, which has no way to say that it is too fast. */
  readonly perSecond: number
  readonly reading: boolean
  readonly draining: boolean
  readonly side: SideConnections | null
}

/** A large file on its way to an original page, over connections of its own. */
export type SideConnections = {
  /** How many connections carry bytes. */
  readonly peers: number
  readonly mismatches: number
  readonly confirmed: boolean
  readonly agreed: boolean
  /** The size of a chunk that the far end wants; 0 until it has said so. */
  readonly chunk: number
  readonly open: ReadonlySet<number>
  readonly started: boolean
  /** The far end has more than it can take at the moment. */
  readonly waits: boolean
  readonly draining: ReadonlySet<number>
  /** Chunks that the far end has asked for once more. */
  readonly missing: readonly number[]
  readonly answering: number | null
}

export type LegacyTimer = { readonly kind: 'legacy'; readonly key: DownloadKey; readonly action: number }

export type LegacyEvent =
  | { type: 'signal'; from: MemberId; signal: FileSignal }
  /** What was sent to a member has left the link's queue, and its time has passed. */
  | { type: 'queue-drained'; key: UploadKey }
  | { type: 'side-opened'; key: UploadKey; peer: number }
  | { type: 'side-closed'; key: UploadKey }
  | { type: 'side-drained'; key: UploadKey; peer: number }
  | { type: 'side-signalled'; key: UploadKey; peer: number; signal: object }
  | { type: 'side-message'; key: UploadKey; message: SideMessageIn }

export type LegacyEffect =
  | { type: 'send-signal'; to: MemberId; signal: FileSignal }
  /** Feeds `queue-drained` once the queue to that member is short, and not before `ms` have passed. */
  | { type: 'await-drain'; key: UploadKey; to: MemberId; ms: number }
  /** Side connections; `peer` -1 is the one that steers. */
  | { type: 'side-open'; key: UploadKey; member: MemberId; peer: number }
  | { type: 'side-signal'; key: UploadKey; peer: number; signal: Signal }
  | { type: 'side-send'; key: UploadKey; message: SideMessageOut }
  | { type: 'side-send-bytes'; key: UploadKey; peer: number; bytes: Uint8Array<ArrayBuffer> }
  /** Feeds `side-drained` once little waits to be sent. */
  | { type: 'side-await-drain'; key: UploadKey; peer: number }
  | { type: 'side-close'; key: UploadKey }
