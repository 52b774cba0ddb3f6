/**
 * A page's stay at one server: its connection, and the rooms it is in. Everything below the interface starts here. It
 * touches no element of the page and stores nothing; what the tab's next page needs, it hands out.
 */

import { randomKey } from '../base/random.ts'
import { cut, nameUnitsMax } from '../base/text.ts'
import { SignalingClient } from '../signaling/client.ts'
import { watchNetwork } from '../signaling/network.ts'
import type { Answer } from '../signaling/requests.ts'
import type { Access } from '../wire/access.ts'
import { type IceServer, iceServersEnd } from '../wire/ice.ts'
import type { PeerId, RoomId } from '../wire/ids.ts'
import { isFinal, type Refusal } from '../wire/refusal.ts'
import type { Resumed, ResumedRoom, ResumeRecord } from '../wire/resume.ts'
import type { Draft } from '../wire/room-requests.ts'
import type { Admission, Identity, Notice, RoomCard, RoomKind } from '../wire/server.ts'
import { Events } from './events.ts'
import type { RoomSession } from './room-session.ts'
import { invitationIn, type RoomTarget, targetOf } from './room-target.ts'
import type { Stay } from './stay.ts'

export type ClientOptions = {
  /** The server's origin, `https://talk.example.org`; by default the one the page came from. */
  readonly server?: string
  /** Where signalling is on that server. */
  readonly path?: string
  /** What connections are made with, given the STUN and TURN servers that the server hands out. */
  readonly configure?: (iceServers: IceServer[]) => RTCConfiguration
  /** What an earlier page of this tab has left: `client.record`. The server then knows us again. */
  readonly record?: ResumeRecord | null
  /** By what the server's operator has invited us. */
  readonly access?: Access | null
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
  /** The server hands out other STUN and TURN servers than before. */
  iceServers: undefined
}

const defaultPath = '/api/signaling/'
/** Accounts of TURN servers are asked for anew so long before they end. */
const iceMarginMs = 300_000
const earlyMax = 200
/** Accounts that are as short as this are not asked for without a pause. */
const renewalMsMin = 60_000
/** The longest that a timer can wait. */
const timerMsMax = 2 ** 31 - 1
/** After a reload, so long between the attempts to go on. */
const againMs = [1_000, 2_000, 4_000, 8_000]
const unreachable = { ok: false, refusal: 'unreachable' } as const

/** A room session is more code than all that comes before one, and is fetched once there is a connection. */
type SessionParts = typeof import('./room-session.ts')
const loadRoomSession = (): Promise<SessionParts | null> => import('./room-session.ts').catch(() => null)

/** Connects to a server, at once and for as long as the page lives or until `close`. */
export const connect = (options: ClientOptions = {}): Client => new Client(options)

const isInHostedCall = ({ card, call }: RoomSession['state']): boolean =>
  card.kind === 'server' && call.own !== null

export class Client {
  readonly #events = new Events<ClientEvents>()
  readonly #sessions = new Map<RoomId, RoomSession>()
  readonly #configure: (iceServers: IceServer[]) => RTCConfiguration
  readonly #signaling: SignalingClient
  #stopWatching: () => void
  #identity: Identity | null = null
  /** What the server knew of us when it answered last; null where we were new to it. */
  #resumed: Resumed | null = null
  #entering = 0
  /** Rooms of an earlier page that this one will go on in, until it has or has given up. */
  readonly #wanted = new Set<RoomId>()
  #hasConnected = false
  #renewal: ReturnType<typeof setTimeout> | undefined
  #asking: Promise<IceServer[] | null> | null = null
  /** A poll can bring the answer and the first signals at once; these wait until the session has begun. */
  #early: Notice[] = []

  constructor({ server, path = defaultPath, configure, record = null, access = null }: ClientOptions) {
    this.#configure = configure ?? (iceServers => ({ iceServers }))
    this.#signaling = new SignalingClient(
      { server, path, record, access },
      {
        connected: (identity, resumed) => this.#connected(identity, resumed),
        disconnected: () => this.#disconnected(),
        notice: notice => this.#notice(notice),
        iceServers: servers => this.#useIceServers(servers),
        inHostedCall: () => [...this.#sessions.values()].some(it => isInHostedCall(it.state)),
      },
    )
    this.#stopWatching = this.#watch()
  }

