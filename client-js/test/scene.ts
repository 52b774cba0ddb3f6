/**
 * A whole room in memory: links are function calls and the server is a list, so a test is a script and a transcript.
 */
import { SealedSession, type SealingIdentity } from '../src/core/sealed-session.ts'
import type { Link } from '../src/link/link.ts'
import { callLink, isWatching, linkTo } from '../src/room/call.ts'
import { numberOf } from '../src/room/numbers.ts'
import { Room } from '../src/room/room.ts'
import { type ConnectionStatus, roster } from '../src/room/roster.ts'
import { createRoomState, type FileNotice, type RoomEvent, type RoomState } from '../src/room/state.ts'
import type { StreamSize } from '../src/wire/call.ts'
import {
  type MemberId,
  memberId,
  type PeerId,
  peerId,
  roomId,
  type StreamId,
  streamId,
} from '../src/wire/ids.ts'
import { decodeFrame, encodeFrame } from '../src/wire/json.ts'
import { type Caps, noCaps, ownCaps } from '../src/wire/peer.ts'
import type { RoomKind } from '../src/wire/server.ts'
import { saying } from './words.ts'

/** `sealed`: of a page that seals. */
type Someone = { id: PeerId; room: Room; links: Map<PeerId, Cable>; sealed: SealedSession | null }
/** One end of a connection, as `Link` is one end: it knows the other end and nothing else. */
type Cable = { peer: PeerId; far: Cable | null; owner: Someone; sends: Set<StreamId> }
type Due = { at: number; due: () => void }

/** The member id of a page of ours: 22 characters. */
export const stayOf = (name: string): MemberId => memberId(`${name}${'-'.repeat(22)}`.slice(0, 22))

export class Scene {
  readonly #kind: RoomKind
  readonly #people = new Map<string, Someone>()
  readonly #seats: Someone[] = []
  #timers: Due[] = []
  /** Messages on the way; delivered in order, after whoever sent them has finished. */
  #mail: (() => void)[] = []
  #delivering = false
  now = 1_000
  password = 'pw'
  /** Peers that no new connection reaches. */
  readonly unreachable = new Set<string>()
  host: PeerId | null = null
  dials: string[] = []
  /** What rooms had to say to whoever moves files. */
  readonly files: { to: string; from: MemberId; about: FileNotice }[] = []
  /** What pages of others said to each other. */
  readonly topics: { to: string; from: MemberId; topic: string; data: unknown }[] = []
  /** What went over links, by the name of whoever it went to. */
  readonly frames = new Map<string, object[]>()
  /** Streams that somebody has stopped sending for good, as `stream → whom`. */
  readonly withdrawn: string[] = []

  constructor(kind: RoomKind) {
    this.#kind = kind
  }

