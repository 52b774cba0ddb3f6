/** Owns what the page and its file worker say to each other. */
import type { FileCard } from '../../wire/file.ts'
import type { Listed } from '../../wire/lane.ts'

/** Names what one transfer writes, for as long as it lies in the browser's own storage. */
export type SlotId = string

/** What is needed to go on with a file after the page was loaded anew. */
export type Note = {
  readonly room: string
  readonly file: FileCard
  readonly ownerName: string
  readonly again: string
}

/**
 * `private`: the browser's own storage, out of which it is saved once it is known to be right. `chosen`: where the
 * person said. `memory`: where there is no storage.
 */
export type Place =
  | { readonly kind: 'private' }
  | { readonly kind: 'chosen'; readonly handle: FileSystemFileHandle }
  | { readonly kind: 'memory' }

export type Order =
  | { op: 'open'; slot: SlotId; place: Place; bytes: number }
  | { op: 'write'; slot: SlotId; pieces: readonly Uint8Array<ArrayBuffer>[] }
  | { op: 'note'; slot: SlotId; note: Note }
  | { op: 'check'; slot: SlotId }
  | { op: 'keep'; slot: SlotId }
  /** Gives it up, with what has been written. */
  | { op: 'discard'; slot: SlotId }
  /** Lets go of it; what has been written stays. */
  | { op: 'release'; slot: SlotId }
  /** Throws away what is old, and tells of what lies here for this room. */
  | { op: 'sweep'; room: string }

export type Report =
  | { op: 'opened'; slot: SlotId; stored: number }
  | { op: 'stored'; slot: SlotId; bytes: number }
  | { op: 'checked'; slot: SlotId; digest: string }
  /** `blob` is null where the person has the file already. */
  | { op: 'kept'; slot: SlotId; blob: Blob | null }
  | { op: 'failed'; slot: SlotId }
  | { op: 'found'; slot: SlotId; note: Note; stored: number }

export type { Listed }
