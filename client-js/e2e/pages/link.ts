/** A page on which our link meets the real simple-peer: one of them opens, both speak, both send a sound. */
import { Link } from '../../src/link/link.ts'
import { decodeFrame, encodeFrame } from '../../src/wire/json.ts'
import { parseSignal, type Signal } from '../../src/wire/signal.ts'
import { layered } from './layers.ts'

/** The little of simple-peer that is used here. */
type SimplePeer = {
  signal: (signal: unknown) => void
  send: (data: string) => void
  addTrack: (track: MediaStreamTrack, stream: MediaStream) => void
  on: (event: string, handler: (...given: never[]) => void) => void
  destroy: () => void
  destroyed: boolean
}
declare const SimplePeer: new (options: {
  initiator: boolean
  trickle: boolean
  stream: MediaStream
}) => SimplePeer

const sound = async (): Promise<{ track: MediaStreamTrack; stream: MediaStream }> => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const [track] = stream.getAudioTracks()
  if (!track) throw new Error('no sound to be had')
  return { track, stream }
}

/** Muted until the first packet has come. */
const flows = (track: MediaStreamTrack): Promise<void> =>
  new Promise(resolve => {
    if (!track.muted) resolve()
    track.addEventListener('unmute', () => resolve())
  })

const promised = <T>(): { given: Promise<T>; give: (value: T) => void } => {
  let give: (value: T) => void = () => undefined
  const given = new Promise<T>(resolve => {
    give = resolve
  })
  return { given, give }
}

const overWire = (signal: unknown): unknown => JSON.parse(JSON.stringify(signal))

const foreignOffer = async (): Promise<string> => {
  const stranger = new RTCPeerConnection()
  stranger.createDataChannel('stranger')
  const { sdp } = await stranger.createOffer()
  stranger.close()
  return sdp ?? ''
}

export const meet = async (weOpen: boolean): Promise<object> => {
  const sent: Signal[] = []
  const theirTypes: string[] = []
  const theirDescriptions: string[] = []
  const opened = promised<void>()
  const connected = promised<void>()
  const heardHere = promised<unknown>()
  const heardThere = promised<string>()
  const soundHere = promised<string>()
  const soundThere = promised<string>()
  const closedHere = promised<void>()

  const other = new SimplePeer({ initiator: !weOpen, trickle: true, stream: new MediaStream() })
  other.on('error', (error: Error) => theirTypes.push(`error ${error.message}`))
  const link = new Link(
    weOpen,
    {},
    {
      signal: signal => {
        sent.push(signal)
        other.signal(overWire(signal))
      },
      opened: opened.give,
      steady: () => undefined,
      frame: frame => heardHere.give(decodeFrame(frame)),
      arrived: stream => {
        for (const track of stream.getTracks()) void flows(track).then(() => soundHere.give(stream.id))
      },
      gone: () => undefined,
      closed: () => closedHere.give(),
    },
  )
  other.on('signal', (signal: { type: string }) => {
    theirTypes.push(signal.type)
    const understood = parseSignal(overWire(signal))
    if (understood?.type === 'offer' || understood?.type === 'answer') theirDescriptions.push(understood.sdp)
    if (understood) link.signal(understood)
  })
  other.on('connect', () => connected.give())
  other.on('data', (data: Uint8Array) => heardThere.give(new TextDecoder().decode(data)))
  other.on('track', (track: MediaStreamTrack, stream: MediaStream) => {
    void flows(track).then(() => soundThere.give(stream.id))
  })
  await Promise.all([opened.given, connected.given])

  link.send(encodeFrame({ from: 'us', text: 'grüß dich' }))
  other.send(JSON.stringify({ from: 'them' }))
  const data = { here: await heardHere.given, there: JSON.parse(await heardThere.given) as unknown }

  let reachedThere = false
  let reachedHere = false
  const fromUs = async (): Promise<void> => {
    const { track, stream } = await sound()
    link.publish(stream, [track], true)
    reachedThere = (await soundThere.given) === stream.id
  }
  const fromThem = async (): Promise<void> => {
    const { track, stream } = await sound()
    other.addTrack(track, stream)
    reachedHere = (await soundHere.given) === stream.id
  }
  // The one who may not offer begins, so that it has to ask for room in an offer.
  for (const speak of weOpen ? [fromThem, fromUs] : [fromUs, fromThem]) await speak()

  // What `RoomSession` goes by when it decides whether an offer belongs to the link it has.
  const taken = theirDescriptions.filter(sdp => link.isAnotherConnection(sdp)).length
  const foreign = link.isAnotherConnection(await foreignOffer())

  const survived = !other.destroyed
  other.destroy()
  await closedHere.given
  return {
    data,
    reachedThere,
    reachedHere,
    survived,
    rounds: theirDescriptions.length > 2,
    takenForAnother: { own: taken, foreign },
    nullCandidates: sent.filter(it => it.type === 'candidate' && !it.candidate.candidate).length,
    ourTypes: [...new Set(sent.map(({ type }) => type))].sort(),
    theirTypes: [...new Set(theirTypes)].sort(),
  }
}

/** A connection that can be made to look as if the network had lost the peer. */
class Losing extends RTCPeerConnection {
  static all: Losing[] = []
  #lost = false