  /** A `stay` of somebody's is the id of their earlier page. With `sealing` their page seals, which takes a moment. */
  enter(
    name: string,
    password = this.password,
    caps: Caps = ownCaps,
    stay?: MemberId,
    sealing?: SealingIdentity,
  ): Room {
    const id = peerId(`${name}-1`)
    if (this.#kind === 'star') this.host ??= id
    const host = this.host === id ? null : this.host
    const card = { id: roomId('r'), name: 'room', password, peersMax: 8, kind: this.#kind }
    const entered = createRoomState(
      { card, host },
      id,
      name,
      caps === noCaps ? undefined : (stay ?? stayOf(name)),
      sealing !== undefined,
    )
    // A page without our words does not ask for anything in them either.
    const state: RoomState = caps.chat ? entered : { ...entered, history: { phase: 'done' } }
    const someone: Someone = {
      id,
      links: new Map(),
      sealed: null,
      room: new Room(
        { ...state, person: { ...state.person, caps: { ...caps, sealed: sealing !== undefined } } },
        {
          dial: peer => this.#dial(someone, peer),
          hangUp: peer => this.#hangUp(someone, peer),
          send: (over, words, droppable) => {
            if (someone.sealed) someone.sealed.send(over, words, droppable)
            else this.#send(someone, over, words)
          },
          seal: (over, unsealed) => someone.sealed?.seal(over, unsealed),
          join: () => this.#seat(someone),
          mute: () => undefined,
          signalled: () => undefined,
          publish: (over, stream) => this.#publish(someone, over, stream),
          unpublish: (over, stream) => this.#unpublish(someone, over, stream),
          setTimer: (ms, due) => this.#timers.push({ at: this.now + ms, due }),
          spread: ms => ms,
          now: () => this.now,
          file: (from, about) => this.files.push({ to: name, from, about }),
          topic: (from, topic, data) => this.topics.push({ to: name, from, topic, data }),
          changed: now => someone.sealed?.follow(now, []),
        },
      ),
    }
    if (sealing) someone.sealed = this.#sealing(someone, sealing)
    this.#people.set(name, someone)
    this.#seats.push(someone)
    this.#announce(someone)
    this.settle()
    return someone.room
  }

  #sealing(someone: Someone, sealing: SealingIdentity): SealedSession {
    const { room } = someone
    const link = (over: PeerId) => ({
      send: (frame: Uint8Array) => this.#send(someone, over, JSON.parse(new TextDecoder().decode(frame))),
    })
    return new SealedSession(sealing, {
      room,
      link: over => link(over) as unknown as Link,
      opened: (via, received) => room.feed({ type: 'received', via, received }),
    })
  }

  room(name: string): Room {
    return this.#someone(name).room
  }

  /** The code that somebody sees of another. */
  async code(name: string, other: string): Promise<readonly string[] | null> {
    return (await this.#someone(name).sealed?.code(this.room(other).state.stay)) ?? null
  }

  say(name: string, text: string): void {
    this.feed(name, saying(text))
  }

  feed(name: string, event: RoomEvent): void {
    this.room(name).feed(event)
    this.settle()
  }

  /** What is on somebody's screen: chat as `name: text`, notices as `*kind name`. */
  screen(name: string): string[] {
    return this.room(name).state.timeline.map(entry => {
      if (entry.kind === 'chat') return `${entry.name}: ${entry.text}`
      if (entry.kind === 'file') return `${entry.name} offers ${entry.file}`
      const about = entry.notice === 'password-attempts' ? entry.count : entry.name
      return `*${entry.notice} ${about}`.trim()
    })
  }

  /** What the frames of a star call somebody. */
  numberOf(name: string): MemberId {
    const { state } = this.room(name)
    return numberOf(state, state.stay)
  }

  seen(name: string): Record<string, ConnectionStatus> {
    return Object.fromEntries(roster(this.room(name).state).map(it => [it.name ?? '?', it.connectionStatus]))
  }

  /** Joins the call, or goes on in it, with these streams; the first is the camera. */
  call(name: string, ...streams: string[]): void {
    const all = streams.map((id, at) => {
      const kind = at === 0 ? ('camera' as const) : ('screen' as const)
      return { id: streamId(id), kind, hint: 'text' as const, sound: false }
    })
    const media = { muted: false, cameraOff: false, pushToTalk: false }
    this.room(name).feed({ type: 'call-announce', own: { streams: all, media } })
    this.settle()
  }

  hangUpCall(name: string): void {
    this.room(name).feed({ type: 'call-leave' })
    this.settle()
  }

  /** Whose streams somebody sees, as `owner: stream`, sorted. */
  watched(name: string): string[] {
    const { state } = this.room(name)
    return [...state.call.members]
      .flatMap(([member, { streams }]) => {
        const via = linkTo(state, member)
        const here = via === null ? new Set<StreamId>() : callLink(state, via).arrived
        const owner = state.members.get(member)?.name ?? '?'
        return streams.filter(({ id }) => here.has(id)).map(({ id }) => `${owner}: ${id}`)
      })
      .sort()
  }

  /** Shows a stream of somebody else so large. */
  show(name: string, stream: string, size: StreamSize): void {
    this.feed(name, { type: 'call-show', stream: streamId(stream), size })
  }

  /** How large somebody sends a stream, as `size → whom`; what nobody has said anything of is sent large. */
  sizes(name: string, stream: string): string[] {
    const { room, links } = this.#someone(name)
    return [...links]
      .map(([peer, { far }]) => {
        const size = callLink(room.state, peer).sizes.get(streamId(stream)) ?? 'large'
        return `${size} → ${far ? this.#nameOf(far.owner) : '?'}`
      })
      .sort()
  }

  /** What leaves somebody's page, as `stream → whom`. */
  sends(name: string): string[] {
    const { links } = this.#someone(name)
    return [...links.values()]
      .flatMap(({ sends, far }) => [...sends].map(id => `${id} → ${far ? this.#nameOf(far.owner) : '?'}`))
      .sort()
  }

  /** Leaves as a page does: links first, then the seat. */
  leave(name: string): void {
    const someone = this.#someone(name)
    for (const peer of [...someone.links.keys()]) this.#hangUp(someone, peer)
    this.settle()
    this.#unseat(someone)
    this.#people.delete(name)
    this.settle()
  }

  /** The connection between two breaks; both notice. */
  breakLink(a: string, b: string): void {
    const far = this.#someone(b)
    const cable = [...this.#someone(a).links.values()].find(it => it.far?.owner === far)
    if (!cable) throw new Error(`${a} and ${b} are not linked`)
    this.#cutEnd(cable.far)
    this.#cutEnd(cable)
    this.settle()
  }

  loseLine(name: string): void {
    const someone = this.#someone(name)
    someone.room.feed({ type: 'server-lost' })
    this.#unseat(someone)
    this.settle()
  }

  findLine(name: string): void {
    const someone = this.#someone(name)
    const [stem, count] = someone.id.split('-')
    someone.id = peerId(`${stem}-${Number(count) + 1}`)
    someone.room.feed({ type: 'server-found', self: someone.id })
    this.settle()
  }

  restartServer(): void {
    for (const { room } of this.#seats.splice(0)) room.feed({ type: 'server-lost' })
    this.host = null
    this.settle()
  }

  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      this.#timers.sort((a, b) => a.at - b.at)
      const next = this.#timers[0]
      if (!next || next.at > end) break
      this.#timers.shift()
      this.now = next.at
      next.due()
      this.settle()
    }
    this.now = end
  }

  settle(): void {
    if (this.#delivering) return
    this.#delivering = true
    for (let next = this.#mail.shift(); next; next = this.#mail.shift()) next()
    this.#delivering = false
  }

  #someone(name: string): Someone {
    const found = this.#people.get(name)
    if (!found) throw new Error(`nobody is called ${name}`)
    return found
  }

  /** The server's part: tells a mesh, or a star's host. */
  #announce(newcomer: Someone): void {
    for (const { room, id } of this.#told(newcomer)) {
      const peer = newcomer.id
      if (id !== peer) this.#mail.push(() => room.feed({ type: 'peer-joined', peer }))
    }
  }

  #told(about: Someone): Someone[] {
    const others = this.#seats.filter(it => it !== about)
    return this.#kind === 'mesh' || about.id === this.host
      ? others
      : others.filter(({ id }) => id === this.host)
  }

  #unseat(someone: Someone): void {
    const told = this.#told(someone)
    const index = this.#seats.indexOf(someone)
    if (index < 0) return
    this.#seats.splice(index, 1)
    const peer = someone.id
    for (const { room } of told) this.#mail.push(() => room.feed({ type: 'peer-left', peer }))
    if (peer === this.host) {
      this.host = null
      this.#seats.splice(0)
    }
  }

