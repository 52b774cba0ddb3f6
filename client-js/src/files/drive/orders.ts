/** Owns what the page and its file worker say to each other. */
/** Names what one transfer writes, for as long as it lies in the browser's own storage. */
export type SlotId = string

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
  | { op: 'check'; slot: SlotId }
  | { op: 'keep'; slot: SlotId }
  /** Gives it up, with what has been written. */
  | { op: 'discard'; slot: SlotId }

export type Report =
  | { op: 'opened'; slot: SlotId; stored: number }
  | { op: 'stored'; slot: SlotId; bytes: number }
  | { op: 'checked'; slot: SlotId; digest: string }
  /** `blob` is null where the person has the file already. */
  | { op: 'kept'; slot: SlotId; blob: Blob | null }
  | { op: 'failed'; slot: SlotId }