  constructor(configuration?: RTCConfiguration) {
    super(configuration)
    Losing.all.push(this)
    // What the browser itself says of the way is true again once there is a new one.
    this.addEventListener('icegatheringstatechange', () => this.#found())
  }

  override get connectionState(): RTCPeerConnectionState {
    return this.#lost ? 'disconnected' : super.connectionState
  }

  lose(): void {
    this.#lost = true
    this.dispatchEvent(new Event('connectionstatechange'))
  }

  #found(): void {
    if (!this.#lost || this.iceGatheringState !== 'complete') return
    this.#lost = false
    this.dispatchEvent(new Event('connectionstatechange'))
  }

  get fragment(): string {
    return /a=ice-ufrag:(\S+)/.exec(this.localDescription?.sdp ?? '')?.[1] ?? ''
  }
}

/** Two links of ours; the way between them is lost, and both find another without opening anew. */
export const mend = async (): Promise<object> => {
  Object.assign(globalThis, { RTCPeerConnection: Losing })
  const opened = [promised<void>(), promised<void>()]
  const heard = promised<unknown>()
  const steady: boolean[][] = [[], []]
  const both = [promised<void>(), promised<void>()]
  let closed = 0
  const rounds: (number | undefined)[] = []
  const make = (at: number): Link =>
    new Link(
      at === 0,
      {},
      {
        signal: signal => {
          if (signal.type === 'offer') rounds.push(signal.round)
          const understood = parseSignal(overWire(signal))
          if (understood) links[1 - at]?.signal(understood)
        },
        opened: () => opened[at]?.give(),
        steady: now => {
          steady[at]?.push(now)
          if (now && steady[at]?.includes(false)) both[at]?.give()
        },
        frame: frame => heard.give(decodeFrame(frame)),
        arrived: () => undefined,
        gone: () => undefined,
        closed: () => {
          closed += 1
        },
      },
    )
  const links: Link[] = []
  links.push(make(0), make(1))
  await Promise.all(opened.map(it => it.given))
  for (const link of links) link.allow({ signals: true, server: false })
  const before = Losing.all.map(it => it.fragment)
  for (const connection of Losing.all) connection.lose()
  await Promise.all(both.map(it => it.given))
  links[0]?.send(encodeFrame('still here'))
  const after = Losing.all.map(it => it.fragment)
  const result = {
    heard: await heard.given,
    anew: before.map((fragment, at) => fragment !== after[at]),
    steady: steady.map(it => it.slice(-2)),
    connections: Losing.all.length,
    rounds,
    closed,
  }
  for (const link of links) link.close()
  return result
}

/** A picture that moves, made here. */
const picture = (): MediaStream => {
  const canvas = document.createElement('canvas')
  const draw = canvas.getContext('2d')
  setInterval(() => draw?.fillRect(0, 0, Math.random() * 100, 100), 50)
  return canvas.captureStream(20)
}

/**
 * Two pages of ours of which both begin to send at the same moment, or the answering one alone, and then once more: which
 * of the pictures come.
 */
export const cross = async (who: readonly (0 | 1)[]): Promise<object> => {
  const opened = [promised<void>(), promised<void>()]
  const came = [promised<string>(), promised<string>()]
  const again = [promised<string>(), promised<string>()]
  const trace: string[] = []
  let closed = 0
  const make = (at: number): Link =>
    new Link(
      at === 0,
      {},
      {
        signal: signal => {
          trace.push(`${at} ${signal.type} ${'round' in signal ? signal.round : ''}`)
          const understood = parseSignal(overWire(signal))
          // Later, as over a network, so that offers cross.
          if (understood) setTimeout(() => links[1 - at]?.signal(understood), 20)
        },
        opened: () => opened[at]?.give(),
        frame: () => undefined,
        arrived: stream => {
          for (const track of stream.getVideoTracks())
            void flows(track).then(() => {
              came[at]?.give(stream.id)
              if (stream.id !== first[1 - at]?.id) again[at]?.give(stream.id)
            })
        },
        closed: () => {
          closed += 1
        },
      },
    )
  const links: Link[] = []
  links.push(make(0), make(1))
  await Promise.all(opened.map(it => it.given))
  for (const link of links) link.allow({ signals: true, server: false })
  const [first, second] = [
    [picture(), picture()],
    [picture(), picture()],
  ]
  for (const at of who) links[at]?.publish(first[at] as MediaStream, first[at]?.getTracks() ?? [], false)
  const wait = <T>(given: Promise<T>): Promise<T | null> =>
    Promise.race([given, new Promise<null>(resolve => setTimeout(() => resolve(null), 8_000))])
  const seen = await Promise.all(
    who.map(async at => (await wait(came[1 - at]?.given ?? Promise.resolve(''))) === first[at]?.id),
  )
  for (const at of who) links[at]?.publish(second[at] as MediaStream, second[at]?.getTracks() ?? [], false)
  const seenAgain = await Promise.all(
    who.map(async at => (await wait(again[1 - at]?.given ?? Promise.resolve(''))) === second[at]?.id),
  )
  const result = { seen, seenAgain, closed, trace: trace.filter(it => !it.includes('candidate')) }
  for (const link of links) link.close()
  return result
}

Object.assign(globalThis, { meet, mend, cross, layered })