  #seat(someone: Someone): void {
    this.#mail.push(() => {
      const exists = this.#seats.length > 0
      if (!exists) return someone.room.feed({ type: 'rejoin-refused', refusal: 'no-such-room' })
      this.#seats.push(someone)
      someone.room.feed({ type: 'rejoined' })
      this.#announce(someone)
    })
  }

  #dial(from: Someone, peer: PeerId): void {
    this.dials.push(`${from.id} → ${from.room.addressOf(peer)}`)
    const address = from.room.addressOf(peer)
    const to = [...this.#people.values()].find(it => it.id === address)
    const near: Cable = { peer, far: null, owner: from, sends: new Set() }
    from.links.set(peer, near)
    this.#mail.push(() => {
      const name = to ? this.#nameOf(to) : ''
      if (!to || this.unreachable.has(name) || !to.room.acceptsOffer(from.id)) return this.#cutEnd(near)
      const link = to.room.linkOf(from.id)
      const before = to.links.get(link)
      if (before) this.#cutEnd(before.far)
      const far: Cable = { peer: link, far: near, owner: to, sends: new Set() }
      near.far = far
      to.links.set(link, far)
      to.room.feed({ type: 'incoming-offer', peer: from.id })
      from.room.feed({ type: 'link-opened', peer })
      to.room.feed({ type: 'link-opened', peer: link })
    })
  }

  #nameOf(someone: Someone): string {
    return [...this.#people].find(([, it]) => it === someone)?.[0] ?? ''
  }

  #hangUp({ links }: Someone, peer: PeerId): void {
    const cable = links.get(peer)
    links.delete(peer)
    if (cable?.far) this.#mail.push(() => this.#cutEnd(cable.far))
  }

  /** That end notices that the connection is gone. */
  #cutEnd(end: Cable | null): void {
    if (!end || end.owner.links.get(end.peer) !== end) return
    end.owner.links.delete(end.peer)
    end.owner.room.feed({ type: 'link-closed', peer: end.peer })
  }

  #send(from: Someone, over: PeerId, words: object): void {
    const far = from.links.get(over)?.far
    const frame = encodeFrame(words)
    if (!far) return
    const name = this.#nameOf(far.owner)
    this.frames.set(name, [...(this.frames.get(name) ?? []), words])
    this.#mail.push(() => {
      const { room, sealed } = far.owner
      const received = room.parse(decodeFrame(frame))
      if (received && sealed) sealed.receive(far.peer, received)
      else if (received) room.feed({ type: 'received', via: far.peer, received })
    })
  }

  #publish(from: Someone, over: PeerId, stream: StreamId): void {
    const near = from.links.get(over)
    const far = near?.far
    // A stream that nobody looks at has no tracks.
    if (!isWatching(from.room.state, over)) return void near?.sends.delete(stream)
    near?.sends.add(stream)
    if (far) this.#mail.push(() => far.owner.room.feed({ type: 'stream-arrived', via: far.peer, stream }))
  }

  #unpublish(from: Someone, over: PeerId, stream: StreamId): void {
    const near = from.links.get(over)
    const far = near?.far
    near?.sends.delete(stream)
    this.withdrawn.push(`${stream} → ${far ? this.#nameOf(far.owner) : '?'}`)
    if (far) this.#mail.push(() => far.owner.room.feed({ type: 'stream-gone', via: far.peer, stream }))
  }
}
