/** Owns what the page and its file worker say to each other. */
/** Names what one transfer writes, for as long as it lies in the browser's own storage. */
export type StoreId = string

/**
 * `private`: the browser's own storage, out of which it is saved once it is known to be right. `chosen`: where the
 * person said. `memory`: where there is no storage.
 */
export type Place =
  | { readonly kind: 'private' }
  | { readonly kind: 'chosen'; readonly handle: FileSystemFileHandle }
  | { readonly kind: 'memory' }

export type Order =
  | { op: 'open'; slot: StoreId; place: Place; bytes: number }
  | { op: 'write'; slot: StoreId; pieces: readonly Uint8Array<ArrayBuffer>[] }
  | { op: 'check'; slot: StoreId }
  | { op: 'keep'; slot: StoreId }
  /** Gives it up, with what has been written. */
  | { op: 'discard'; slot: StoreId }

export type Report =
  | { op: 'opened'; slot: StoreId; stored: number }
  | { op: 'stored'; slot: StoreId; bytes: number }
  | { op: 'checked'; slot: StoreId; digest: string }
  /** `blob` is null where the person has the file already. */
  | { op: 'kept'; slot: StoreId; blob: Blob | null }
  | { op: 'failed'; slot: StoreId }
