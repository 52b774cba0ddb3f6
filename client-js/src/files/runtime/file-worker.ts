/**
 * Starts the file worker when it is first needed, and hands it bytes in large pieces, since each message costs both
 * threads.
 */
import type { Order, Report, StoreId } from './file-stores.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Gathered = { pieces: Bytes[]; bytes: number; timer: ReturnType<typeof setTimeout> }

/** So much is handed over in one go, or what has come until then. */
const gatherBytes = 1_048_576
const gatherMs = 15

export class FileWorker {
  readonly #heard: (report: Report) => void
  readonly #gathered = new Map<StoreId, Gathered>()
  #worker: Worker | null = null

  constructor(heard: (report: Report) => void) {
    this.#heard = heard
  }

  /** What was written before goes first. */
  order(order: Exclude<Order, { op: 'write' }>): void {
    if ('store' in order) this.#flush(order.store)
    this.#started().postMessage(order)
  }

  /** Bytes go over and are ours no longer. */
  write(store: StoreId, bytes: Bytes): void {
    const gathered = this.#gathered.get(store) ?? this.#gather(store)
    gathered.pieces.push(bytes)
    gathered.bytes += bytes.byteLength
    if (gathered.bytes >= gatherBytes) this.#flush(store)
  }

  /** What is being written is let go of, so that it can be gone on with. */
  close(): void {
    for (const store of [...this.#gathered.keys()]) this.#flush(store)
    this.#worker?.terminate()
    this.#worker = null
  }

  #gather(store: StoreId): Gathered {
    const timer = setTimeout(() => this.#flush(store), gatherMs)
    const gathered: Gathered = { pieces: [], bytes: 0, timer }
    this.#gathered.set(store, gathered)
    return gathered
  }

  #flush(store: StoreId): void {
    const gathered = this.#gathered.get(store)
    if (!gathered) return
    this.#gathered.delete(store)
    clearTimeout(gathered.timer)
    const { pieces } = gathered
    const order: Order = { op: 'write', store, pieces }
    const buffers = new Set(pieces.map(({ buffer }) => buffer))
    this.#started().postMessage(order, [...buffers])
  }

  #started(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'files' })
    worker.addEventListener('message', ({ data }: MessageEvent<Report>) => this.#heard(data))
    this.#worker = worker
    return worker
  }
}
