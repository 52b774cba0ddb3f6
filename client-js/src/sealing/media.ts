/**
 * The page's end of the sealing worker: puts a transform on every sender and receiver of a connection before anything goes
 * through it, and tells the worker whose frames come where. Where a transform cannot be had, it says so, once and for all.
 */
import type { MemberId } from '../wire/ids.ts'
import type { MediaKind } from './clear-bytes.ts'
import type { MediaKeys, MediaMode } from './keyring.ts'
import type { MediaOrder, MediaReport, TransformOptions } from './worker.ts'

/** A worker that has not taken a transform by then never will. */
const attachMs = 20_000
/** Of connections that have ended too. */
const receiversMax = 500

export class SealedMedia {
  readonly #worker: Worker | null
  readonly #failed: () => void
  readonly #protected = new WeakSet<RTCRtpTransceiver>()
  readonly #receivers = new Map<string, { readonly id: number; owner: MemberId | null }>()
  readonly #pending = new Map<number, ReturnType<typeof setTimeout>>()
  #nextId = 1
  #over = false

  constructor(failed: () => void) {
    this.#failed = failed
    this.#worker = this.#start()
    this.#try()
  }

  /** One that nothing goes through, so that whoever cannot have any says so before they are called. */
  #try(): void {
    try {
      this.#transform('receive', 'audio')
    } catch {
      queueMicrotask(() => this.#fail())
    }
  }

  #start(): Worker | null {
    try {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'sealing' })
      worker.addEventListener('message', ({ data }: MessageEvent<MediaReport>) => this.#heard(data))
      worker.addEventListener('error', () => this.#fail())
      return worker
    } catch {
      return null
    }
  }

  #heard(report: MediaReport): void {
    if (report.op === 'failed') return this.#fail()
    if (report.op !== 'attached') return
    clearTimeout(this.#pending.get(report.id))
    this.#pending.delete(report.id)
  }

  #fail(): void {
    if (this.#over) return
    this.setMode('closed')
    this.#failed()
  }

  #order(order: MediaOrder): void {
    if (!this.#over) this.#worker?.postMessage(order)
  }

  setMode(mode: MediaMode): void {
    this.#order({ op: 'mode', mode })
  }

  seal(epoch: number, keys: MediaKeys): void {
    this.#order({ op: 'seal', epoch, keys })
  }

  add(member: MemberId, epoch: number, keys: MediaKeys): void {
    this.#order({ op: 'add', member, epoch, keys })
  }

  dropBefore(member: MemberId, epoch: number): void {
    this.#order({ op: 'drop-before', member, epoch })
  }

  /** False where it cannot be: then nothing may go through it. */
  protect(transceiver: RTCRtpTransceiver): boolean {
    if (this.#protected.has(transceiver)) return true
    const { sender, receiver } = transceiver
    const kind: MediaKind = receiver.track.kind === 'video' ? 'video' : 'audio'
    try {
      sender.transform = this.#transform('send', kind)
      const id = this.#nextId
      receiver.transform = this.#transform('receive', kind)
      const [oldest] = this.#receivers.keys()
      if (oldest !== undefined && this.#receivers.size >= receiversMax) this.#receivers.delete(oldest)
      this.#receivers.set(receiver.track.id, { id, owner: null })
      this.#protected.add(transceiver)
      return true
    } catch {
      this.#fail()
      return false
    }
  }

  #transform(side: TransformOptions['side'], kind: MediaKind): RTCRtpScriptTransform {
    if (!this.#worker) throw new Error('there is no worker')
    const options: TransformOptions = { id: this.#nextId++, side, kind }
    const transform = new RTCRtpScriptTransform(this.#worker, options)
    this.#pending.set(
      options.id,
      setTimeout(() => this.#fail(), attachMs),
    )
    return transform
  }

  /** Whose the tracks are that come, by the tracks' ids. What is nobody's is not shown. */
  setOwners(owners: ReadonlyMap<string, MemberId>): void {
    for (const [track, receiver] of this.#receivers) {
      const owner = owners.get(track) ?? null
      if (owner === receiver.owner) continue
      receiver.owner = owner
      this.#order({ op: 'owner', id: receiver.id, member: owner })
    }
  }

  close(): void {
    this.setMode('closed')
    this.#over = true
    for (const timer of this.#pending.values()) clearTimeout(timer)
    this.#worker?.terminate()
  }
}
