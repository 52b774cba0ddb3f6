/**
 * The connection to the server: socket.io on our own origin, kept up for as long as the page lives. Every new
 * connection says GET-ID and so gets a new id; what that means for a room is decided elsewhere.
 */
import { io, type Socket } from 'socket.io-client'
import type { PeerId, RoomId } from '../wire/ids.ts'
import {
  type Admission,
  answeredId,
  type Draft,
  events,
  type Identity,
  type Notice,
  parseAlert,
  parseCreated,
  parseIdentity,
  parseJoined,
  parsePeerJoined,
  parsePeerLeft,
  parseRefusal,
  parseSignalNotice,
  type Refusal,
  writeCreate,
  writeIdentityRequest,
  writeJoin,
  writeSignal,
} from '../wire/server.ts'
import type { Signal } from '../wire/signal.ts'

export type Answer =
  | { readonly ok: true; readonly admission: Admission }
  | { readonly ok: false; readonly refusal: Refusal }

export type SignalingPorts = {
  readonly connected: (identity: Identity) => void
  readonly disconnected: () => void
  readonly notice: (notice: Notice) => void
}

type Waiting = { readonly go: () => void; readonly refuse: () => void }
type Pending = (body: unknown, refused: boolean) => void

/** A server that has not answered by then is as good as away. */
const answerMs = 10_000

/**
 * Some virus scanners and proxies let a websocket open and then carry nothing, which shows as a handshake that never
 * comes (socketio/engine.io#123). Polling gets through them. The library itself tries it only where opening fails.
 */
const pollAfterSilence = ({ io }: Socket): void => {
  io.on('error', ({ message }) => {
    if (message === 'timeout') io.opts.transports = ['polling', 'websocket']
  })
}

export class SignalingClient {
  readonly #socket: Socket
  readonly #ports: SignalingPorts
  readonly #pending = new Map<string, Pending>()
  #requests = 0
  #self: PeerId | null = null
  /**
   * Requests made while there is no connection. They are sent, or refused, as soon as the attempt under way has ended.
   */
  #waiting: Waiting[] = []

  /** `server` is an origin; without one it is the page's own. */
  constructor(server: string | undefined, path: string, ports: SignalingPorts) {
    this.#ports = ports
    this.#socket = io(server ?? location.origin, {
      path,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelayMax: 4_000,
      timeout: 8_000,
    })
    pollAfterSilence(this.#socket)
    this.#socket.on('connect', () => this.#sayHello())
    this.#socket.on('disconnect', reason => this.#lost(reason))
    this.#socket.on('connect_error', () => {
      for (const { refuse } of this.#waiting.splice(0)) refuse()
      this.#ports.disconnected()
    })
    for (const event of [events.identity, events.create])
      this.#socket.on(event, (body: unknown) => this.#answered(body, false))
    this.#socket.on(events.refused, (body: unknown) => this.#answered(body, true))
    this.#socket.on(events.join, (body: unknown) => {
      const joined = parsePeerJoined(body)
      if (joined) this.#ports.notice(joined)
      else this.#answered(body, false)
    })
    this.#socket.on(events.left, (body: unknown) => this.#tell(parsePeerLeft(body)))
    this.#socket.on(events.alert, (body: unknown) => this.#tell(parseAlert(body)))
    this.#socket.on(events.signal, (body: unknown) => this.#tell(parseSignalNotice(body, this.#self)))
  }

  create(draft: Draft): Promise<Answer> {
    return this.#ask(
      events.create,
      id => writeCreate(id, draft),
      body => parseCreated(body, draft),
    )
  }

  /**
   * A password with accents can be typed in two ways that look the same. Our rooms have the composed one (NFC); those of
   * other frontends have what was typed there.
   */
  async join(room: RoomId, password: string): Promise<Answer> {
    const composed = password.normalize('NFC')
    const answer = await this.#join(room, composed)
    const wrong = !answer.ok && answer.refusal === 'wrong-password'
    return wrong && composed !== password ? this.#join(room, password) : answer
  }

  async #join(room: RoomId, password: string): Promise<Answer> {
    const answer = await this.#ask(
      events.join,
      id => writeJoin(id, room, password),
      body => parseJoined(body, room, password),
    )
    // An answer that comes too late has made us a member, and whoever joins again is met with silence.
    if (!answer.ok && answer.refusal === 'unreachable') this.leave(room)
    return answer
  }

  signal(target: PeerId, room: RoomId, signal: Signal): void {
    if (this.#self !== null) this.#socket.emit(events.signal, writeSignal(target, room, signal))
  }

  leave(room: RoomId): void {
    if (this.#self !== null) this.#socket.emit(events.left, room)
  }

  close(): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse()
    this.#socket.disconnect()
  }

  /** After `close`, for a page that was brought back. */
  reopen(): void {
    this.#socket.connect()
  }

  #tell(notice: Notice | null): void {
    if (notice) this.#ports.notice(notice)
  }

  #sayHello(): void {
    this.#request(events.identity, writeIdentityRequest, body => {
      const identity = parseIdentity(body)
      if (!identity) {
        if (this.#socket.connected) this.#socket.disconnect().connect()
        return
      }
      this.#self = identity.id
      this.#ports.connected(identity)
      for (const { go } of this.#waiting.splice(0)) go()
    })
  }

  #lost(reason: string): void {
    this.#self = null
    for (const settle of [...this.#pending.values()]) settle(null, false)
    this.#ports.disconnected()
    // A connection the server ended is not taken up again by the library itself.
    if (reason === 'io server disconnect') this.#socket.connect()
  }

  #ask(
    event: string,
    write: (requestId: string) => object,
    parse: (body: unknown) => Admission | null,
  ): Promise<Answer> {
    return new Promise(resolve => {
      const unreachable: Answer = { ok: false, refusal: 'unreachable' }
      const send = (): void =>
        this.#request(event, write, (body, refused) => {
          if (refused) return resolve({ ok: false, refusal: parseRefusal(event, body) })
          const admission = parse(body)
          resolve(admission ? { ok: true, admission } : unreachable)
        })
      if (this.#self !== null) send()
      else this.#waiting.push({ go: send, refuse: () => resolve(unreachable) })
    })
  }

  /** `settle` is called exactly once: with the answer, or with null when there will be none. */
  #request(event: string, write: (requestId: string) => object, settle: Pending): void {
    const requestId = (this.#requests++).toString(16)
    const once: Pending = (body, refused) => {
      clearTimeout(patience)
      this.#pending.delete(requestId)
      settle(body, refused)
    }
    const patience = setTimeout(() => once(null, false), answerMs)
    this.#pending.set(requestId, once)
    this.#socket.emit(event, write(requestId))
  }

  #answered(body: unknown, refused: boolean): void {
    const id = answeredId(body)
    if (id !== null) this.#pending.get(id)?.(body, refused)
  }
}
