/**
 * The connections that two guests of a star make for the call: their signals go through the host, sound and pictures do not.
 * One is enough for both directions; which of the two makes it, the room decides, and what goes over it.
 */
import { randomHex } from '../base/random.ts'
import type { Call } from '../call/call.ts'
import { attempt } from '../link/browser-api.ts'
import type { ConnectionBudget } from '../link/connection-budget.ts'
import type { FrameMeter } from '../link/frame-meter.ts'
import { Link } from '../link/link.ts'
import { acceptsDirect } from '../room/direct-calls.ts'
import type { Room } from '../room/room.ts'
import type { FileNotice } from '../room/state.ts'
import type { DirectSignal } from '../wire/file.ts'
import { withoutRelays } from '../wire/ice.ts'
import { directMember, directPeer, type MemberId, type PeerId, streamId } from '../wire/ids.ts'
import { encodeFrame } from '../wire/json.ts'
import { parseMesh, writeMesh } from '../wire/mesh.ts'
import type { RoomSessionPorts } from './session-types.ts'

export type DirectCallsPorts = Pick<RoomSessionPorts, 'configuration' | 'freshConfiguration'> & {
  readonly room: Room
  readonly call: () => Call
  readonly meter: FrameMeter
  readonly connections: ConnectionBudget
}

type Held = { readonly link: Link; readonly id: string }

export class DirectCalls {
  readonly #ports: DirectCallsPorts
  readonly #held = new Map<MemberId, Held>()

  constructor(ports: DirectCallsPorts) {
    this.#ports = ports
  }

  /** By what it is known among links. */
  link(peer: PeerId): Link | null {
    const member = directMember(peer)
    return (member === null ? undefined : this.#held.get(member)?.link) ?? null
  }

  dial(member: MemberId): void {
    this.end(member)
    if (!this.#hold(member, randomHex(8), true)) this.#ports.room.feed({ type: 'direct-closed', member })
  }

  end(member: MemberId): void {
    const held = this.#held.get(member)
    if (!held) return
    this.#held.delete(member)
    held.link.close()
    this.#ports.call().linkGone(directPeer(member))
  }

  /** Whether it was about such a connection. */
  take(from: MemberId, about: FileNotice): boolean {
    if (about.kind !== 'direct' || !about.call) return false
    this.#receive(from, about)
    return true
  }

  findAnotherWay(always: boolean): void {
    for (const { link } of this.#held.values()) link.findAnotherWay(always)
  }

  close(): void {
    for (const member of [...this.#held.keys()]) this.end(member)
  }

  #receive(from: MemberId, { id, signal }: DirectSignal): void {
    const held = this.#held.get(from)
    if (held?.id === id) return held.link.signal(signal)
    const { room } = this.#ports
    if (signal.type !== 'offer') return
    const accepted = acceptsDirect(room.state, from)
    if (accepted) this.end(from)
    room.feed({ type: 'direct-offered', member: from })
    if (!accepted) return
    if (this.#hold(from, id, false)) this.#held.get(from)?.link.signal(signal)
    else room.feed({ type: 'direct-closed', member: from })
  }

  /** False where none can be made. */
  #hold(member: MemberId, id: string, initiator: boolean): boolean {
    const { connections, configuration } = this.#ports
    const made = withoutRelays(configuration())
    // Whoever wants to be reached through relays alone is not to be found by others.
    if (made.iceTransportPolicy === 'relay' || !connections.take(member)) return false
    const link = attempt(() => this.#newLink(member, id, initiator, made))
    if (link) this.#held.set(member, { link, id })
    return link !== null
  }

  #newLink(member: MemberId, id: string, initiator: boolean, configuration: RTCConfiguration): Link {
    const { room, call, meter, freshConfiguration } = this.#ports
    const peer = directPeer(member)
    let open = false
    const link: Link = new Link(initiator, configuration, {
      configuration: async () => withoutRelays(await freshConfiguration()),
      signal: (signal, restarting) => {
        const message = open && !restarting ? writeMesh({ kind: 'signal', signal }, room.state.stay) : null
        if (message) link.send(encodeFrame(message))
        else room.feed({ type: 'send-direct-signal', to: member, about: { id, signal, call: true } })
      },
      opened: () => {
        open = true
        link.allow({ signals: true, server: false })
        room.feed({ type: 'direct-opened', member })
      },
      frame: frame => {
        const message = meter.receive(peer, frame, parseMesh).received?.message
        if (message?.kind === 'signal') link.signal(message.signal)
        if (message?.kind === 'sizes') room.feed({ type: 'direct-sizes', member, sizes: message.sizes })
      },
      arrived: stream => call().arrived(peer, stream),
      gone: stream => call().gone(peer, streamId(stream)),
      closed: () => {
        if (this.#held.get(member)?.link !== link) return
        this.#held.delete(member)
        call().linkGone(peer)
        room.feed({ type: 'direct-closed', member })
      },
    })
    return link
  }
}
