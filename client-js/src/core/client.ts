/**
 * A page's stay at one server: its connection, and the rooms it is in. Everything below the interface starts here. It
 * touches no element of the page and remembers nothing beyond the page's life.
 */
import { cut } from '../base/text.ts'
import { type Answer, SignalingClient } from '../signaling/client.ts'
import type { IceServer } from '../wire/ice.ts'
import { type RoomId, roomId } from '../wire/ids.ts'
import { parsePasted } from '../wire/invitation.ts'
import { nameUnitsMax } from '../wire/peer.ts'
import type { Draft, Identity, Notice, Refusal, RoomKind } from '../wire/server.ts'
import { Events } from './events.ts'
import type { RoomSession } from './room-session.ts'

export type ClientOptions = {
  /** The server's origin, `https://talk.example.org`; by default the one the page came from. */
  readonly server?: string
  /** Where signalling is on that server. */
  readonly path?: string
  /** What connections are made with, given the STUN and TURN servers that the server hands out. */
  readonly configure?: (iceServers: IceServer[]) => RTCConfiguration
}

export type NewRoom = {
  readonly name: string
  /** `mesh` by default. */
  readonly kind?: RoomKind
  /** None by default. */
  readonly password?: string
  /** 2 to 20; 8 by default. */
  readonly peersMax?: number
}

/** An invitation link, ours or the original's, or a room's id with its password. */
export type RoomTarget = string | { readonly room: string; readonly password?: string }

export type Entered =
  | { readonly ok: true; readonly session: RoomSession }
  | { readonly ok: false; readonly refusal: Refusal }

export type ClientEvents = {
  /** There is a connection to the server. */
  online: undefined
  /**
   * There is no connection to the server. It is tried again by itself, and rooms go on between those who are linked.
   */
  offline: undefined
}

const defaultPath = '/api/signaling/'
const earlyMax = 200

/** A room session is more code than all that comes before one, and is fetched once there is a connection. */
const loadRoomSession = (): Promise<typeof import('./room-session.ts') | null> =>
  import('./room-session.ts').catch(() => null)

/** Connects to a server, at once and for as long as the page lives or until `close`. */
export const connect = (options: ClientOptions = {}): Client => new Client(options)

export class Client {
  readonly #events = new Events<ClientEvents>()
  readonly #sessions = new Map<RoomId, RoomSession>()
  readonly #configure: (iceServers: IceServer[]) => RTCConfiguration
  readonly #signaling: SignalingClient
  #identity: Identity | null = null
  #entering = 0
  /** A poll can bring the answer and the first signals at once; these wait until the session has begun. */
  #early: Notice[] = []

  constructor({ server, path = defaultPath, configure }: ClientOptions) {
    this.#configure = configure ?? (iceServers => ({ iceServers }))
    this.#signaling = new SignalingClient(server, path, {
      connected: identity => this.#connected(identity),
      disconnected: () => this.#disconnected(),
      notice: notice => this.#notice(notice),
    })
  }

  /** Hears of one kind of event until the function given back is called. */
  readonly on: Events<ClientEvents>['on'] = (kind, listener) => this.#events.on(kind, listener)

  get online(): boolean {
    return this.#identity !== null
  }

  /** The STUN and TURN servers that the server hands out, while there is a connection to it. */
  get iceServers(): readonly IceServer[] {
    return this.#identity?.iceServers ?? []
  }

  /** A new room with us in it, under `name`, of which 60 characters are kept. */
  create(wish: NewRoom, name: string): Promise<Entered> {
    const draft: Draft = {
      name: wish.name,
      kind: wish.kind ?? 'mesh',
      password: wish.password ?? '',
      peersMax: wish.peersMax ?? 8,
    }
    return this.#enter(() => this.#signaling.create(draft), name)
  }

  /** Into an existing room. */
  async join(whereto: RoomTarget, name: string): Promise<Entered> {
    const found = typeof whereto === 'string' ? parsePasted(whereto) : targetOf(whereto)
    if (!found) return { ok: false, refusal: 'no-such-room' }
    return this.#enter(() => this.#signaling.join(found.room, found.password ?? ''), name)
  }

  /** Leaves every room and closes the connection. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.leave()
    this.#signaling.close()
  }

  /** After `close`, for a page that was brought back. */
  reopen(): void {
    this.#signaling.reopen()
  }

  async #enter(ask: () => Promise<Answer>, name: string): Promise<Entered> {
    const parts = await loadRoomSession()
    if (!parts) return { ok: false, refusal: 'unreachable' }
    this.#entering += 1
    const answer = await ask()
    this.#entering -= 1
    const early = this.#early
    if (this.#entering === 0) this.#early = []
    const identity = this.#identity
    if (!answer.ok) return answer
    if (!identity) return { ok: false, refusal: 'unreachable' }
    const { id } = answer.admission.card
    const session = new parts.RoomSession(
      this.#signaling,
      identity,
      answer.admission,
      cut(name.normalize('NFC'), nameUnitsMax),
      {
        configure: this.#configure,
        ended: () => this.#sessions.delete(id),
      },
    )
    this.#sessions.set(id, session)
    for (const notice of early) session.notice(notice)
    return { ok: true, session }
  }

  #connected(identity: Identity): void {
    this.#identity = identity
    void loadRoomSession()
    this.#events.emit('online', undefined)
    for (const session of this.#sessions.values()) session.serverFound(identity)
  }

  #disconnected(): void {
    this.#identity = null
    this.#events.emit('offline', undefined)
    for (const session of this.#sessions.values()) session.serverLost()
  }

  #notice(notice: Notice): void {
    const session = this.#sessions.get(notice.room)
    if (session) session.notice(notice)
    else if (this.#entering > 0 && this.#early.length < earlyMax) this.#early.push(notice)
  }
}

const targetOf = ({ room, password = '' }: { room: string; password?: string }) =>
  room === '' ? null : { room: roomId(room), password }
