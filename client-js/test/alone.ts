/** One room without its surroundings: events go in by hand, and the effects of the last one are kept. */
import { FrameMeter } from '../src/link/frame-meter.ts'
import { createRoomState, type RoomEffect, type RoomEvent, type RoomState } from '../src/room/state.ts'
import { step } from '../src/room/step.ts'
import { memberId, type PeerId, peerId, roomId } from '../src/wire/ids.ts'
import type { PeerMessage } from '../src/wire/peer.ts'
import type { RoomKind } from '../src/wire/server.ts'

export class Alone {
  readonly #kind: RoomKind
  readonly #host: PeerId | null
  state: RoomState
  effects: readonly RoomEffect[] = []
  now = 0
  #meter = new FrameMeter(() => this.now)

  constructor(kind: RoomKind, host: PeerId | null = null) {
    this.#kind = kind
    this.#host = host
    this.state = this.#fresh()
  }

  begin(): void {
    this.state = this.#fresh()
    this.effects = []
    this.now = 0
    this.#meter = new FrameMeter(() => this.now)
  }

  feed(event: RoomEvent): void {
    const { state, effects } = step(this.state, event, this.now)
    this.state = state
    this.effects = effects
  }

  /** What a link charges is charged here too. The effects are those of the message, where it is taken. */
  hear(via: PeerId, message: PeerMessage, source?: string): void {
    const said = { source: source === undefined ? null : memberId(source), message }
    const { received, tooFast } = this.#meter.charge(via, said)
    this.effects = []
    if (tooFast) this.feed({ type: 'too-fast', via, source: tooFast.source })
    if (received) this.feed({ type: 'received', via, received })
  }

  /** Somebody comes to the star that we host. */
  admit(peer: PeerId, person: Extract<PeerMessage, { kind: 'introduce' }>['person']): void {
    this.feed({ type: 'peer-joined', peer })
    this.feed({ type: 'link-opened', peer })
    this.hear(peer, { kind: 'knock', password: '' })
    this.hear(peer, { kind: 'introduce', person })
  }

  #fresh(): RoomState {
    const card = { id: roomId('r'), name: 'room', password: '', peersMax: 8, kind: this.#kind }
    return createRoomState({ card, host: this.#host }, peerId('me'), 'Me')
  }
}
