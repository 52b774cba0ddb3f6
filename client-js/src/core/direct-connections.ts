/**
 * The connections that two guests of a star make for files alone: their signals go through the host, the bytes do not.
 * Each direction has its own, so that two guests who ask at once do not cross.
 */
import { randomHex } from '../base/random.ts'
import type { ConnectPeer, PeerConn } from '../files/runtime/peer-conn.ts'
import type { MemberId } from '../wire/ids.ts'
import type { Signal } from '../wire/signal.ts'

export type DirectConnectionPorts = {
  readonly connect: ConnectPeer
  readonly signal: (to: MemberId, id: string, signal: Signal) => void
  /** The far end opened a channel for a file. */
  readonly acceptChannel: (from: MemberId, channel: RTCDataChannel) => void
  /** Whether there is a way to them has changed. */
  readonly changed: () => void
}

const closedConn: PeerConn = {
  signal: () => undefined,
  send: () => undefined,
  whenDrained: () => Promise.resolve(),
  openFileChannel: () => null,
  close: () => undefined,
}

/** Where the browser makes no connection, one that is closed a moment later: whoever asked goes on without it. */
export const closedUnlessMade =
  (connect: ConnectPeer): ConnectPeer =>
  (member, initiator, ports) => {
    try {
      return connect(member, initiator, ports)
    } catch {
      queueMicrotask(ports.closed)
      return closedConn
    }
  }

type Held = {
  readonly conn: PeerConn
  readonly id: string
  open: boolean
  waiting: ((open: boolean) => void)[]
}

/** Nobody needs more than one from each other guest. */
const acceptedMax = 20
/** So long one that could not be made is not tried again; meanwhile files go through the host. */
const blockedMs = 60_000

export class DirectConnections {
  readonly #ports: DirectConnectionPorts
  readonly #own = new Map<MemberId, Held>()
  readonly #accepted = new Map<MemberId, Held>()
  readonly #blocked = new Map<MemberId, ReturnType<typeof setTimeout>>()

  constructor(ports: DirectConnectionPorts) {
    this.#ports = ports
  }

  /** It could not be made a moment ago. */
  blocked(member: MemberId): boolean {
    return this.#blocked.has(member)
  }

  /** Null if it cannot be made. */
  async openChannel(member: MemberId): Promise<RTCDataChannel | null> {
    const held = this.#own.get(member) ?? this.#dial(member)
    const open = held.open || (await new Promise<boolean>(resolve => held.waiting.push(resolve)))
    return open ? held.conn.openFileChannel() : null
  }

  receive(from: MemberId, id: string, signal: Signal): void {
    const own = this.#own.get(from)
    if (own?.id === id) return own.conn.signal(signal)
    const called = this.#accepted.get(from)
    if (called?.id === id) return called.conn.signal(signal)
    if (signal.type !== 'offer' || (!called && this.#accepted.size >= acceptedMax)) return
    called?.conn.close()
    const answered = this.#hold(false, from, id, this.#accepted)
    answered.conn.signal(signal)
  }

  /** Somebody is gone, and with them what led there. */
  keepOnly(members: ReadonlySet<MemberId>): void {
    for (const held of [this.#own, this.#accepted])
      for (const [member, { conn }] of held)
        if (!members.has(member)) {
          held.delete(member)
          conn.close()
        }
  }

  close(): void {
    this.keepOnly(new Set())
    for (const timer of this.#blocked.values()) clearTimeout(timer)
    this.#blocked.clear()
  }

  #dial(member: MemberId): Held {
    const id = randomHex(8)
    return this.#hold(true, member, id, this.#own)
  }

  #hold(initiator: boolean, member: MemberId, id: string, among: Map<MemberId, Held>): Held {
    const conn = this.#ports.connect(member, initiator, {
      signal: signal => this.#ports.signal(member, id, signal),
      opened: () => {
        held.open = true
        for (const tell of held.waiting.splice(0)) tell(true)
      },
      frame: () => undefined,
      fileChannel: channel => this.#ports.acceptChannel(member, channel),
      closed: () => {
        if (among.get(member) === held) among.delete(member)
        if (initiator && !held.open) this.#block(member)
        for (const tell of held.waiting.splice(0)) tell(false)
      },
    })
    const held: Held = { conn, id, open: false, waiting: [] }
    among.set(member, held)
    return held
  }

  #block(member: MemberId): void {
    clearTimeout(this.#blocked.get(member))
    const timer = setTimeout(() => {
      this.#blocked.delete(member)
      this.#ports.changed()
    }, blockedMs)
    this.#blocked.set(member, timer)
    this.#ports.changed()
  }
}
