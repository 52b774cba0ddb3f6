/** Owns the file worker, started when first needed. */
import type { Order, Report } from './orders.ts'

export class Disk {
  readonly #heard: (report: Report) => void
  #worker: Worker | null = null

  constructor(heard: (report: Report) => void) {
    this.#heard = heard
  }

  /** Bytes go over and are ours no longer. */
  order(order: Order): void {
    const worker = this.#started()
    if (order.op === 'write') worker.postMessage(order, [order.bytes.buffer])
    else worker.postMessage(order)
  }

  /** What is being written is let go of, so that it can be gone on with. */
  close(): void {
    this.#worker?.terminate()
    this.#worker = null
  }

  #started(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'files' })
    worker.addEventListener('message', ({ data }: MessageEvent<Report>) => this.#heard(data))
    this.#worker = worker
    return worker
  }
}
