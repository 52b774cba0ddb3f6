/** Owns the connections beside the room's over which large files go to original pages, and takes them down. */
import { decodeFrame, encodeFrame } from '../../wire/codec.ts'
import { parseExtra, writeExtra } from '../../wire/extra.ts'
import type { Signal } from '../../wire/signal.ts'
import { steering } from '../extra.ts'
import type { FilesEffect, FilesEvent, OutgoingKey } from '../state.ts'

/** One connection with one channel, opened by us, as the original's pages know them. */
export type Wire = {
  readonly signal: (signal: Signal) => void
  readonly send: (frame: Uint8Array<ArrayBuffer> | string) => void
  /** When little waits to be sent. */
  readonly calm: () => Promise<void>
  /** A further channel, for a file between two pages of ours. */
  readonly openLane: () => RTCDataChannel | null
  readonly close: () => void
}

export type WirePorts = {
  readonly signal: (signal: Signal) => void
  readonly opened: () => void
  readonly heard: (frame: unknown) => void
  readonly lane?: (channel: RTCDataChannel) => void
  readonly closed: () => void
}

/** A connection beside the room's, to whoever the signals are brought to. */
export type Connect = (initiator: boolean, ports: WirePorts) => Wire

export type ExtraEffect = Extract<FilesEffect, { type: `extra-${string}` }>

/** The last word needs some time to get out. */
const closeMs = 1_500

export class Extras {
  readonly #connect: Connect
  readonly #feed: (event: FilesEvent) => void
  readonly #wires = new Map<OutgoingKey, Map<number, Wire>>()

  constructor(connect: Connect, feed: (event: FilesEvent) => void) {
    this.#connect = connect
    this.#feed = feed
  }

  carryOut(effect: ExtraEffect): void {
    const { key } = effect
    const wires = this.#wires.get(key) ?? new Map<number, Wire>()
    switch (effect.type) {
      case 'extra-open':
        wires.set(effect.peer, this.#open(key, effect.peer))
        this.#wires.set(key, wires)
        return
      case 'extra-signal':
        return wires.get(effect.peer)?.signal(effect.signal)
      case 'extra-say': {
        const words = writeExtra(effect.said)
        // The original says its last word as text, and everything else as bytes.
        const frame = effect.said.kind === 'end' ? JSON.stringify(words) : encodeFrame(words)
        return wires.get(steering)?.send(frame)
      }
      case 'extra-push':
        return wires.get(effect.peer)?.send(effect.bytes)
      case 'extra-drain': {
        const { peer } = effect
        void wires
          .get(peer)
          ?.calm()
          .then(() => this.#feed({ type: 'extra-drained', key, peer }))
        return
      }
      case 'extra-close':
        this.#wires.delete(key)
        setTimeout(() => closeAll(wires), closeMs)
        return
    }
  }

  close(): void {
    for (const wires of this.#wires.values()) closeAll(wires)
    this.#wires.clear()
  }

  #open(key: OutgoingKey, peer: number): Wire {
    return this.#connect(true, {
      signal: signal => this.#feed({ type: 'extra-emitted', key, peer, signal }),
      opened: () => this.#feed({ type: 'extra-opened', key, peer }),
      heard: frame => {
        const heard = peer === steering ? parseExtra(decodeFrame(frame)) : null
        if (heard) this.#feed({ type: 'extra-heard', key, heard })
      },
      closed: () => this.#feed({ type: 'extra-closed', key }),
    })
  }
}

const closeAll = (wires: ReadonlyMap<number, Wire>): void => {
  for (const wire of wires.values()) wire.close()
}
