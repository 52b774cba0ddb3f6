/**
 * A connection to one peer beside the room's own, as files need it: guests of a star make one to each other, and large
 * files go to original pages over several. `core` makes them out of links.
 */
import type { MemberId } from '../../wire/ids.ts'
import type { Signal } from '../../wire/signal.ts'

/** One connection with one channel of its own. */
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

/** A connection beside the room's, to that member or because of them. */
export type ConnectPeer = (member: MemberId, initiator: boolean, ports: PeerConnPorts) => PeerConn
