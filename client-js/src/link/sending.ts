/**
 * What one connection sends of media: streams by their ids, each with at most one audio and one video track. Tracks
 * come and go within a stream without a message to the far end; only one more transceiver has to be negotiated.
 */
import type { TrackKind } from '../wire/signal.ts'
import { attempt, within } from './browser-api.ts'

/** How a track is to be sent. What is left out is up to the browser. */
export type Tuning = {
  readonly active: boolean
  readonly bitsPerSecondMax?: number
  readonly scaleDownBy?: number
  readonly framesPerSecondMax?: number
  /** For each size that a picture goes in at once, the largest first, where the far end takes several. */
  readonly layers?: readonly Tuning[]
}

type PublishedStream = {
  readonly stream: MediaStream
  readonly transceivers: Map<TrackKind, RTCRtpTransceiver>
  /** How its picture is to be sent, whether or not there is a transceiver for it yet. */
  tuning: Tuning
  /** A picture that waits for a transceiver of the far end's. */
  waiting: MediaStreamTrack | null
}

const kinds = ['audio', 'video'] as const
/** A change that has not been made by then does not hold up the ones behind it. */
const changeMs = 5_000
/** Browsers differ in what they send at first: some have the largest size last. */
const firstLayers: Tuning = {
  active: true,
  layers: [1, 2, 4].map(scaleDownBy => ({ active: true, scaleDownBy })),
}

export class Sending {
  readonly #pc: RTCPeerConnection
  readonly #protect: (transceiver: RTCRtpTransceiver) => boolean
  readonly #streams = new Map<string, PublishedStream>()
  /** Transceivers that are free again. Without them every shared screen would make the descriptions longer for good. */
  #free: RTCRtpTransceiver[] = []
  /** One after the other: each change of a sender is made to what the one before it has left. */
  #changes: Promise<void> = Promise.resolve()
  /**
   * The far end makes transceivers, and takes a picture in several sizes on them. One of ours would not do: Chromium takes such
   * an offer for none of the transceivers that `addTrack` has made, and asks for room again and again.
   */
  takesLayers = false

  /** Nothing is sent over a transceiver that `protect` refuses. */
  constructor(pc: RTCPeerConnection, protect: (transceiver: RTCRtpTransceiver) => boolean = () => true) {
    this.#pc = pc
    this.#protect = protect
  }

