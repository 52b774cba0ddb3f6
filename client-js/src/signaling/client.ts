/**
 * The connection to the server: socket.io on our own origin, kept up for as long as the page lives. Our session outlives
 * it: a new connection goes on with the same peer id, in the same rooms, and what was on its way is sent again. Where the
 * server knows none of that, or has given the session up, every connection is a new peer.
 */
import { io, type Socket } from 'socket.io-client'
import { randomHex } from '../base/random.ts'
import type { Access } from '../wire/access.ts'
import type { IceServer } from '../wire/ice.ts'
import type { PeerId, RoomId } from '../wire/ids.ts'
import type { Resumed, ResumeRecord } from '../wire/resume.ts'
import {
  answeredId,
  events,
  type Identity,
  type Notice,
  noticeEvents,
  parseFreshIceServers,
  parseIdentity,
  parseNotice,
  uncounted,
  writeIdentityRequest,
  writeSignal,
} from '../wire/server.ts'
import type { Signal } from '../wire/signal.ts'
import { ackAfterMs, ServerSession } from './session.ts'

/** What the server says to a request: `refused`, or granted. */
export type Reply = { readonly body: unknown; readonly refused: boolean }

export type SignalingPorts = {
  /** `resumed` is null where we are somebody new to the server. */
  readonly connected: (identity: Identity, resumed: Resumed | null) => void
  readonly disconnected: () => void
  readonly notice: (notice: Notice) => void
  /** STUN and TURN servers that take the place of those before, because we have come into a room. */
  readonly iceServers: (servers: IceServer[]) => void
  /** A call goes through the server, and stands still without it. */
  readonly inHostedCall: () => boolean
}

export type SignalingOptions = {
  /** An origin; without one it is the page's own. */
  readonly server: string | undefined
  readonly path: string
  /** The session that an earlier page of this tab has left. */
  readonly record: ResumeRecord | null
  readonly access: Access | null
}

type Waiting = { readonly go: () => void; readonly refuse: () => void }
type Pending = (body: unknown, refused: boolean) => void

