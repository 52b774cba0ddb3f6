/** A running room: feeds events to `step` and hands the effects to the ports. One class serves every role. */
import { directMember, type MemberId, type MessageId, type PeerId, type StreamId } from '../wire/ids.ts'
import { writeMesh } from '../wire/mesh.ts'
import type { PeerMessage, Received } from '../wire/peer.ts'
import { isBox, type SealedMessage } from '../wire/sealing.ts'
import type { Signal } from '../wire/signal.ts'
import { writeForSealing } from '../wire/star.ts'
import { numberOf, toNumbers } from './numbers.ts'
import { rulesOf } from './role.ts'
import { passageOf } from './sealing.ts'
import {
  acceptsOffer,
  capsOf,
  type FileNotice,
  linkOf,
  type RoomEffect,
  type RoomEvent,
  type RoomState,
  type Timer,
} from './state.ts'
import { step } from './step.ts'

/** A message that is to be sealed: for everybody, or for one member. `chunk`: it is one of thousands. */
export type Unsealed = {
  readonly idata: object
  readonly to: MemberId | null
  readonly id: MessageId | null
  readonly chunk: boolean
  readonly droppable: boolean
}

export type RoomPorts = {
  readonly dial: (peer: PeerId) => void
  readonly hangUp: (peer: PeerId) => void
  readonly send: (over: PeerId, payload: object, droppable: boolean) => void
  /** Past the host, so that it cannot be read on its way. Where there is none, what is to be sealed is not sent. */
  readonly seal?: (over: PeerId, unsealed: Unsealed) => void
  readonly signalled: (over: PeerId, signal: Signal) => void
  readonly join: () => void
  readonly mute: () => void
  readonly publish: (over: PeerId, stream: StreamId) => void
  readonly unpublish: (over: PeerId, stream: StreamId) => void
  /** Connections to other guests for the call, where there can be any. */
  readonly direct?: { readonly dial: (member: MemberId) => void; readonly end: (member: MemberId) => void }
  readonly file: (from: MemberId, about: FileNotice) => void
  readonly topic: (from: MemberId, topic: string, data: unknown) => void
  /** Calls `due` after so long, unless the room has been left by then. */
  readonly setTimer: (ms: number, due: () => void) => void
  /** About so long, and for everybody else a little longer or shorter: many may wait for the same. */
  readonly spread: (ms: number) => number
  readonly now: () => number
  readonly changed: (state: RoomState, before: RoomState) => void
}

export class Room {
  #state: RoomState
  readonly #ports: RoomPorts
  readonly #events: RoomEvent[] = []

  constructor(state: RoomState, ports: RoomPorts) {
    this.#state = state
    this.#ports = ports
  }

  get state(): RoomState {
    return this.#state
  }

  acceptsOffer(peer: PeerId): boolean {
    return acceptsOffer(this.#state, peer)
  }

  /** The link to whoever the server calls so now. */
  linkOf(peer: PeerId): PeerId {
    return linkOf(this.#state, peer) ?? peer
  }

  /** What the server calls the far end of a link now. */
  addressOf(link: PeerId): PeerId {
    return this.#state.links.get(link)?.address ?? link
  }

  feed(event: RoomEvent): void {
    this.#events.push(event)
    // What an effect leads to waits its turn, so that everybody sees the states in the order in which they were.
    if (this.#events.length === 1) this.#takeAll()
  }

  /** An event that cannot be carried out is its own trouble: those behind it are taken all the same. */
  #takeAll(): void {
    for (let next = this.#events[0]; next; next = this.#events[0]) {
      try {
        this.#take(next)
      } catch (error) {
        this.#events.shift()
        this.#takeAll()
        throw error
      }
      this.#events.shift()
    }
  }

  #take(event: RoomEvent): void {
    const before = this.#state
    const { state, effects } = step(before, event, this.#ports.now())
    this.#state = state
    for (const effect of effects) this.#carryOut(effect)
    if (state !== before) this.#ports.changed(state, before)
  }

  /** What a frame means to us; null for what is none of our messages. It has been decoded, and changes nothing yet. */
  parse(value: unknown): Received | null {
    return rulesOf(this.#state).read(value)
  }

  /**
   * A signal as payload for the channel of a steady link to a page of ours; null for any other, where the server carries
   * it.
   */
  signalMessage(over: PeerId, signal: Signal): object | null {
    const link = this.#state.links.get(over)
    const { selfMember } = this.#state
    const can = link?.phase === 'ready' && link.steady && capsOf(this.#state, over).signals
    return can && selfMember !== null ? this.#written({ kind: 'signal', signal }, selfMember) : null
  }

  /** What is sealed, or about keys, as payload for the channel to the host, or to a guest. */
  sealedPayload(message: SealedMessage): object | null {
    const { selfMember } = this.#state
    return selfMember === null ? null : this.#written(message, selfMember)
  }

  #written(message: PeerMessage, source: MemberId): object | null {
    const state = this.#state
    return rulesOf(state).write(toNumbers(state, source, message), numberOf(state, source))
  }

  #carryOut(effect: RoomEffect): void {
    switch (effect.type) {
      case 'dial':
        return this.#ports.dial(effect.peer)
      case 'hang-up':
        return this.#ports.hangUp(effect.peer)
      case 'send':
        return this.#send(effect)
      case 'signal':
        return this.#ports.signalled(effect.over, effect.signal)
      case 'join':
        return this.#ports.join()
      case 'mute':
        return this.#ports.mute()
      case 'publish':
        return this.#ports.publish(effect.over, effect.stream)
      case 'unpublish':
        return this.#ports.unpublish(effect.over, effect.stream)
      case 'dial-direct':
        return this.#ports.direct?.dial(effect.member)
      case 'end-direct':
        return this.#ports.direct?.end(effect.member)
      case 'file':
        return this.#ports.file(effect.from, effect.about)
      case 'topic':
        return this.#ports.topic(effect.from, effect.topic, effect.data)
      case 'timer':
        return this.#later(effect.timer, effect.ms)
    }
  }

  #send({ over, source, message, ...how }: Extract<RoomEffect, { type: 'send' }>): void {
    const [droppable, to] = [how.droppable === true, how.to ?? null]
    const passage = passageOf(this.#state, source, message, to)
    if (passage === 'dropped') return
    // A page that cannot open it has no use for it.
    if (isBox(message) && !capsOf(this.#state, over).sealed) return
    if (passage === 'plain') {
      const alone = directMember(over) !== null
      const payload = alone ? writeMesh(message, source) : this.#written(message, source)
      if (payload) this.#ports.send(over, payload, droppable)
      return
    }
    const state = this.#state
    const idata = writeForSealing(toNumbers(state, source, message), numberOf(state, source))
    const named = message.kind === 'direct' || message.kind === 'file-signal' ? message.to : null
    const id = message.kind === 'chat' ? message.id : null
    const chunk = message.kind === 'file-signal' && message.signal.kind === 'chunk'
    const member = passage === 'sealed-for' ? (to ?? named) : null
    if (idata) this.#ports.seal?.(over, { idata, to: member, id, chunk, droppable })
  }

  #later(timer: Timer, ms: number): void {
    const wait = timer.kind === 'join' ? this.#ports.spread(ms) : ms
    this.#ports.setTimer(wait, () => this.feed({ type: 'timer', timer }))
  }
}
