/** The side connections over which large files go to original pages: makes them, feeds them, and takes them down. */
import type { ConnectPeer, PeerConn } from '../files/runtime/peer-conn.ts'
import type { FilesEffect, FilesEvent, UploadKey } from '../files/state.ts'
import { decodeFrame, encodeFrame } from '../wire/json.ts'
import { steering } from './side-upload.ts'
import { parseSideMessage, writeSideMessage } from './wire/side-protocol.ts'

export type SideEffect = Extract<FilesEffect, { type: `side-${string}` }>

type SideOpen = Extract<SideEffect, { type: 'side-open' }>

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
    const conns = this.#conns.get(key) ?? new Map<number, PeerConn>()
    switch (effect.type) {
      case 'side-open':
        this.#conns.set(key, conns)
        conns.set(effect.peer, this.#open(effect, conns))
        return
      case 'side-signal':
        return conns.get(effect.peer)?.signal(effect.signal)
      case 'side-send': {
        const message = writeSideMessage(effect.message)
        // The original says its last word as text, and everything else as bytes.
        const frame = effect.message.kind === 'end' ? JSON.stringify(message) : encodeFrame(message)
        return conns.get(steering)?.send(frame)
      }
      case 'side-send-bytes':
        return conns.get(effect.peer)?.send(effect.bytes)
      case 'side-await-drain': {
        const { peer } = effect
        void conns
          .get(peer)
          ?.whenDrained()
          .then(() => this.#feed({ type: 'side-drained', key, peer }))
        return
      }
      case 'side-close':
        this.#conns.delete(key)
        setTimeout(() => closeAll(conns), closeMs)
        return
    }
  }

  close(): void {
    for (const conns of this.#conns.values()) closeAll(conns)
    this.#conns.clear()
  }

  #open({ key, member, peer }: SideOpen, conns: ReadonlyMap<number, PeerConn>): PeerConn {
    // A later session has the same key; what an earlier one still says is not about it.
    const current = (event: FilesEvent): void => {
      if (this.#conns.get(key) === conns) this.#feed(event)
    }
    return this.#connect(member, true, {
      signal: signal => current({ type: 'side-signalled', key, peer, signal }),
      opened: () => current({ type: 'side-opened', key, peer }),
      frame: frame => {
        const message = peer === steering ? parseSideMessage(decodeFrame(frame)) : null
        if (message) current({ type: 'side-message', key, message })
      },
      closed: () => current({ type: 'side-closed', key }),
    })
  }
}

const closeAll = (conns: ReadonlyMap<number, PeerConn>): void => {
  for (const conn of conns.values()) conn.close()
}
