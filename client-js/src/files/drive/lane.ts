/** Owns one lane: words and bytes over its data channel, said in order, and no more bytes waiting in it than it can take. */
import { type LaneWord, parseLaneWord, writeLaneWord } from '../../wire/lane.ts'

export type LanePorts = {
  readonly opened: () => void
  readonly word: (word: LaneWord) => void
  readonly bytes: (bytes: Uint8Array<ArrayBuffer>) => void
  /** What was pushed has gone out, all but a little. */
  readonly drained: () => void
  /** Once, but not after `close`. */
  readonly closed: () => void
}

/** Every browser takes messages of this size; larger ones were not faster. */
const frameBytes = 65_536
/** Enough to go on with until the next bytes have been read, which takes a busy machine a tenth of a second. */
const lowBytes = 4_194_304

export class Lane {
  readonly #ports: LanePorts
  #channel: RTCDataChannel | null = null
  #before: LaneWord[] = []
  #draining = false
  #over = false

  constructor(ports: LanePorts) {
    this.#ports = ports
  }

  /** What was said before goes out as soon as it is open. */
  take(channel: RTCDataChannel): void {
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = lowBytes
    channel.addEventListener('open', () => this.#opened())
    channel.addEventListener('message', ({ data }) => this.#heard(data))
    channel.addEventListener('bufferedamountlow', () => this.#drained())
    channel.addEventListener('close', () => this.#closed())
    if (channel.readyState === 'open') this.#opened()
  }

  tell(word: LaneWord): void {
    const state = this.#channel?.readyState ?? 'connecting'
    if (state === 'connecting') this.#before.push(word)
    else if (state === 'open') this.#send(writeLaneWord(word))
  }

  push(bytes: Uint8Array<ArrayBuffer>): void {
    for (let at = 0; at < bytes.byteLength; at += frameBytes) this.#send(bytes.subarray(at, at + frameBytes))
    this.#draining = true
    if ((this.#channel?.bufferedAmount ?? 0) <= lowBytes) queueMicrotask(() => this.#drained())
  }

  /** After what was said before; a channel closes only once that has gone out. */
  close(): void {
    this.#over = true
    if (this.#channel && this.#channel.readyState !== 'connecting') this.#channel.close()
  }

  #send(frame: string | Uint8Array<ArrayBuffer>): void {
    try {
      if (typeof frame === 'string') this.#channel?.send(frame)
      else this.#channel?.send(frame)
    } catch {
      // Closed meanwhile, which its event tells.
    }
  }

  #opened(): void {
    for (const word of this.#before.splice(0)) this.tell(word)
    if (this.#over) this.#channel?.close()
    else this.#ports.opened()
  }

  #heard(data: unknown): void {
    if (this.#over) return
    if (data instanceof ArrayBuffer) {
      if (data.byteLength > 0) this.#ports.bytes(new Uint8Array(data))
      return
    }
    const word = typeof data === 'string' ? parseLaneWord(data) : null
    if (word) this.#ports.word(word)
  }

  #drained(): void {
    if (!this.#draining || this.#over) return
    this.#draining = false
    this.#ports.drained()
  }

  #closed(): void {
    if (this.#over) return
    this.#over = true
    this.#ports.closed()
  }
}
