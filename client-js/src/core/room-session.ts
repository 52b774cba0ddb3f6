/** One stay in one room: ties the room's rules to the server and to the links, and takes everything down at its end. */
import { randomKey } from '../base/random.ts'
import { partsMax } from '../base/text.ts'
import { browserMedia, displayPicker } from '../call/browser.ts'
import { Call } from '../call/call.ts'
import { attempt } from '../link/browser-api.ts'
import { ConnectionBudget } from '../link/connection-budget.ts'
import { type Charged, FrameMeter } from '../link/frame-meter.ts'
import { Link } from '../link/link.ts'
import { canSpeak, messageParts } from '../room/chat.ts'
import { diffEvents } from '../room/events.ts'
import { canOffer, directLink } from '../room/file.ts'
import { Room } from '../room/room.ts'
import { nameOf } from '../room/roster.ts'
import {
  capsOf,
  createRoomState,
  hostedByServer,
  type KnownMembership,
  type RoomState,
} from '../room/state.ts'
import type { SignalingClient } from '../signaling/client.ts'
import { actAsOwner, takeHost } from '../signaling/requests.ts'
import { isTopic, topicFits } from '../wire/chat.ts'
import { directPeer, freshMessageId, type MessageId, memberId, type PeerId, streamId } from '../wire/ids.ts'
import { encodeFrame, frameBytesMax } from '../wire/json.ts'
import type { OwnerAct } from '../wire/owner-act.ts'
import type { Admission, Identity, Notice } from '../wire/server.ts'
import type { Signal } from '../wire/signal.ts'
import { DirectCalls } from './direct-calls.ts'
import {
  createRoom,
  enterKnown,
  enterRoom,
  makeRoom,
  prepareSealing,
  type SealingTools,
  withStay,
} from './entrance.ts'
import { Events } from './events.ts'
import type { FileTransfers } from './file-transfers.ts'
import { stayOf } from './leaving.ts'
import { OwnerVoice } from './owner-voice.ts'
import { acceptFileChannel, roomFiles } from './room-files.ts'
import type { SealedSession } from './sealed-session.ts'
import type { Connection, RoomSessionEvents, RoomSessionPorts } from './session-types.ts'
import type { Stay } from './stay.ts'

export type { Connection, RoomSessionEvents, RoomSessionPorts } from './session-types.ts'

export class RoomSession {
  readonly #signaling: SignalingClient
  readonly #room: Room
  readonly #ports: RoomSessionPorts
  readonly #events = new Events<RoomSessionEvents>()
  readonly #links = new Map<PeerId, Link>()
  /** The room's call, for joining and whatever else one does in it. */
  readonly call: Call
  /** What people in the room offer each other. */
  readonly files: FileTransfers
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  readonly #meter = new FrameMeter(() => performance.now())
  readonly #connections = new ConnectionBudget(() => performance.now())
  readonly #direct: DirectCalls
  readonly #voice: OwnerVoice
  readonly #sealed: SealedSession | null
  #over = false

