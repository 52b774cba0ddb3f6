/**
 * The keys for sound and pictures, in the worker: our own with its counters, and everybody else's. Seals and opens frames, and
 * decides what goes through at all. What is not known to be right is dropped.
 */
import type { MemberId } from '../wire/ids.ts'
import type { MediaKind } from './clear-bytes.ts'
import { countersMax, isSealed, openFrame, partsOf, sealFrame } from './media-frame.ts'
import { ReplayWindow } from './replay-window.ts'

type Bytes = Uint8Array<ArrayBuffer>
export type MediaKeys = { readonly audio: CryptoKey; readonly video: CryptoKey }

/**
 * `sealed`: nothing else comes or goes. `opening`: only what is sealed goes, but what comes may be open. `open`: nothing has to
 * be sealed. `closed`: nothing comes or goes.
 */
export type MediaMode = 'sealed' | 'opening' | 'open' | 'closed'

type Theirs = {
  readonly keys: MediaKeys
  readonly seen: Readonly<Record<MediaKind, ReplayWindow>>
}

/** Of one member, the newest last; frames of an earlier one may be on their way. */
const epochsKept = 4
const membersMax = 64

export class Keyring {
  mode: MediaMode = 'closed'
  #own: { readonly epoch: number; readonly keys: MediaKeys } | null = null
  #counters: Record<MediaKind, number> = { audio: 0, video: 0 }
  readonly #others = new Map<MemberId, Map<number, Theirs>>()

  /** Each key is used by this alone: its counters begin anew with it. */
  seal(epoch: number, keys: MediaKeys): void {
    this.#own = { epoch, keys }
    this.#counters = { audio: 0, video: 0 }
  }

  add(member: MemberId, epoch: number, keys: MediaKeys): void {
    const known = this.#others.get(member) ?? new Map<number, Theirs>()
    known.delete(epoch)
    known.set(epoch, { keys, seen: { audio: new ReplayWindow(), video: new ReplayWindow() } })
    const [oldest] = known.keys()
    if (known.size > epochsKept && oldest !== undefined) known.delete(oldest)
    this.#others.delete(member)
    const [first] = this.#others.keys()
    if (first !== undefined && this.#others.size >= membersMax) this.#others.delete(first)
    this.#others.set(member, known)
  }

  /** Those of a member that are older than that one. */
  dropBefore(member: MemberId, epoch: number): void {
    const known = this.#others.get(member)
    if (!known?.has(epoch)) return
    for (const it of [...known.keys()]) {
      if (it === epoch) return
      known.delete(it)
    }
  }

  /** As it is to be sent; null for what is not. */
  async outgoing(kind: MediaKind, data: Bytes): Promise<Bytes | null> {
    if (this.mode === 'open') return data
    if (this.mode === 'closed') return null
    const own = this.#own
    const counter = this.#counters[kind]
    if (!own || counter >= countersMax) return null
    this.#counters[kind] = counter + 1
    const sealed = await sealFrame(kind, data, own.keys[kind], { epoch: own.epoch, counter })
    // The room may have been closed meanwhile; what is sealed may go in any other.
    return this.modeNow() === 'closed' ? null : sealed
  }

  /** As it is to be shown; null for what is not. */
  async incoming(kind: MediaKind, member: MemberId | null, data: Bytes): Promise<Bytes | null> {
    if (this.mode === 'closed') return null
    if (this.mode !== 'sealed' && !isSealed(data)) return data
    const parts = member === null ? null : partsOf(kind, data)
    if (!parts || member === null) return null
    const { epoch, counter } = parts.trailer
    const theirs = this.#others.get(member)?.get(epoch)
    if (!theirs?.seen[kind].isNew(counter)) return null
    const opened = await openFrame(parts, theirs.keys[kind])
    if (!opened || this.modeNow() === 'closed') return null
    theirs.seen[kind].take(counter)
    return opened
  }

  /** It may have changed while something was awaited. */
  private modeNow(): MediaMode {
    return this.mode
  }
}
