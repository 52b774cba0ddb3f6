/** One stay in one room: ties the room's rules to the server and to the links, and takes everything down at its end. */
import { messageIdBytes, randomBytes } from '../base/random.ts'
import { browserMedia } from '../call/browser.ts'
import { Call } from '../call/call.ts'
import type { CallState } from '../call/state.ts'
import { attempt } from '../link/browser-api.ts'
import { ConnectionBudget } from '../link/connection-budget.ts'
import { type CandidateKind, canProve, safetyCode } from '../link/connection-info.ts'
import { FrameMeter } from '../link/frame-meter.ts'
import { Link } from '../link/link.ts'
import { canSpeak, messageParts } from '../room/chat.ts'
import { diffEvents, type RoomEvents } from '../room/events.ts'
import { canOffer, directLink, linkToward } from '../room/file.ts'
import { Room } from '../room/room.ts'
import { nameOf } from '../room/roster.ts'
import { capsOf, createRoomState, type RoomState } from '../room/state.ts'
import type { SignalingClient } from '../signaling/client.ts'
import { isTopic, partsMax, topicBytesMax } from '../wire/chat.ts'
import type { IceServer } from '../wire/ice.ts'
import { type MemberId, type MessageId, memberId, newMessageId, type PeerId, streamId } from '../wire/ids.ts'
import { encodeFrame, frameBytesMax, utf8Bytes } from '../wire/json.ts'
import type { Admission, Identity, Notice } from '../wire/server.ts'
import type { Signal } from '../wire/signal.ts'
import { closedUnlessMade } from './direct-connections.ts'
import { Events } from './events.ts'
import { FileTransfers } from './file-transfers.ts'

/** The link, and whose it is now: a peer may go on under another id. */
type Held = { readonly link: Link; peer: PeerId }

export type RoomSessionPorts = {
  readonly configure: (iceServers: IceServer[]) => RTCConfiguration
  /** Once, when the session is over. */
  readonly ended: () => void
}

export type Connection = {
  /** Straight, or through a TURN server; null where the browser does not say. */
  readonly candidateKind: CandidateKind | null
  /** Groups of digits, the same at both ends unless somebody sits in between; null without HTTPS. */
  readonly code: readonly string[] | null
}

/**
 * `call`: something about the call has changed; its whole state. `topic`: somebody's page has sent something that its
 * like understands.
 */
export type RoomSessionEvents = RoomEvents & {
  call: CallState
  topic: { readonly id: string; readonly name: string; readonly topic: string; readonly data: unknown }
}

export class RoomSession {
  readonly #signaling: SignalingClient
  readonly #room: Room
  readonly #ports: RoomSessionPorts
  readonly #events = new Events<RoomSessionEvents>()
  readonly #links = new Map<PeerId, Held>()
  /** The room's call, for joining and whatever else one does in it. */
  readonly call: Call
  /** What people in the room offer each other. */
  readonly files: FileTransfers
  /** Who goes on under which id, until the change of the room that this belongs to has been told. */
  readonly #moved = new Map<string, string>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  readonly #meter = new FrameMeter(() => performance.now())
  readonly #connections = new ConnectionBudget(() => performance.now())
  #identity: Identity
  #over = false

