/**
 * The page's end of the file worker. It hands over bytes in large pieces, since each message costs both threads, and
 * says of each file that it has failed where the worker cannot be loaded or breaks.
 */
import type { Order, Report, StoreId } from './file-stores.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Gathered = { pieces: Bytes[]; bytes: number; timer: ReturnType<typeof setTimeout> }

/** So much is handed over in one go, or what has come until then. */
const gatherBytes = 1_048_576
const gatherMs = 100
/** A worker that has not been loaded by then never will be. */
const loadMs = 20_000

export type FileReport = Exclude<Report, { op: 'ready' }>

export class FileWorker {
  readonly #heard: (report: FileReport) => void
  readonly #missing: () => void
  readonly #gathered = new Map<StoreId, Gathered>()
  /** The files that the worker has open, or is to open. */
  readonly #open = new Set<StoreId>()
  #worker: Worker | null = null
  #loading: ReturnType<typeof setTimeout> | null = null

  /** `missing`: the worker could not be loaded, perhaps because the server has another version by now. */
  constructor(heard: (report: FileReport) => void, missing: () => void) {
    this.#heard = heard
    this.#missing = missing
  }

  /** Loads the worker, so that it is there even if the server has another version when the first file comes. */
  start(): void {
    if (this.#worker) return
    try {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'files' })
      worker.addEventListener('message', ({ data }: MessageEvent<Report>) => this.#received(worker, data))
      worker.addEventListener('error', () => this.#broken(worker))
      worker.addEventListener('messageerror', () => this.#broken(worker))
      this.#worker = worker
      this.#loading = setTimeout(() => this.#broken(worker), loadMs)
    } catch {
      // The page may not have workers; whoever needs one is told.
    }
  }

  /** What was written before goes first. */
  order(order: Exclude<Order, { op: 'write' }>): void {
    this.#flush(order.store)
    if (order.op === 'open') this.#open.add(order.store)
    else if (order.op === 'discard') this.#open.delete(order.store)
    this.#post(order)
  }

  /** Bytes go over and are ours no longer. The last ones do so at once. */
  write(store: StoreId, bytes: Bytes, last: boolean): void {
    const gathered = this.#gathered.get(store) ?? this.#gather(store)
    gathered.pieces.push(bytes)
    gathered.bytes += bytes.byteLength
    if (last || gathered.bytes >= gatherBytes) this.#flush(store)
  }

  /** What is being written is let go of, so that it can be gone on with. */
  close(): void {
    for (const store of [...this.#gathered.keys()]) this.#flush(store)
    this.#end()
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
    this.#post(order, [...buffers])
  }

  #post(order: Order, buffers: Transferable[] = []): void {
    this.start()
    if (this.#worker) this.#worker.postMessage(order, buffers)
    else this.#fail()
  }

  #received(worker: Worker, report: Report): void {
    if (worker !== this.#worker) return
    if (report.op === 'ready') return this.#loaded()
    if (report.op === 'kept' || report.op === 'failed') this.#open.delete(report.store)
    this.#heard(report)
  }

  #loaded(): void {
    if (this.#loading !== null) clearTimeout(this.#loading)
    this.#loading = null
  }

  /** The next order tries another worker. */
  #broken(worker: Worker): void {
    if (worker !== this.#worker) return
    const loaded = this.#loading === null
    this.#end()
    if (!loaded) this.#missing()
    this.#fail()
  }

  #end(): void {
    this.#loaded()
    this.#worker?.terminate()
    this.#worker = null
  }

  #fail(): void {
    for (const { timer } of this.#gathered.values()) clearTimeout(timer)
    this.#gathered.clear()
    const failed = [...this.#open]
    this.#open.clear()
    for (const store of failed) this.#heard({ op: 'failed', store, why: 'no-storage' })
  }
}