  /**
   * Sends the stream with these tracks from now on. True when that has to be negotiated. `noReuse`: not where another
   * stream was before. Original pages stop what they have received when it ends, and then it is stopped for good.
   */
  publish(stream: MediaStream, tracks: readonly MediaStreamTrack[], noReuse: boolean): boolean {
    const published = this.#published(stream)
    const { transceivers } = published
    let grown = false
    for (const kind of kinds) {
      const track = tracks.find(it => it.kind === kind) ?? null
      const transceiver = transceivers.get(kind)
      if (transceiver) void this.#change(() => replace(transceiver.sender, track))
      else if (kind === 'video' && this.takesLayers) {
        published.waiting = track
        grown ||= track !== null
      } else if (track) {
        transceivers.set(kind, this.#transceiverFor(track, stream, noReuse))
        grown = true
      }
    }
    return grown
  }

  unpublish(id: string): boolean {
    const held = this.#streams.get(id)
    if (!held) return false
    this.#streams.delete(id)
    for (const transceiver of held.transceivers.values()) {
      this.#pc.removeTrack(transceiver.sender)
      this.#free.push(transceiver)
    }
    return held.transceivers.size > 0
  }

  /** Pictures that wait for a transceiver of the far end's, without those for which one is there: they find it with the next offer. */
  get waiting(): readonly MediaStreamTrack[] {
    const waiting = [...this.#streams.values()].flatMap(it => it.waiting ?? [])
    return waiting.slice(this.#unused().length)
  }

  /**
   * Before every description: gives them those that are there by then. In which sizes pictures go has to be known before that,
   * since the description says it.
   */
  async place(): Promise<void> {
    for (const published of this.#streams.values()) {
      const { stream, transceivers, waiting } = published
      const [found] = waiting ? this.#unused() : []
      if (!found || !this.#protect(found)) continue
      this.#free = this.#free.filter(it => it !== found)
      published.waiting = null
      transceivers.set('video', found)
      found.sender.setStreams(stream)
      found.direction = 'sendrecv'
      await this.#change(() => replace(found.sender, waiting))
    }
    await this.retune()
  }

  /**
   * Before and after every description, from which browsers take the sizes that a picture goes in (RFC 8853 section 5.3): a far
   * end that takes several names them all each time, and what ours says was so when it was made.
   */
  async retune(): Promise<void> {
    for (const { transceivers, tuning } of this.#streams.values()) {
      const sender = transceivers.get('video')?.sender
      if (sender && takesSizes(sender)) await this.#change(() => tuneSender(sender, tuning))
    }
  }

  /** For pictures. */
  #unused(): RTCRtpTransceiver[] {
    const used = new Set([...this.#streams.values()].flatMap(it => [...it.transceivers.values()]))
    return this.#pc
      .getTransceivers()
      .filter(it => it.receiver.track.kind === 'video' && isUnused(it) && !used.has(it))
  }

  /**
   * Before every description. Chromium takes a sender's streams back to what they were when a description was made
   * that is set after they have changed.
   */
  describe(): void {
    for (const { stream, transceivers } of this.#streams.values())
      for (const { sender } of transceivers.values()) if ('setStreams' in sender) sender.setStreams(stream)
  }

  /** Whether it is in force now. A sender that is being negotiated can refuse it, and take it later. */
  async tune(id: string, kind: TrackKind, tuning: Tuning): Promise<boolean> {
    const published = this.#streams.get(id)
    const sender = published?.transceivers.get(kind)?.sender
    if (published && kind === 'video') published.tuning = tuning
    return sender ? this.#change(() => tuneSender(sender, tuning)) : false
  }

  #change<Done>(change: () => Promise<Done>): Promise<Done | false> {
    const changed = this.#changes.then(() => within(changeMs, change(), false as const))
    this.#changes = changed.then(() => undefined)
    return changed
  }

  /**
   * A stream whose id comes back as another object is a stream of a new connection; what is said about it stays the
   * same.
   */
  #published(stream: MediaStream): PublishedStream {
    const held = this.#streams.get(stream.id) ?? {
      stream,
      transceivers: new Map(),
      tuning: firstLayers,
      waiting: null,
    }
    this.#streams.set(stream.id, held)
    return held
  }

  #transceiverFor(track: MediaStreamTrack, stream: MediaStream, noReuse: boolean): RTCRtpTransceiver {
    const freed = noReuse
      ? undefined
      : this.#free.find(it => it.receiver.track.kind === track.kind && isIdle(it))
    // Not every browser can give an old transceiver to a new stream.
    if (freed && 'setStreams' in freed.sender) {
      this.#free = this.#free.filter(it => it !== freed)
      freed.sender.setStreams(stream)
      freed.direction = 'sendrecv'
      void this.#change(() => replace(freed.sender, track))
      return freed
    }
    const sender = this.#pc.addTrack(track, stream)
    const added = this.#pc.getTransceivers().find(it => it.sender === sender)
    if (!added) throw new Error('a sender without a transceiver')
    if (!this.#protect(added)) {
      this.#pc.removeTrack(sender)
      throw new Error('a sender without a seal')
    }
    return added
  }
}

/** Only once its end has been negotiated: far ends do not notice a stream that takes another's place at once. */
const isIdle = ({ currentDirection }: RTCRtpTransceiver): boolean =>
  currentDirection === 'recvonly' || currentDirection === 'inactive'

/** Nothing was ever sent on it, or no more. */
const isUnused = (it: RTCRtpTransceiver): boolean =>
  it.direction !== 'stopped' && it.mid !== null && (it.currentDirection === null || isIdle(it))

const takesSizes = (sender: RTCRtpSender): boolean =>
  (attempt(() => sender.getParameters().encodings.length) ?? 0) > 1

/** Fails only once the connection is closed, or for a track that has just ended; either is noticed elsewhere. */
const replace = async (sender: RTCRtpSender, track: MediaStreamTrack | null): Promise<void> => {
  if (sender.track === track) return
  try {
    await sender.replaceTrack(track)
  } catch {
    // See above.
  }
}

const tuneSender = async (sender: RTCRtpSender, tuning: Tuning): Promise<boolean> => {
  try {
    const parameters = sender.getParameters()
    // Some browsers have no encodings before the first negotiation.
    const { encodings } = parameters
    if (encodings.length === 0) return false
    const before = JSON.stringify(encodings)
    const each = encodings.length > 1 ? tuning.layers : undefined
    for (const [at, encoding] of encodings.entries()) {
      const { active, ...limits } = (each ?? [tuning])[at] ?? { active: false }
      encoding.active = active
      limit(encoding, 'maxBitrate', limits.bitsPerSecondMax)
      limit(encoding, 'maxFramerate', limits.framesPerSecondMax)
      if (sender.track?.kind === 'video') limit(encoding, 'scaleResolutionDownBy', limits.scaleDownBy ?? 1)
    }
    // An encoder may begin anew with whatever it is told.
    if (JSON.stringify(encodings) !== before) await sender.setParameters(parameters)
    return true
  } catch {
    // Stopped meanwhile, or negotiated between the reading and the writing, after which it works.
    return false
  }
}

type Limit = 'maxBitrate' | 'maxFramerate' | 'scaleResolutionDownBy'

const limit = (encoding: RTCRtpEncodingParameters, name: Limit, value: number | undefined): void => {
  if (value === undefined) delete encoding[name]
  else encoding[name] = value
}
