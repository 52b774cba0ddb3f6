/**
 * One connection to one peer: an RTCPeerConnection with one data channel, opened by the initiator. It speaks simple-
 * peer's signals. It knows no room and no server, never opens itself again, and is silent once closed.
 */
import { randomHex } from '../base/random.ts'
import { type Pace, TokenBucket } from '../base/token-bucket.ts'
import { fileChannelProtocol } from '../wire/file-channel.ts'
import { isTurn } from '../wire/ice.ts'
import { type Obstacle, obstacleOf } from '../wire/obstacle.ts'
import type { Caps } from '../wire/peer.ts'
import { connectionMark, fingerprints, type Signal, type TrackKind } from '../wire/signal.ts'
import { attempt, within } from './browser-api.ts'
import { canProve, type Route, routeOf, safetyCode } from './connection-info.ts'
import { Negotiator } from './negotiator.ts'
import { newPeerConnection } from './peer-connection.ts'
import { Receiving } from './receiving.ts'
import { Sending, type Tuning } from './sending.ts'

export type LinkPorts = {
  /** `restarting`: the way there was may lead nowhere any more, so that this signal had better not take it. */
  readonly signal: (signal: Signal, restarting: boolean) => void
  readonly opened: () => void
  /** The network has lost (false) or found (true) the peer; it may pass. */
  readonly steady?: (steady: boolean) => void
  readonly frame: (frame: unknown) => void
  /** A stream has come, or come to have other tracks. */
  readonly arrived?: (stream: MediaStream) => void
  readonly gone?: (id: string) => void
  /** The far end opened a channel for a file. */
  readonly fileChannel?: (channel: RTCDataChannel) => void
  /** Before anything goes over a transceiver. False where nothing may. */
  readonly protect?: (transceiver: RTCRtpTransceiver) => boolean
  /** What the connection goes on with when it looks for another way: accounts of TURN servers end. */
  readonly configuration?: () => Promise<RTCConfiguration>
  /**
   * Called once, whatever the reason, but not after `close`. `lost`: the far end was not heard to hang up. `obstacle`: what
   * may have been in the way, where it was never reached.
   */
  readonly closed: (lost: boolean, obstacle: Obstacle | null) => void
}

/** After this long without an open channel an attempt has failed. */
const connectMs = 20_000
/**
 * A lost peer often comes back by itself; after this long another way to it is looked for, and after that long given
 * up.
 */
const restartMs = 2_000
/** The other end offers first, as a rule, and this one only if that offer does not come. */
const restartLaterMs = 3_500
const restartsMs = 15_000
/** A peer for which so much waits does not read. Its link ends, rather than losing messages quietly. */
const waitingBytesMax = 4_194_304
/** What is relayed for others is dropped where more than this waits. */
const droppableBytesMax = 1_048_576
/** With so little waiting, other messages need not wait long behind those of a file. */
const drainedBytes = 131_072
/** What the far end may say about the connection: a candidate costs little, another negotiation a lot. */
const candidatePace: Pace = { burst: 400, perSecond: 20 }
const negotiationPace: Pace = { burst: 60, perSecond: 4 }
/** A browser makes a report within a few milliseconds, if it makes one at all. */
const reportMs = 1_500

export class Link {
  readonly #pc: RTCPeerConnection
  readonly #ports: LinkPorts
  readonly #sending: Sending
  readonly #deadline: ReturnType<typeof setTimeout>
  readonly #negotiator: Negotiator
  #channel: RTCDataChannel | null = null
  #remoteMark: string | null = null
  #open = true
  #restart: ReturnType<typeof setTimeout> | undefined
  #givingUp: ReturnType<typeof setTimeout> | undefined
  #mayRestart = false
  #reached = false
  readonly #candidates = new TokenBucket(candidatePace)
  readonly #negotiations = new TokenBucket(negotiationPace)

