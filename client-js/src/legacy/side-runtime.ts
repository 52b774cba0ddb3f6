/** Owns the connections beside the room's over which large files go to original pages, and takes them down. */

import type { FilesEffect, FilesEvent, UploadKey } from '../files/state.ts'
import { decodeFrame, encodeFrame } from '../wire/codec.ts'
import type { Signal } from '../wire/signal.ts'
import { steering } from './side-upload.ts'
import { parseSideMessage, writeSideMessage } from './wire/side-protocol.ts'

/** One connection with one channel, opened by us, as the original's pages know them. */
export type PeerConn = {
  readonly signal: (signal: Signal) => void
  readonly send: (frame: Uint8Array<ArrayBuffer> | string) => void
  /** When little waits to be sent. */
  readonly whenDrained: () => Promise<void>
  /** A further channel, for a file between two pages of ours. */
  readonly openFileChannel: () => RTCDataChannel | null
  readonly close: () => void
}

export type PeerConnPorts = {
  readonly signal: (signal: Signal) => void
  readonly opened: () => void
  readonly frame: (frame: unknown) => void
  readonly fileChannel?: (channel: RTCDataChannel) => void
  readonly closed: () => void
}

/** A connection beside the room's, to whoever the signals are brought to. */
export type ConnectPeer = (initiator: boolean, ports: PeerConnPorts) => PeerConn

export type SideEffect = Extract<FilesEffect, { type: `side-${string}` }>

/** The last word needs some time to get out. */
const closeMs = 1_500

export class SideConnectionRuntime {
  readonly #connect: ConnectPeer
  readonly #feed: (event: FilesEvent) => void
  readonly #conns = new Map<UploadKey, Map<number, PeerConn>>()

  constructor(connect: ConnectPeer, feed: (event: FilesEvent) => void) {
    this.#connect = connect
    this.#feed = feed
  }

  carryOut(effect: SideEffect): void {
    const { key } = effect
    const wires = this.#conns.get(key) ?? new Map<number, PeerConn>()
    switch (effect.type) {
      case 'side-open':
        wires.set(effect.peer, this.#open(key, effect.peer))
        this.#conns.set(key, wires)
        return
      case 'side-signal':
        return wires.get(effect.peer)?.signal(effect.signal)
      case 'side-send': {
        const words = writeSideMessage(effect.said)
        // The original says its last word as text, and everything else as bytes.
        const frame = effect.said.kind === 'end' ? JSON.stringify(words) : encodeFrame(words)
        return wires.get(steering)?.send(frame)
      }
      case 'side-send-bytes':
        return wires.get(effect.peer)?.send(effect.bytes)
      case 'side-await-drain': {
        const { peer } = effect
        void wires
          .get(peer)
          ?.whenDrained()
          .then(() => this.#feed({ type: 'side-drained', key, peer }))
        return
      }
      case 'side-close':
        this.#conns.delete(key)
        setTimeout(() => closeAll(wires), closeMs)
        return
    }
  }

  close(): void {
    for (const wires of this.#conns.values()) closeAll(wires)
    this.#conns.clear()
  }

  #open(key: UploadKey, peer: number): PeerConn {
    return this.#connect(true, {
      signal: signal => this.#feed({ type: 'side-signalled', key, peer, signal }),
      opened: () => this.#feed({ type: 'side-opened', key, peer }),
      frame: frame => {
        const heard = peer === steering ? parseSideMessage(decodeFrame(frame)) : null
        if (heard) this.#feed({ type: 'side-message', key, heard })
      },
      closed: () => this.#feed({ type: 'side-closed', key }),
    })
  }
}

const closeAll = (wires: ReadonlyMap<number, PeerConn>): void => {
  for (const wire of wires.values()) wire.close()
}
