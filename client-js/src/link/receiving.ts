/**
 * The streams that have come over one connection. A stream counts from its first track to its last. Tracks of
 * transceivers that were only asked for come without a stream, and count for nothing until they have one.
 */
export type ReceivingPorts = {
  /** Come, or come to have other tracks. */
  readonly arrived: (stream: MediaStream) => void
  readonly gone: (id: string) => void
}

/** More than a full star sends. */
const streamsMax = 200

export class Receiving {
  readonly #ports: ReceivingPorts
  readonly #streams = new Map<string, MediaStream>()

  constructor(pc: RTCPeerConnection, ports: ReceivingPorts) {
    this.#ports = ports
    pc.addEventListener('track', ({ streams }) => {
      const [stream] = streams
      if (stream) this.#take(stream)
    })
  }

  #take(stream: MediaStream): void {
    const known = this.#streams.get(stream.id)
    if (known !== stream) {
      if (!known && this.#streams.size >= streamsMax) return
      this.#streams.set(stream.id, stream)
      stream.addEventListener('removetrack', () => this.#lost(stream))
    }
    this.#ports.arrived(stream)
  }

  #lost(stream: MediaStream): void {
    if (this.#streams.get(stream.id) !== stream) return
    if (stream.getTracks().length > 0) return this.#ports.arrived(stream)
    this.#streams.delete(stream.id)
    this.#ports.gone(stream.id)
  }
}