  constructor(initiator: boolean, configuration: RTCConfiguration, ports: LinkPorts) {
    this.#ports = ports
    this.#pc = newPeerConnection(configuration)
    this.#pc.addEventListener('connectionstatechange', () => this.#connectionChanged())
    this.#sending = new Sending(this.#pc, ports.protect)
    // Before anybody hears of what has come.
    this.#pc.addEventListener('track', ({ transceiver }) => ports.protect?.(transceiver))
    this.#negotiator = new Negotiator(this.#pc, initiator, {
      signal: ports.signal,
      configuration: () => ports.configuration?.() ?? null,
      described: () => this.#protectAll(),
      place: () => this.#sending.place(),
      describe: () => this.#sending.describe(),
      settled: () => void this.#sending.retune(),
      waiting: () => this.#sending.waiting,
      offered: () => clearTimeout(this.#restart),
      isLost: () => this.#givingUp !== undefined,
      failed: () => this.#fail(),
    })
    new Receiving(this.#pc, {
      arrived: stream => this.#open && ports.arrived?.(stream),
      gone: id => this.#open && ports.gone?.(id),
    })
    this.#pc.addEventListener('datachannel', ({ channel }) =>
      this.#adopt(channel, () => this.#remoteChannelOpened()),
    )
    this.#deadline = setTimeout(() => this.#fail(), connectMs)
    if (initiator) {
      this.#adopt(this.#pc.createDataChannel(randomHex(20)), () => this.#opened())
      this.#negotiator.need()
    }
  }

  /** Does this description begin a connection other than the one we are in? */
  isAnotherConnection(sdp: string): boolean {
    return this.#remoteMark !== null ? this.#remoteMark !== connectionMark(sdp) : this.#negotiator.initiator
  }

  /** We have offered, and have heard nothing from the far end. */
  get isUnanswered(): boolean {
    return this.#negotiator.initiator && this.#remoteMark === null
  }

  /** Says the first offer once more: the far end has offered across it, and may not have it. */
  repeatOffer(): void {
    if (this.isUnanswered) this.#negotiator.repeatOffer()
  }

  /** What both ends have given of their certificates; null before both have. */
  certificates(): { readonly own: readonly string[]; readonly theirs: readonly string[] } | null {
    const own = fingerprints(this.#pc.currentLocalDescription?.sdp ?? '')
    const theirs = fingerprints(this.#pc.currentRemoteDescription?.sdp ?? '')
    return own.length === 0 || theirs.length === 0 ? null : { own, theirs }
  }

  /** How it leads there, and the code that proves that it leads nowhere else; null before both ends have said who they are. */
  async proof(): Promise<{ readonly route: Route | null; readonly code: string[] | null } | null> {
    const certificates = this.certificates()
    if (!certificates) return null
    const code = canProve() ? await safetyCode(certificates.own, certificates.theirs) : null
    return { route: await this.route(), code }
  }

  async route(): Promise<Route | null> {
    const report = await this.#report()
    return report && routeOf(report)
  }

  /**
   * What the far end can do, once it has said so. A page of ours, or a server of ours: when the network loses it, the
   * connection looks for another way before it ends.
   */
  allow({ signals, server }: Pick<Caps, 'signals' | 'server'>): void {
    if (server) this.#sending.takesLayers = true
    if (!signals || this.#mayRestart) return
    this.#mayRestart = true
    this.#negotiator.becomeMutual()
  }

  /** The network is another now, or the device has slept: another way is looked for at once. `always`: if all looks well too. */
  findAnotherWay(always: boolean): void {
    if (!this.#mayRestart || this.#channel?.readyState !== 'open') return
    // One that looks well is given up only when it turns out not to be.
    if (this.#pc.connectionState !== 'connected') this.#scheduleRestart(0)
    else if (always) this.#negotiator.restart()
  }

  /** What comes faster than any browser negotiates is left out; the far end says it again if it meant it. */
  signal(signal: Signal): void {
    const bucket = signal.type === 'candidate' ? this.#candidates : this.#negotiations
    if (!bucket.take(performance.now())) return
    if (signal.type === 'offer' || signal.type === 'answer') this.#remoteMark ??= connectionMark(signal.sdp)
    this.#negotiator.receive(signal)
  }

  /** A `droppable` frame is left out where much waits already. */
  send(frame: Uint8Array<ArrayBuffer> | string, droppable = false): void {
    const channel = this.#channel
    if (channel?.readyState !== 'open') return
    if (droppable && channel.bufferedAmount > droppableBytesMax) return
    if (channel.bufferedAmount > waitingBytesMax) return this.#fail()
    try {
      if (typeof frame === 'string') channel.send(frame)
      else channel.send(frame)
    } catch {
      // Its buffer is full, or it has closed a moment ago: as with a peer that does not read.
      this.#fail()
    }
  }

  /** Resolves when little waits to be sent: at once, if that is so now or the link is closed. */
  whenDrained(): Promise<void> {
    const channel = this.#channel
    if (channel?.readyState !== 'open' || channel.bufferedAmount <= drainedBytes) return Promise.resolve()
    return new Promise(resolve => {
      const off = new AbortController()
      const done = (): void => {
        off.abort()
        resolve()
      }
      channel.addEventListener('bufferedamountlow', done, { signal: off.signal })
      channel.addEventListener('close', done, { signal: off.signal })
    })
  }

  /** Sends the stream with these tracks from now on; said again, with others. For `noReuse` see `Sending`. */
  publish(stream: MediaStream, tracks: readonly MediaStreamTrack[], noReuse: boolean): void {
    // A track that has just ended, or a connection that has just closed, adds nothing.
    const grown = this.#open && attempt(() => this.#sending.publish(stream, tracks, noReuse))
    if (grown) this.#negotiator.need()
  }

  unpublish(id: string): void {
    if (this.#open && this.#sending.unpublish(id)) this.#negotiator.need()
  }

  /** Whether it could be done; see `Sending`. */
  async tune(id: string, kind: TrackKind, tuning: Tuning): Promise<boolean> {
    return this.#open && this.#sending.tune(id, kind, tuning)
  }

  /** The entries of a report; null once the link is closed, and where the browser has none. */
  async stats(): Promise<Iterable<unknown> | null> {
    return (await this.#report())?.values() ?? null
  }

  /** Null once the link is closed, and where the browser fails or takes too long. */
  async #report(): Promise<RTCStatsReport | null> {
    return this.#open ? within(reportMs, this.#pc.getStats(), null) : null
  }

  /** How loud each track is that comes, 0 to 1, by its id. */
  levels(): ReadonlyMap<string, number> {
    const heard = this.#pc.getReceivers().flatMap(receiver => {
      const [source] = receiver.track.kind === 'audio' ? receiver.getSynchronizationSources() : []
      return source ? [[receiver.track.id, source.audioLevel ?? 0] as const] : []
    })
    return new Map(heard)
  }

  /** When something of each track that comes was played or shown last, by its id, as its sender counts time. */
  moments(): ReadonlyMap<string, number> {
    const heard = this.#pc.getReceivers().flatMap(receiver => {
      const [source] = receiver.getSynchronizationSources()
      return source ? [[receiver.track.id, source.rtpTimestamp] as const] : []
    })
    return new Map(heard)
  }

  /** A channel for a file. Only towards pages of ours: another would take it for the one channel there is. */
  openFileChannel(): RTCDataChannel | null {
    if (!this.#open || this.#channel?.readyState !== 'open') return null
    try {
      return this.#pc.createDataChannel('file', { protocol: fileChannelProtocol })
    } catch {
      return null
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    for (const timer of [this.#deadline, this.#restart, this.#givingUp]) clearTimeout(timer)
    this.#negotiator.close()
    this.#channel?.close()
    this.#pc.close()
  }

  /** Those too over which nothing is to come yet. */
  #protectAll(): void {
    for (const transceiver of this.#pc.getTransceivers()) this.#ports.protect?.(transceiver)
  }

  #fail(lost = false): void {
    if (!this.#open) return
    const obstacle = this.#obstacle()
    this.close()
    this.#ports.closed(lost, obstacle)
  }

  /** Null too where the far end has not answered: then nothing is known of the networks. */
  #obstacle(): Obstacle | null {
    const { localDescription: own, remoteDescription: theirs } = this.#pc
    if (!own || !theirs || this.#reached) return null
    const { iceServers = [], iceTransportPolicy } = this.#pc.getConfiguration()
    return obstacleOf(own.sdp, theirs.sdp, {
      relays: iceServers.some(({ urls }) => [urls].flat().some(isTurn)),
      relayOnly: iceTransportPolicy === 'relay',
    })
  }

  #connectionChanged(): void {
    if (!this.#open) return
    switch (this.#pc.connectionState) {
      case 'closed':
        return this.#fail()
      case 'failed':
        return this.#mayRestart && this.#channel?.readyState === 'open'
          ? this.#scheduleRestart(0)
          : this.#fail(true)
      case 'disconnected':
        this.#ports.steady?.(false)
        if (this.#mayRestart) this.#scheduleRestart(this.#negotiator.initiator ? restartMs : restartLaterMs)
        return
      case 'connected':
        this.#reached = true
        clearTimeout(this.#restart)
        clearTimeout(this.#givingUp)
        this.#givingUp = undefined
        this.#ports.steady?.(true)
    }
  }

  /** Looks for another way to the far end, once or twice, and gives up if there is none. */
  #scheduleRestart(afterMs: number): void {
    clearTimeout(this.#restart)
    this.#restart = setTimeout(() => this.#negotiator.restart(), afterMs)
    this.#givingUp ??= setTimeout(() => this.#fail(true), restartsMs)
  }

  /** A second channel that is not for a file is closed: nobody reads what comes over it. */
  #adopt(channel: RTCDataChannel, opened: () => void): void {
    if (channel.protocol === fileChannelProtocol) {
      if (this.#open) this.#ports.fileChannel?.(channel)
      return
    }
    if (this.#channel) return channel.close()
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = drainedBytes
    channel.addEventListener('message', ({ data }) => {
      if (this.#open) this.#ports.frame(data)
    })
    channel.addEventListener('close', () => this.#fail())
    channel.addEventListener('open', opened)
    if (channel.readyState === 'open') opened()
  }

  /**
   * Chromium says that a far end's channel is open a moment before it is, and drops what is sent in between without a
   * word: a greeting, for which both ends would wait. A report comes from where the channel is opened, and after that.
   */
  async #remoteChannelOpened(): Promise<void> {
    await this.route()
    this.#opened()
  }

  #opened(): void {
    if (!this.#open) return
    clearTimeout(this.#deadline)
    this.#ports.opened()
  }
}