  constructor(
    signaling: SignalingClient,
    identity: Identity,
    admission: Admission,
    name: string,
    ports: RoomSessionPorts,
    stay: Stay | null = null,
    sealing: SealingTools | null = null,
  ) {
    this.#signaling = signaling
    this.#ports = ports
    const member = stay?.member ?? memberId(randomKey())
    const fresh = createRoomState(admission, identity.id, name, member, sealing !== null)
    this.#room = new Room(stay ? withStay(fresh, stay) : fresh, {
      dial: peer => this.#open(peer, true),
      hangUp: peer => this.#close(peer),
      send: (over, message, droppable) => {
        if (this.#sealed) this.#sealed.send(over, message, droppable)
        else this.#link(over)?.send(encodeFrame(message), droppable)
      },
      seal: (over, unsealed) => this.#sealed?.seal(over, unsealed),
      signalled: (over, signal) => this.#links.get(over)?.signal(signal),
      join: () => this.#join(),
      mute: () => this.#mute(),
      publish: (over, stream) => this.call.publish(over, stream),
      unpublish: (over, stream) => this.call.unpublish(over, stream),
      setTimer: (ms, due) => this.#setTimer(ms, due),
      spread: ms => ms * (0.5 + Math.random()),
      now: () => Date.now(),
      direct: { dial: member => this.#direct.dial(member), end: member => this.#direct.end(member) },
      file: (from, about) => this.#direct.take(from, about) || this.files.receive(from, about),
      topic: (id, topic, data) => {
        const name = nameOf(this.state, id) ?? ''
        this.#events.emit('topic', { id, name, topic, data })
      },
      changed: (state, before) => this.#changed(state, before),
    })
    const shared = { room: this.#room, connections: this.#connections, ...ports }
    this.files = roomFiles({
      ...shared,
      answered: stay?.files.map(({ answer }) => answer) ?? [],
      link: peer => this.#links.get(peer) ?? null,
      sent: async () => this.#sealed?.drained,
    })
    this.#direct = new DirectCalls({ ...shared, call: () => this.call, meter: this.#meter })
    this.#voice = new OwnerVoice(admission.card, member, {
      send: signed => actAsOwner(this.#signaling, signed),
      known: (owner, knocking) => this.#room.feed({ type: 'owner-known', owner, knocking }),
      acted: (act, owner) => this.#room.feed({ type: 'owner-act', act, owner }),
    })
    this.call = new Call({
      feed: event => this.#room.feed(event),
      room: () => this.#room.state,
      link: peer => this.#link(peer),
      ...browserMedia,
      pick: displayPicker(),
      changed: state => this.#events.emit('call', state),
    })
    this.#sealed =
      sealing &&
      new sealing.parts.SealedSession(sealing, {
        room: this.#room,
        link: peer => this.#link(peer),
        opened: (via, received) => this.#charged(via, this.#meter.charge(via, received)),
      })
    this.#voice.begin(admission.ownership ?? null)
  }

  /** Hears of one kind of event until the function given back is called. */
  readonly on: Events<RoomSessionEvents>['on'] = (kind, listener) => this.#events.on(kind, listener)

  get state(): RoomState {
    return this.#room.state
  }

  /** Whether there is anybody to talk to. */
  get canSpeak(): boolean {
    return canSpeak(this.state)
  }

  /** Whether files can be offered: to those who are here, and to those who come later. */
  get canOffer(): boolean {
    return canOffer(this.state)
  }

  /**
   * Whether there was anything to say and anybody to say it to. `replyTo` is the message that this one answers. A long
   * text goes in several messages; of one that is too long even for that, nothing is sent.
   */
  say(text: string, replyTo: MessageId | null = null): boolean {
    const parts = messageParts(text)
    if (parts.length === 0 || parts.length > partsMax || !this.canSpeak) return false
    for (const [index, part] of parts.entries()) {
      const answered = index === 0 ? replyTo : null
      this.#room.feed({ type: 'say', text: part, id: freshMessageId(), replyTo: answered })
    }
    return true
  }

  /** A message of ours that somebody has not had, once more to everybody. Whoever has it shows it once. */
  sendAgain(message: MessageId): void {
    this.#room.feed({ type: 'send-again', message })
  }

  /** Puts an emoji to a message, or takes it back. Original pages do not see it. */
  react(to: MessageId, emoji: string, on: boolean): void {
    this.#room.feed({ type: 'react', to, emoji, on })
  }

