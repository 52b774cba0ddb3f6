/**
 * One file channel: messages and bytes over its data channel, in order, with no more bytes waiting in it than it can
 * take.
 */
import { TokenBucket } from '../../base/token-bucket.ts'
import {
  type FileChannelMessage,
  parseFileChannelMessage,
  writeFileChannelMessage,
} from '../../wire/file-channel.ts'

export type FileChannelPorts = {
  readonly opened: () => void
  readonly message: (message: FileChannelMessage) => void
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

/** Of acknowledgements one comes for every few blocks; anything else a person has pressed. */
const ackPace = { burst: 5_000, perSecond: 2_000 } as const
const messagePace = { burst: 200, perSecond: 20 } as const

export class FileChannel {
  readonly #ports: FileChannelPorts
  readonly #acks = new TokenBucket(ackPace)
  readonly #messages = new TokenBucket(messagePace)
  #channel: RTCDataChannel | null = null
  #before: FileChannelMessage[] = []
  #draining = false
  #over = false

  constructor(ports: FileChannelPorts) {
    this.#ports = ports
  }

  /** What was said before goes out as soon as it is open. */
  attach(channel: RTCDataChannel): void {
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = lowBytes
    channel.addEventListener('open', () => this.#opened())
    channel.addEventListener('message', ({ data }) => this.#received(data))
    channel.addEventListener('bufferedamountlow', () => this.#drained())
    channel.addEventListener('close', () => this.#closed())
    if (channel.readyState === 'open') this.#opened()
  }

  send(message: FileChannelMessage): void {
    const state = this.#channel?.readyState ?? 'connecting'
    if (state === 'connecting') this.#before.push(message)
    else if (state === 'open') this.#sendFrame(writeFileChannelMessage(message))
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    for (let at = 0; at < bytes.byteLength; at += frameBytes)
      this.#sendFrame(bytes.subarray(at, at + frameBytes))
    this.#draining = true
    if ((this.#channel?.bufferedAmount ?? 0) <= lowBytes) queueMicrotask(() => this.#drained())
  }

  /** After what was said before; a channel closes only once that has gone out. */
  close(): void {
    this.#over = true
    if (this.#channel && this.#channel.readyState !== 'connecting') this.#channel.close()
  }

  #sendFrame(frame: string | Uint8Array<ArrayBuffer>): void {
    try {
      if (typeof frame === 'string') this.#channel?.send(frame)
      else this.#channel?.send(frame)
    } catch {
      // Closed meanwhile, which its event tells.
    }
  }

  #opened(): void {
    for (const message of this.#before.splice(0)) this.send(message)
    if (this.#over) this.#channel?.close()
    else this.#ports.opened()
  }

  #received(data: unknown): void {
    if (this.#over) return
    if (data instanceof ArrayBuffer) {
      if (data.byteLength > 0) this.#ports.bytes(new Uint8Array(data))
      return
    }
    const message = typeof data === 'string' ? parseFileChannelMessage(data) : null
    const bucket = message?.kind === 'took' ? this.#acks : this.#messages
    if (!bucket.take(performance.now())) return this.#fail()
    if (message) this.#ports.message(message)
  }

  /** Nobody transfers a file like this. A message left out would leave both ends with different ideas. */
  #fail(): void {
    this.#channel?.close()
    this.#closed()
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
