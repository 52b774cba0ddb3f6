/** Owns a running room: feeds events to `step` and hands what it asks for to the ports. One class for every topology. */
import type { PeerId } from '../wire/ids.ts'
import { answers, type RoomEffect, type RoomEvent, type RoomState, type Timer } from './state.ts'
import { step } from './step.ts'

export type RoomPorts = {
  readonly dial: (peer: PeerId) => void
  readonly hangUp: (peer: PeerId) => void
  readonly send: (over: PeerId, words: object) => void
  readonly renameLink: (from: PeerId, to: PeerId) => void
  readonly join: () => void
  /** Calls `due` after so long, unless the room has been left by then. */
  readonly later: (ms: number, due: () => void) => void
  readonly now: () => number
  readonly changed: (state: RoomState) => void
}

export class Room {
  #state: RoomState
  readonly #ports: RoomPorts

  constructor(state: RoomState, ports: RoomPorts) {
    this.#state = state
    this.#ports = ports
  }

  get state(): RoomState {
    return this.#state
  }

  answers(peer: PeerId): boolean {
    return answers(this.#state, peer)
  }

  feed(event: RoomEvent): void {
    const { state, effects } = step(this.#state, event, this.#ports.now())
    const changed = state !== this.#state
    this.#state = state
    for (const effect of effects) this.#carryOut(effect)
    if (changed) this.#ports.changed(this.#state)
  }

  /** What came in over a data channel, decoded but not understood yet. */
  hear(via: PeerId, value: unknown): void {
    const received = this.#state.topology.read(value)
    if (received) this.feed({ type: 'received', via, received })
  }

  #carryOut(effect: RoomEffect): void {
    switch (effect.type) {
      case 'dial':
        return this.#ports.dial(effect.peer)
      case 'hang-up':
        return this.#ports.hangUp(effect.peer)
      case 'send': {
        const words = this.#state.topology.write(effect.message, effect.source)
        if (words) this.#ports.send(effect.over, words)
        return
      }
      case 'rename-link':
        return this.#ports.renameLink(effect.from, effect.to)
      case 'join':
        return this.#ports.join()
      case 'timer':
        return this.#later(effect.timer, effect.ms)
    }
  }

  #later(timer: Timer, ms: number): void {
    this.#ports.later(ms, () => this.feed({ type: 'timer', timer }))
  }
}
