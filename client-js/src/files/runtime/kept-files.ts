/**
 * The whole files that this page still holds: they are handed out for saving one after the other, can be had once more
 * while the room is open, and leave the browser's own storage after that.
 */
import type { Download, DownloadKey } from '../state.ts'
import type { StoreId } from './file-stores.ts'

export type KeptFilesPorts = {
  readonly save: (file: Download, blob: Blob) => void
  /** Frees the storage that the file takes. */
  readonly remove: (store: StoreId) => Promise<void>
  /** Milliseconds. */
  readonly now: () => number
}

type Kept = { readonly file: Download; readonly blob: Blob; readonly store: StoreId; handedAt: number | null }

/** Chromium takes ten downloads a second from a page, and drops the rest without a word. */
const spacingMs = 150
/** For so long after it was handed out, the browser may still be copying it. */
const savingMs = 60_000

export class KeptFiles {
  readonly #ports: KeptFilesPorts
  readonly #kept = new Map<DownloadKey, Kept>()
  readonly #queue: Kept[] = []
  #spacing = false
  #over = false

  constructor(ports: KeptFilesPorts) {
    this.#ports = ports
  }

  add(file: Download, blob: Blob, store: StoreId): void {
    const kept: Kept = { file, blob, store, handedAt: null }
    this.#kept.set(file.key, kept)
    this.#queue.push(kept)
    if (!this.#spacing) this.#next()
  }

  /** To be saved or shown once more. */
  blobOf(key: DownloadKey): Blob | null {
    const kept = this.#kept.get(key)
    if (!kept) return null
    if (kept.handedAt !== null) kept.handedAt = this.#ports.now()
    return kept.blob
  }

  /** Nobody can ask for them any more. What has not been handed out still is. */
  close(): void {
    this.#over = true
    for (const kept of this.#kept.values()) if (kept.handedAt !== null) this.#removeLater(kept, kept.handedAt)
  }

  #next(): void {
    const kept = this.#queue.shift()
    this.#spacing = kept !== undefined
    if (!kept) return
    kept.handedAt = this.#ports.now()
    this.#ports.save(kept.file, kept.blob)
    if (this.#over) this.#removeLater(kept, kept.handedAt)
    setTimeout(() => this.#next(), spacingMs)
  }

  #removeLater({ store }: Kept, handedAt: number): void {
    const ms = handedAt + savingMs - this.#ports.now()
    // The page may be about to go, and then no timer runs any more.
    if (ms <= 0) void this.#ports.remove(store)
    else setTimeout(() => void this.#ports.remove(store), ms)
  }
}