  #watch(): () => void {
    return watchNetwork({
      changed: () => {
        this.#signaling.networkChanged()
        for (const session of this.#sessions.values()) session.findAnotherWay(true)
      },
      doubted: () => {
        void this.#signaling.check()
        for (const session of this.#sessions.values()) session.findAnotherWay(false)
      },
    })
  }

  /** Hears of one kind of event until the function given back is called. */
  readonly on: Events<ClientEvents>['on'] = (kind, listener) => this.#events.on(kind, listener)

  get online(): boolean {
    return this.#identity !== null
  }

  /** By what we are invited, where the operator does not let in everybody. */
  get access(): Access | null {
    return this.#signaling.access
  }

  set access(access: Access | null) {
    this.#signaling.access = access
  }

  /** The STUN and TURN servers that the server hands out, while there is a connection to it. */
  get iceServers(): readonly IceServer[] {
    return this.#identity?.iceServers ?? []
  }

  /** How the page is connected to the server; null where it is not. */
  get transport(): 'websocket' | 'polling' | null {
    return this.online ? this.#signaling.transport : null
  }

  /**
   * While this is done we are in a room, which a server's relay demands: one of our own, that nobody can enter. Where the
   * server lets us have none, nothing is done, and this gives why. Else null.
   */
  async inRoom(done: () => Promise<void>): Promise<Refusal | null> {
    if (this.#sessions.size > 0) {
      await done()
      return null
    }
    const draft: Draft = { name: '', kind: 'mesh', password: randomKey(), peersMax: 1 }
    const parts = await loadRoomSession()
    const answer = parts ? await parts.createRoom(this.#signaling, draft) : unreachable
    if (!answer.ok) return answer.refusal
    const { id } = answer.admission.card
    this.#wanted.add(id)
    try {
      await done()
    } finally {
      this.#wanted.delete(id)
      this.#signaling.leave(id)
    }
    return null
  }

  /** A new room with us in it, under `name`, of which 60 characters are kept. */
  create(wish: NewRoom, name: string): Promise<Entered> {
    const draft: Draft = {
      name: wish.name,
      kind: wish.kind ?? 'mesh',
      password: wish.password ?? '',
      peersMax: wish.peersMax ?? 8,
    }
    return this.#enter(({ makeRoom }) => makeRoom(this.#signaling, draft), name)
  }

  /**
   * Into an existing room. `waits` is asked again and again while its owner has not let us in: whether we go on waiting.
   */
  async join(whereto: RoomTarget, name: string, waits: () => boolean = () => false): Promise<Entered> {
    const found = typeof whereto === 'string' ? await invitationIn(whereto) : targetOf(whereto)
    if (found === 'unreachable') return unreachable
    if (!found) return { ok: false, refusal: 'no-such-room' }
    const request = { ...found, password: found.password ?? '', as: name }
    return this.#enter(({ enterRoom }) => enterRoom(this.#signaling, request, waits), name)
  }

  /**
   * Goes on with a stay that an earlier page of this tab had, as the same person. A refusal that may pass is met by asking
   * again, a few times, as long as it is `wanted`.
   */
  async goOn(
    stay: Stay,
    waits: () => boolean = () => false,
    wanted: () => boolean = () => false,
  ): Promise<Entered> {
    let entered = await this.#goOn(stay, waits)
    for (const ms of againMs) {
      if (entered.ok || isFinal(entered.refusal) || !wanted()) break
      await new Promise(resolve => setTimeout(resolve, ms))
      entered = await this.#goOn(stay, waits)
    }
    return entered
  }

  async #goOn(stay: Stay, waits: () => boolean): Promise<Entered> {
    const { card } = stay
    this.#wanted.add(card.id)
    const entered = await this.#enter(
      async ({ enterKnown }) => {
        if (!(await this.#signaling.whenAnswered())) return unreachable
        const known = this.#resumed?.rooms.find(({ room }) => room === card.id)
        if (known) return { ok: true, admission: admissionOf(card, known, this.#identity?.id ?? null) }
        return enterKnown(this.#signaling, card, stay.name, waits)
      },
      stay.name,
      stay,
    )
    if (entered.ok || isFinal(entered.refusal)) this.giveUp(stay)
    return entered
  }

  /** Does not go on with this stay any more. The server is told, if it keeps our place. */
  giveUp({ card }: Stay): void {
    this.#wanted.delete(card.id)
    this.#leaveForgotten()
  }

  /** What the next page of this tab needs so that the server knows us again; null where the server cannot. */
  get record(): ResumeRecord | null {
    return this.#signaling.record
  }

  /** The page is going, and may be about to be loaded anew. The server keeps our place in every room for a moment. */
  closing(): void {
    for (const session of [...this.#sessions.values()]) session.part()
    if (this.#signaling.keepsRooms) this.#signaling.closing()
    else this.close()
  }

  /** Leaves every room and closes the connection. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.leave()
    this.#stopWatching()
    clearTimeout(this.#renewal)
    this.#signaling.close()
  }

  /** After `close`, for a page that was brought back. */
  reopen(): void {
    this.#stopWatching()
    this.#stopWatching = this.#watch()
    this.#signaling.reopen()
  }

  async #enter(
    ask: (parts: SessionParts) => Promise<Answer>,
    name: string,
    stay: Stay | null = null,
  ): Promise<Entered> {
    this.#entering += 1
    const parts = await loadRoomSession()
    const asked = parts ? await ask(parts) : unreachable
    const sealing =
      asked.ok && parts && (await parts.prepareSealing(asked.admission.card, stay?.identity ?? null))
    if (sealing === 'failed' && asked.ok) this.#signaling.leave(asked.admission.card.id)
    const answer = sealing === 'failed' ? unreachable : asked
    this.#entering -= 1
    const early = this.#early
    if (this.#entering === 0) this.#early = []
    const identity = this.#identity
    if (!answer.ok || !identity || !parts || sealing === 'failed') {
      this.#leaveForgotten()
      return answer.ok ? unreachable : answer
    }
    const { id } = answer.admission.card
    const session = new parts.RoomSession(
      this.#signaling,
      identity,
      answer.admission,
      cut(name.normalize('NFC'), nameUnitsMax),
      {
        configuration: () => this.#configure(this.#identity?.iceServers ?? identity.iceServers),
        freshConfiguration: async () => this.#configure(await this.#freshIceServers(identity)),
        ended: () => this.#sessions.delete(id),
      },
      stay,
      sealing || null,
    )
    this.#sessions.set(id, session)
    const known = stay && this.#resumed?.rooms.find(({ room }) => room === id)
    // What an earlier page has heard is of no use to this one: it calls everybody anew.
    if (known) session.serverFound(identity, { ...known, complete: false })
    // A reload is no leaving: somebody else was made the host meanwhile.
    if (stay?.hosting && session.state.role === 'guest') session.takeHost()
    for (const notice of early) session.notice(notice)
    this.#leaveForgotten()
    return { ok: true, session }
  }

  /**
   * Those that hold now: a room may have another relay than before, and its people meet where all have the same. Several
   * connections at a time ask once. Those of the last answer where there is no other.
   */
  async #freshIceServers(identity: Identity): Promise<IceServer[]> {
    this.#asking ??= this.#renewIceServers().finally(() => {
      this.#asking = null
    })
    return (await this.#asking) ?? (this.#identity ?? identity).iceServers
  }

  async #renewIceServers(): Promise<IceServer[] | null> {
    const fresh = await this.#signaling.iceServers()
    this.#useIceServers(fresh ?? this.iceServers)
    return fresh
  }

  #useIceServers(servers: readonly IceServer[]): void {
    if (this.#identity) this.#identify({ ...this.#identity, iceServers: [...servers] })
  }

  /** Accounts of TURN servers that end are renewed in time, for connections that begin later. */
  #identify(identity: Identity): void {
    this.#identity = identity
    this.#events.emit('iceServers', undefined)
    clearTimeout(this.#renewal)
    const end = iceServersEnd(identity.iceServers)
    if (end === null) return
    const wait = Math.min(Math.max(end - Date.now() - iceMarginMs, renewalMsMin), timerMsMax)
    this.#renewal = setTimeout(() => void this.#renewIceServers(), wait)
  }

  #connected(identity: Identity, resumed: Resumed | null): void {
    this.#identify(identity)
    this.#resumed = resumed
    void loadRoomSession()
    // Before the first answer this page has entered nothing, whatever it has asked for.
    this.#leaveForgotten(!this.#hasConnected)
    this.#hasConnected = true
    this.#events.emit('online', undefined)
    for (const [id, session] of this.#sessions) {
      const known = resumed?.rooms.find(({ room }) => room === id)
      session.serverFound(identity, known && resumed ? { ...known, complete: resumed.complete } : null)
    }
  }

  /** Nobody is in a room of an earlier page that this one does not go on in. */
  #leaveForgotten(whateverIsAsked = false): void {
    if (!this.#resumed || !this.online || (this.#entering > 0 && !whateverIsAsked)) return
    const rooms = this.#resumed.rooms.filter(({ room }) => {
      const isOurs = this.#sessions.has(room) || this.#wanted.has(room)
      if (!isOurs) this.#signaling.leave(room)
      return isOurs
    })
    this.#resumed = { ...this.#resumed, rooms }
  }

  #disconnected(): void {
    this.#identity = null
    clearTimeout(this.#renewal)
    this.#events.emit('offline', undefined)
    for (const session of this.#sessions.values()) session.serverLost()
  }

  #notice(notice: Notice): void {
    const session = this.#sessions.get(notice.room)
    if (session) session.notice(notice)
    else if (this.#entering > 0 && this.#early.length < earlyMax) this.#early.push(notice)
  }
}

/** Whoever is a star's host still becomes it when the room hears of it, like anybody else who does. */
const admissionOf = (card: RoomCard, known: ResumedRoom, self: PeerId | null): Admission => {
  const { host, ownership = null } = known
  if (card.kind === 'mesh') return { card, host: null, ownership }
  return { card, host: host === self ? null : host, hosting: false, ownership }
}