  /**
   * Says something that this page and its like understand, a stroke on a whiteboard say: any JSON value, under a topic of
   * up to 64 letters, digits and `_.:/-`. It goes to everybody who is here now, once, and is heard as the event `topic`;
   * nothing is shown, kept or sent again. False where the topic or the data does not do, or nobody is here.
   */
  send(topic: string, data: unknown): boolean {
    const fits = topicFits(data ?? null, this.#sealed !== null)
    if (!isTopic(topic) || !this.canSpeak || !fits) return false
    this.#room.feed({ type: 'send-topic', topic, data: data ?? null })
    return true
  }

  /** Shows the others that we are typing; call it as often as you like. */
  typing(on: boolean): void {
    this.#room.feed({ type: 'typing', on })
  }

  /** Whether we share the last messages with whoever comes later. Off at first. */
  shareHistory(on: boolean): void {
    if (this.state.sharesHistory !== on) this.#room.feed({ type: 'share-history', on })
  }

  /** How the connection to somebody stands, if only one for the call; null for those to whom we have none. */
  async connection(member: string): Promise<Connection | null> {
    const id = memberId(member)
    const code = (await this.#sealed?.code(id)) ?? null
    if (hostedByServer(this.state)) return { route: null, code }
    const proof = await this.#link(directLink(this.state, id) ?? directPeer(id))?.proof()
    return code === null ? (proof ?? null) : { route: proof?.route ?? null, code }
  }

  serverLost(): void {
    this.#room.feed({ type: 'server-lost' })
  }

  /** `known` is what the server knows of us in this room; null where we are new to it. */
  serverFound(identity: Identity, known: KnownMembership | null): void {
    this.#room.feed({ type: 'server-found', self: identity.id, known })
    if (known?.ownership) this.#voice.begin(known.ownership)
  }

  /** The network may be another now. `always`: connections that look well are not to be trusted either. */
  findAnotherWay(always: boolean): void {
    if (always) this.#room.feed({ type: 'network-changed' })
    for (const link of this.#links.values()) link.findAnotherWay(always)
    this.#direct.findAnotherWay(always)
  }

  /** Asks for a star's place of host back, which whoever has made the room may have. */
  takeHost(): void {
    if (this.state.owner?.ours) void this.act({ type: 'host' })
    else takeHost(this.#signaling, this.state.card)
  }

  /** Acts as the room's owner. False where we are not the owner, or the server did not hear of it. */
  act(act: OwnerAct): Promise<boolean> {
    return this.#voice.act(act)
  }

  /** Makes somebody else the owner, whose page has a key. */
  handOn(member: string): Promise<boolean> {
    const id = memberId(member)
    return this.#voice.handOn(id, this.state.members.get(id)?.key ?? null)
  }

  /** What the tab's next page needs to go on as the same person. */
  get stay(): Stay {
    return stayOf(this.state, this.call.state, this.files.answered, this.#sealed?.identity)
  }

  /** The page is going: links end, so that the others know at once, and the server is told by whoever closes the line. */
  part(): void {
    if (this.#over) return
    this.#over = true
    this.call.leave()
    this.files.close()
    this.#direct.close()
    this.#sealed?.close()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
    this.#ports.ended()
  }

  notice(notice: Notice): void {
    if (notice.room !== this.state.card.id) return
    if (notice.type === 'signal') this.#signalled(notice.peer, notice.signal)
    else if (notice.type === 'owner-act') this.#voice.hear(notice.signed)
    else this.#room.feed(notice)
  }

  /** Closes every link, so that the others know at once, and leaves the room at the server. */
  leave(): void {
    if (this.#over) return
    this.part()
    this.#signaling.leave(this.state.card.id)
  }

  #changed(state: RoomState, before: RoomState): void {
    this.call.roomChanged(state)
    this.#sealed?.follow(state, this.call.received)
    for (const [peer, link] of this.#links) link.allow(capsOf(state, peer))
    if (state.members !== before.members || state.links !== before.links) this.files.roomChanged(state)
    for (const { kind, event } of diffEvents(before, state)) this.#events.emit(kind, event as never)
  }

  #signalled(peer: PeerId, signal: Signal): void {
    const link = this.#room.linkOf(peer)
    const held = this.#links.get(link)
    // Both call each other at once, which only pages of ours can tell by the number: the connection of the greater id stands.
    if (signal.type === 'offer' && signal.round !== undefined && held?.isUnanswered && this.state.self > peer)
      return held.repeatOffer()
    if (signal.type === 'offer' && (!held || held.isAnotherConnection(signal.sdp))) {
      if (!this.#room.acceptsOffer(peer) || !this.#connections.take(link)) return
      this.#close(link)
      this.#room.feed({ type: 'incoming-offer', peer })
      this.#open(link, false)
    }
    this.#links.get(link)?.signal(signal)
  }

  #open(peer: PeerId, initiator: boolean): void {
    this.#close(peer)
    // A browser that makes no more connections: as if the far end could not be reached.
    if (!attempt(() => this.#newLink(peer, initiator))) this.#room.feed({ type: 'link-closed', peer })
  }

  #newLink(peer: PeerId, initiator: boolean): Link {
    const link = new Link(initiator, this.#ports.configuration(), {
      configuration: this.#ports.freshConfiguration,
      signal: (signal, restarting) => this.#signal(peer, signal, restarting),
      opened: () => this.#room.feed({ type: 'link-opened', peer }),
      steady: steady => {
        // What has ended the one way may have ended the one to the server too.
        if (!steady) void this.#signaling.probe()
        this.#room.feed({ type: 'link-steady', peer, steady })
      },
      frame: frame => this.#receive(peer, frame),
      ...(this.#sealed?.protect && { protect: this.#sealed.protect }),
      arrived: stream => {
        this.call.arrived(peer, stream)
        this.#sealed?.follow(this.state, this.call.received)
      },
      gone: id => this.call.gone(peer, streamId(id)),
      fileChannel: channel => acceptFileChannel(this.files, this.#room, peer, channel),
      closed: (lost, obstacle) => {
        if (this.#links.get(peer) === link) {
          this.#links.delete(peer)
          this.call.linkGone(peer)
        }
        this.#room.feed({ type: 'link-closed', peer, lost, obstacle })
      },
    })
    this.#links.set(peer, link)
    return link
  }

  #receive(peer: PeerId, frame: unknown): void {
    const parse = (value: unknown) => this.#room.parse(value)
    this.#charged(peer, this.#meter.receive(peer, frame, parse))
  }

  #charged(via: PeerId, { received, tooFast }: Charged): void {
    if (tooFast !== null) this.#room.feed({ type: 'too-fast', via, source: tooFast.source })
    if (received && this.#sealed && !received.sealed) this.#sealed.receive(via, received)
    else if (received) this.#room.feed({ type: 'received', via, received })
  }

  /** Without the server where it can: a call goes on changing while the connection to the server is down. */
  #signal(peer: PeerId, signal: Signal, restarting: boolean): void {
    const message = restarting ? null : this.#room.signalMessage(peer, signal)
    const frame = message && encodeFrame(message)
    if (frame && frame.byteLength <= frameBytesMax) this.#links.get(peer)?.send(frame)
    else this.#signaling.signal(this.#room.addressOf(peer), this.state.card.id, signal)
  }

  #link(peer: PeerId): Link | null {
    return this.#links.get(peer) ?? this.#direct.link(peer)
  }

  #close(peer: PeerId): void {
    this.#links.get(peer)?.close()
    if (this.#links.delete(peer)) this.call.linkGone(peer)
  }

  #join(): void {
    const { card, person } = this.state
    void enterKnown(this.#signaling, card, person.name, () => !this.#over).then(answer => {
      if (this.#over) return
      if (!answer.ok) return this.#room.feed({ type: 'rejoin-refused', refusal: answer.refusal })
      const { card: settings, host, hosting, ownership } = answer.admission
      this.#room.feed({ type: 'rejoined', host, settings, ...(hosting === undefined ? {} : { hosting }) })
      this.#voice.begin(ownership ?? null)
    })
  }

  /** The owner has asked for it; whoever is muted may unmute themselves. */
  #mute(): void {
    if (this.call.state.own.microphone !== 'on') return
    void this.call.setMuted(true)
    this.#room.feed({ type: 'owner-muted' })
  }

  #setTimer(ms: number, due: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      due()
    }, ms)
    this.#timers.add(timer)
  }
}

export { createRoom, enterKnown, enterRoom, makeRoom, prepareSealing }
