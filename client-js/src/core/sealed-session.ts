/**
 * A session's part in a star: has what it says sealed and what it hears opened, each in the order in which it was said, and
 * keeps the sealing in step with the room. What seals is loaded for such rooms alone.
 */
import type { ReceivedStream } from '../call/stats-monitor.ts'
import type { Link } from '../link/link.ts'
import { ownerOf } from '../room/call.ts'
import { linkToward } from '../room/file.ts'
import { memberAt } from '../room/numbers.ts'
import { rulesOf } from '../room/role.ts'
import type { Room, Unsealed } from '../room/room.ts'
import { hostedByServer, type RoomState } from '../room/state.ts'
import { type identityFor, type Sealer, startSealing } from '../sealing/sealer.ts'
import type { MemberId, PeerId } from '../wire/ids.ts'
import { encodeFrame } from '../wire/json.ts'
import type { PeerMessage, Received } from '../wire/peer.ts'
import type { IdentityKeys, SealedMessage } from '../wire/sealing.ts'
import { parseOpened } from '../wire/star.ts'

/** By what a page is known that comes in. */
export type SealingIdentity = Awaited<ReturnType<typeof identityFor>>

export { identityFor } from '../sealing/sealer.ts'

export type SealedSessionPorts = {
  readonly room: Room
  readonly link: (peer: PeerId) => Link | null
  /** What has been opened, to be charged and taken like what came open. */
  readonly opened: (via: PeerId, received: Received) => void
}

export class SealedSession {
  readonly #ports: SealedSessionPorts
  readonly #sealer: Sealer
  #incoming: Promise<void> = Promise.resolve()
  #outgoing: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor({ identity, secret }: SealingIdentity, ports: SealedSessionPorts) {
    this.#ports = ports
    const { room } = ports
    this.#sealer = startSealing(identity, secret, room.state.card.id, hostedByServer(room.state), {
      say: (to, message) => this.#say(to, message),
      keyChanged: member => room.feed({ type: 'key-changed', member }),
      status: ({ agreed, failing }) => room.feed({ type: 'sealing-status', agreed, failing }),
      failed: () => room.feed({ type: 'sealing-failed' }),
      now: () => Date.now(),
    })
    this.#sealer.setMode(modeOf(room.state))
  }

  get identity(): IdentityKeys {
    return this.#sealer.identity
  }

  /** For links: before anything goes over a transceiver. A person who is the host decodes it, and sends it on as their own. */
  get protect(): ((transceiver: RTCRtpTransceiver) => boolean) | null {
    return hostedByServer(this.#ports.room.state) ? transceiver => this.#sealer.protect(transceiver) : null
  }

  code(member: MemberId): Promise<readonly string[] | null> {
    return this.#sealer.code(member)
  }

  /** Whatever has changed in the room, or has come over its links. */
  follow(state: RoomState, received: readonly ReceivedStream[]): void {
    const able = [...state.members.values()].filter(({ caps, id }) => caps.sealed && id !== state.stay)
    this.#sealer.setMembers(new Set(state.ended ? [] : able.map(({ id }) => id)))
    this.#sealer.setMode(modeOf(state))
    const owners = received.flatMap(({ id, tracks }) => {
      const owner = ownerOf(state, id)
      return owner === null ? [] : tracks.map(track => [track, owner] as const)
    })
    this.#sealer.setOwners(new Map(owners))
  }

  /** Not before what is being sealed. */
  send(over: PeerId, payload: object, droppable: boolean): void {
    const link = this.#ports.link(over)
    if (this.#waiting === 0) link?.send(encodeFrame(payload), droppable)
    else this.#inTurn(async () => link?.send(encodeFrame(payload), droppable))
  }

  seal(over: PeerId, { idata, to, id, chunk, droppable }: Unsealed): void {
    const link = this.#ports.link(over)
    this.#inTurn(async () => {
      const sealed = await (to === null
        ? this.#sealer.seal(idata, id)
        : this.#sealer.sealFor(to, idata, chunk))
      const payload = sealed && this.#ports.room.sealedPayload(sealed)
      if (payload) link?.send(encodeFrame(payload), droppable)
    })
  }

  /** Once what was to be sealed has been sent. */
  get drained(): Promise<void> {
    return this.#outgoing
  }

  #inTurn(work: () => Promise<void>): void {
    this.#waiting += 1
    this.#outgoing = this.#outgoing
      .then(work)
      .catch(reportError)
      .then(() => {
        this.#waiting -= 1
      })
  }

  /** About keys, which wait for nothing: what is being sealed may wait for them. */
  #say(to: MemberId, message: SealedMessage): void {
    const { room, link } = this.#ports
    const payload = room.sealedPayload(message)
    const over = linkToward(room.state, to)
    if (payload && over !== null) link(over)?.send(encodeFrame(payload))
  }

  /** A frame that has come and been charged. */
  receive(via: PeerId, received: Received): void {
    this.#incoming = this.#incoming.then(() => this.#take(via, received)).catch(reportError)
  }

  async #take(via: PeerId, received: Received): Promise<void> {
    const { message, source } = received
    const { state } = this.#ports.room
    if (!isSealedMessage(message) || isForAnother(state, message))
      return this.#ports.room.feed({ type: 'received', via, received })
    const from = source === null ? (state.links.get(via)?.member ?? null) : memberAt(state, source)
    if (from === null || !state.members.has(from)) return
    // To others too, whether we can open it or not.
    if (message.kind === 'sealed') this.#ports.room.feed({ type: 'received', via, received })
    await this.#sealer.hear(from, message, value => {
      const opened = parseOpened(value)
      if (!opened) return
      this.#ports.opened(via, { source, message: Object.assign(opened, { asReceived: null }), sealed: true })
    })
  }

  close(): void {
    this.#sealer.close()
  }
}

const isSealedMessage = (message: PeerMessage): message is SealedMessage =>
  message.kind === 'sealed' || message.kind === 'sealed-for' || message.kind === 'keys'

/** What a guest has for another, for whose host this is. */
const isForAnother = (state: RoomState, message: SealedMessage): boolean =>
  rulesOf(state).relays &&
  message.kind !== 'sealed' &&
  message.to !== null &&
  memberAt(state, message.to) !== state.stay

const modeOf = ({ sealing: { mode } }: RoomState): 'sealed' | 'opening' | 'open' | 'closed' => {
  if (mode === 'closing') return 'sealed'
  return mode === 'none' || mode === 'failed' ? 'closed' : mode
}