  constructor(
    signaling: SignalingClient,
    identity: Identity,
    admission: Admission,
    name: string,
    ports: RoomSessionPorts,
  ) {
    this.#signaling = signaling
    this.#ports = ports
    this.#identity = identity
    this.#room = new Room(createRoomState(admission, identity.id, name), {
      dial: peer => this.#open(peer, true),
      hangUp: peer => this.#close(peer),
      send: (over, message, droppable) => this.#links.get(over)?.link.send(encodeFrame(message), droppable),
      renameLink: (from, to) => this.#rename(from, to),
      signalled: (over, signal) => this.#links.get(over)?.link.signal(signal),
      join: () => this.#join(),
      publish: (over, stream) => this.call.publish(over, stream),
      unpublish: (over, stream) => this.call.unpublish(over, stream),
      setTimer: (ms, due) => this.#setTimer(ms, due),
      now: () => Date.now(),
      file: (from, about) => this.files.receive(from, about),
      topic: (id, topic, data) => {
        const name = nameOf(this.state, id) ?? ''
        this.#events.emit('topic', { id, name, topic, data })
      },
      changed: (state, before) => this.#changed(state, before),
    })
    this.files = new FileTransfers({
      room: admission.card.id,
      resumable: (file, name) => this.#room.feed({ type: 'resumable-file', file, name }),
      openChannel: member => this.#openFileChannel(member),
      linked: member => directLink(this.state, member) !== null,
      signalDirect: (to, id, signal) => this.#room.feed({ type: 'send-direct-signal', to, id, signal }),
      connect: closedUnlessMade((member, initiator, ports) => {
        if (!this.#connections.take(member)) throw new Error('this member has had too many made')
        return new Link(initiator, this.#configuration(), ports)
      }),
      sendSignal: (to, signal) => this.#room.feed({ type: 'send-file-signal', to, signal }),
      whenDrained: to => this.#linkFor(to)?.whenDrained() ?? Promise.resolve(),
      offer: files => this.#room.feed({ type: 'offer-files', files, id: freshMessageId() }),
      withdraw: file => this.#room.feed({ type: 'withdraw-file', file }),
    })
    this.call = new Call({
      feed: event => this.#room.feed(event),
      room: () => this.#room.state,
      link: peer => this.#links.get(peer)?.link ?? null,
      ...browserMedia,
      pick: displayPicker(),
      changed: state => this.#events.emit('call', state),
    })
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
    for (const [index, part] of parts.entries())
      this.#room.feed({
        type: 'say',
        text: part,
        id: freshMessageId(),
        replyTo: index === 0 ? replyTo : null,
      })
    return true
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
    if (!isTopic(topic) || !this.canSpeak) return false
    const bytes = attempt(() => utf8Bytes(data ?? null))
    // A function, for instance, has no JSON.
    if (bytes === null || bytes === 0 || bytes > topicBytesMax) return false
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

  /** How the connection to somebody stands; null for those who are not connected to us directly. */
  async connection(member: string): Promise<Connection | null> {
    const [peer] = [...this.state.links].find(([, it]) => it.member === member && it.phase === 'ready') ?? []
    const link = peer === undefined ? undefined : this.#links.get(peer)?.link
    const certificates = link?.certificates()
    if (!link || !certificates) return null
    const code = canProve() ? await safetyCode(certificates.own, certificates.theirs) : null
    return { candidateKind: await link.candidateKind(), code }
  }

  serverLost(): void {
    this.#room.feed({ type: 'server-lost' })
  }

  serverFound(identity: Identity): void {
    this.#identity = identity
    this.#room.feed({ type: 'server-found', self: identity.id })
  }

  notice(notice: Notice): void {
    if (notice.room !== this.state.card.id) return
    if (notice.type === 'signal') this.#signalled(notice.peer, notice.signal)
    else this.#room.feed(notice)
  }

  /** Closes every link, so that the others know at once, and leaves the room at the server. */
  leave(): void {
    if (this.#over) return
    this.#over = true
    this.call.leave()
    this.files.close()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const { link } of this.#links.values()) link.close()
    this.#links.clear()
    this.#signaling.leave(this.state.card.id)
    this.#ports.ended()
  }

  #changed(state: RoomState, before: RoomState): void {
    this.call.roomChanged(state)
    for (const [peer, { link }] of this.#links) if (capsOf(state, peer).signals) link.allowRestarts()
    if (state.members !== before.members || state.links !== before.links) this.files.roomChanged(state)
    const moved = new Map(this.#moved)
    this.#moved.clear()
    for (const { kind, event } of diffEvents(before, state, moved)) this.#events.emit(kind, event as never)
  }

  #signalled(peer: PeerId, signal: Signal): void {
    const held = this.#links.get(peer)
    if (signal.type === 'offer' && (!held || held.link.isAnotherConnection(signal.sdp))) {
      if (!this.#room.acceptsOffer(peer) || !this.#connections.take(peer)) return
      this.#close(peer)
      this.#room.feed({ type: 'incoming-offer', peer })
      this.#open(peer, false)
    }
    this.#links.get(peer)?.link.signal(signal)
  }

  #open(peer: PeerId, initiator: boolean): void {
    this.#close(peer)
    const link = attempt(() => this.#newLink(peer, initiator))
    // A browser that makes no more connections: as if the far end could not be reached.
    if (!link) this.#room.feed({ type: 'link-closed', peer })
  }

  #newLink(peer: PeerId, initiator: boolean): Link {
    const link = new Link(initiator, this.#configuration(), {
      signal: signal => this.#signal(held, signal),
      opened: () => this.#room.feed({ type: 'link-opened', peer: held.peer }),
      steady: steady => this.#room.feed({ type: 'link-steady', peer: held.peer, steady }),
      frame: frame => this.#receive(held.peer, frame),
      arrived: stream => this.call.arrived(held.peer, stream),
      gone: id => this.call.gone(held.peer, streamId(id)),
      fileChannel: channel => this.#acceptFileChannel(held.peer, channel),
      closed: () => {
        if (this.#links.get(held.peer) === held) {
          this.#links.delete(held.peer)
          this.call.linkGone(held.peer)
        }
        this.#room.feed({ type: 'link-closed', peer: held.peer })
      },
    })
    const held: Held = { link, peer }
    this.#links.set(peer, held)
    return link
  }

  #receive(peer: PeerId, frame: unknown): void {
    const { received, tooFast } = this.#meter.receive(peer, frame, value => this.#room.parse(value))
    if (tooFast !== null) this.#room.feed({ type: 'too-fast', via: peer, source: tooFast.source })
    if (received) this.#room.feed({ type: 'received', via: peer, received })
  }

  #configuration(): RTCConfiguration {
    return this.#ports.configure(this.#identity.iceServers)
  }

  /**
   * Sends a signal without the server where it can: a call goes on changing while the connection to the server is down.
   */
  #signal({ link, peer }: Held, signal: Signal): void {
    const message = this.#room.signalMessage(peer, signal)
    const frame = message && encodeFrame(message)
    if (frame && frame.byteLength <= frameBytesMax) link.send(frame)
    else this.#signaling.signal(peer, this.state.card.id, signal)
  }

  #openFileChannel(member: MemberId): RTCDataChannel | null {
    const over = directLink(this.state, member)
    return over === null ? null : (this.#links.get(over)?.link.openFileChannel() ?? null)
  }

  /** The one that message to a member go over; a guest's to another go over the host's. */
  #linkFor(member: MemberId): Link | null {
    const over = linkToward(this.state, member)
    return over === null ? null : (this.#links.get(over)?.link ?? null)
  }

  /** Takes a file channel from a member of the room, and closes any other. */
  #acceptFileChannel(peer: PeerId, channel: RTCDataChannel): void {
    const link = this.state.links.get(peer)
    if (link?.phase !== 'ready' || link.member === null) return channel.close()
    this.files.called(link.member, channel)
  }

  #close(peer: PeerId): void {
    this.#links.get(peer)?.link.close()
    if (this.#links.delete(peer)) this.call.linkGone(peer)
  }

  #rename(from: PeerId, to: PeerId): void {
    const held = this.#links.get(from)
    if (!held) return
    this.#links.delete(from)
    held.peer = to
    this.#links.set(to, held)
    this.#meter.renamed(from, to)
    this.#connections.renamed(from, to)
    this.call.renamed(from, to)
    // Only a mesh calls its members by their peer ids.
    if (this.state.role !== 'mesh') return
    this.#moved.set(from, to)
    this.files.renamed(memberId(from), memberId(to))
  }

  #join(): void {
    const { id, password } = this.state.card
    void this.#signaling.join(id, password).then(answer => {
      if (this.#over) return
      this.#room.feed(answer.ok ? { type: 'rejoined' } : { type: 'rejoin-refused', refusal: answer.refusal })
    })
  }

  #setTimer(ms: number, due: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      due()
    }, ms)
    this.#timers.add(timer)
  }
}

const freshMessageId = (): MessageId => newMessageId(randomBytes(messageIdBytes))

const displayPicker = (): ((wanted: DisplayMediaStreamOptions) => Promise<MediaStream>) | null => {
  const devices: Partial<MediaDevices> | undefined = navigator.mediaDevices
  return devices?.getDisplayMedia?.bind(devices) ?? null
}