/** A server that has not answered by then is as good as away. */
const answerMs = 10_000
/** A connection that seems to stand gets so long to show that it does. */
const probeMs = 1_500
/** The library's own. */
const reconnectMs = 1_000
/** A new network may carry nothing for a moment after one was told of it. */
const reconnectSoonMs = 200
/** Everybody who is sent away at once comes back within this time. */
const spreadMs = 2_000
/** The same for those whose call goes through the server: they are few, and look for it more often. */
const spreadSoonMs = 400

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
  /** Goes with every request to make or to join a room. */
  access: Access | null
  readonly #socket: Socket
  readonly #ports: SignalingPorts
  readonly #session: ServerSession
  readonly #pending = new Map<string, Pending>()
  /** Answers to requests of an earlier page may still come, so that numbers alone would not tell ours apart. */
  readonly #requestPrefix = randomHex(2)
  #requests = 0
  #hellos = 0
  /** Who we are, while the line stands and the server has said so. */
  #self: PeerId | null = null
  /** Who the session belongs to, also while the line is down. */
  #sessionOf: PeerId | null = null
  #ackTimer: ReturnType<typeof setTimeout> | undefined
  #probing = false
  #comingBack: ReturnType<typeof setTimeout> | undefined
  /**
   * Requests made while there is no connection. They are sent, or refused, as soon as the attempt under way has ended.
   */
  #waiting: Waiting[] = []
  #closed = false

  constructor({ server, path, record, access }: SignalingOptions, ports: SignalingPorts) {
    this.access = access
    this.#ports = ports
    this.#session = new ServerSession(record)
    this.#socket = io(server ?? location.origin, {
      path,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      // With the library's factor of one half for chance, so that those who were cut off together do not return together.
      reconnectionDelay: reconnectMs,
      reconnectionDelayMax: 8_000,
      timeout: 8_000,
    })
    pollAfterSilence(this.#socket)
    this.#socket.on('connect', () => {
      this.#socket.io.reconnectionDelay(reconnectMs)
      this.#sayHello()
    })
    this.#socket.on('disconnect', reason => this.#lost(reason))
    this.#socket.on('connect_error', () => {
      for (const { refuse } of this.#waiting.splice(0)) refuse()
      this.#ports.disconnected()
    })
    this.#socket.onAny((event: string, body: unknown) => this.#count(event, body))
    for (const event of [events.identity, events.create, events.iceServers, events.takeHost])
      this.#socket.on(event, (body: unknown) => this.#answered(body, false))
    this.#socket.on(events.refused, (body: unknown) => this.#answered(body, true))
    for (const event of noticeEvents)
      this.#socket.on(event, (body: unknown) => {
        const notice = parseNotice(event, body, this.#self)
        // Two of these names answer requests of ours, too.
        if (notice) this.#ports.notice(notice)
        else this.#answered(body, false)
      })
  }

  /** For the next page of this tab; null where the server cannot go on with a session. */
  get record(): ResumeRecord | null {
    return this.#session.record
  }

  /** Who we are to the server; null without a line to it. */
  get self(): PeerId | null {
    return this.#self
  }

  /** The answer to a request about rooms, which waits while there is no line. Null without an answer. */
  ask(event: string, write: (requestId: string) => object): Promise<Reply | null> {
    return new Promise(resolve => {
      const go = (): void =>
        this.#request(event, write, answerMs, (body, refused) => {
          const servers = refused ? null : parseFreshIceServers(body)
          if (servers) this.#ports.iceServers(servers)
          resolve(body === null ? null : { body, refused })
        })
      if (this.#self !== null) go()
      else this.#wait({ go, refuse: () => resolve(null) })
    })
  }

  /** How the line goes that stands now. */
  get transport(): 'websocket' | 'polling' | null {
    const name = this.#socket.io.engine?.transport.name
    return name === 'websocket' || name === 'polling' ? name : null
  }

  /** Once the server has said who we are; false where the attempt to reach it has failed. */
  whenAnswered(): Promise<boolean> {
    if (this.#self !== null) return Promise.resolve(true)
    return new Promise(resolve => this.#wait({ go: () => resolve(true), refuse: () => resolve(false) }))
  }

  /** The server keeps sessions, and with them rooms by their keys. */
  get keepsRooms(): boolean {
    return this.#session.isResumable
  }

  /** While the line is down it waits for the session to go on. */
  signal(target: PeerId, room: RoomId, signal: Signal): void {
    if (this.#sessionOf !== null) this.#send(events.signal, writeSignal(target, room, signal))
  }

  leave(room: RoomId): void {
    if (this.#sessionOf !== null) this.#send(events.left, room)
  }

  /** Null where there is no line, or the server cannot. */
  async iceServers(): Promise<IceServer[] | null> {
    if (this.#self === null || !this.#session.isResumable) return null
    return new Promise(resolve =>
      this.#request(
        events.iceServers,
        requestId => ({ requestId }),
        answerMs,
        body => resolve(parseFreshIceServers(body)),
      ),
    )
  }

  /** The network may be another, or the device has slept: does the line still stand? */
  async check(): Promise<void> {
    if (this.#socket.active && !this.#socket.connected) this.#reconnect()
    else await this.probe()
  }

  /** Does a line that seems to stand do so? An attempt to find one goes on undisturbed. */
  async probe(): Promise<void> {
    if (!this.#socket.connected || this.#self === null || this.#probing || !this.#session.isResumable) return
    const before = this.#session.received
    this.#probing = true
    const answered = await new Promise<boolean>(resolve =>
      this.#request(
        events.iceServers,
        requestId => ({ requestId }),
        probeMs,
        body => resolve(body !== null),
      ),
    )
    this.#probing = false
    if (!answered && this.#session.received === before && this.#self !== null) this.#reconnect()
  }

  /** The network is another: the line leads nowhere, although nobody has noticed. Without a session to go on, it is left. */
  networkChanged(): void {
    if (!this.#socket.active || (this.#socket.connected && !this.#session.isResumable)) return
    this.#socket.io.reconnectionDelay(reconnectSoonMs)
    this.#reconnect()
  }

  /** The page is going, and may be about to be loaded anew: the server keeps our place for a moment. */
  closing(): void {
    if (this.#self !== null && this.#session.isResumable) this.#socket.emit(events.closing)
  }

  /** What waits for a connection, or is asked from now on, is refused. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#comingBack)
    for (const { refuse } of this.#waiting.splice(0)) refuse()
    this.#socket.disconnect()
  }

  /** After `close`, for a page that was brought back. */
  reopen(): void {
    this.#closed = false
    this.#socket.connect()
  }

  #reconnect(): void {
    this.#socket.disconnect().connect()
  }

  #sayHello(): void {
    const write = (id: string): object => writeIdentityRequest(id, this.#session.record)
    this.#hellos += 1
    const hello = this.#hellos
    this.#request(events.identity, write, answerMs, body => {
      // The connection that this was asked over has ended.
      if (hello !== this.#hellos) return
      const identity = parseIdentity(body)
      if (!identity) {
        if (this.#socket.connected) this.#reconnect()
        return
      }
      const resumed = identity.resume?.resumed ?? null
      const { again, complete } = this.#session.begin(identity.resume)
      if (!resumed) this.#endPending()
      this.#self = identity.id
      this.#sessionOf = identity.id
      for (const { event, body } of again) this.#socket.emit(event, body)
      this.#ports.connected(identity, resumed && { ...resumed, complete })
      for (const { go } of this.#waiting.splice(0)) go()
    })
  }

  #lost(reason: string): void {
    this.#self = null
    clearTimeout(this.#ackTimer)
    if (!this.#session.isResumable) {
      this.#sessionOf = null
      this.#endPending()
    }
    this.#ports.disconnected()
    const soon = this.#ports.inHostedCall()
    if (soon) this.#socket.io.reconnectionDelay(reconnectSoonMs)
    // A connection the server ended is not taken up again by the library itself.
    if (reason !== 'io server disconnect') return
    clearTimeout(this.#comingBack)
    const ms = Math.random() * (soon ? spreadSoonMs : spreadMs)
    this.#comingBack = setTimeout(() => this.#socket.connect(), ms)
  }

  /** Whatever asked an earlier session is not answered any more. */
  #endPending(): void {
    for (const settle of [...this.#pending.values()]) settle(null, false)
  }

  #count(event: string, body: unknown): void {
    if (this.#self === null || uncounted.includes(event)) return
    if (this.#session.count(body)) this.#acknowledge()
    clearTimeout(this.#ackTimer)
    this.#ackTimer = setTimeout(() => this.#acknowledge(), ackAfterMs)
  }

  #acknowledge(): void {
    if (this.#self === null || !this.#session.acknowledge()) return
    this.#socket.emit(events.ack, { received: this.#session.received })
  }

  #send(event: string, body: unknown): void {
    this.#session.keep(event, body)
    if (this.#self !== null) this.#socket.emit(event, body)
  }

  #wait(waiting: Waiting): void {
    if (this.#closed) waiting.refuse()
    else this.#waiting.push(waiting)
  }

  /** `settle` is called exactly once: with the answer, or with null when there will be none. */
  #request(event: string, write: (requestId: string) => object, patienceMs: number, settle: Pending): void {
    const requestId = `${this.#requestPrefix}${(this.#requests++).toString(16)}`
    const once: Pending = (body, refused) => {
      clearTimeout(patience)
      this.#pending.delete(requestId)
      settle(body, refused)
    }
    const patience = setTimeout(() => once(null, false), patienceMs)
    this.#pending.set(requestId, once)
    if (event === events.identity) this.#socket.emit(event, write(requestId))
    else this.#send(event, write(requestId))
  }

  #answered(body: unknown, refused: boolean): void {
    const id = answeredId(body)
    if (id !== null) this.#pending.get(id)?.(body, refused)
  }
}
