/**
 * Carries out what `negotiation.ts` decides on one connection, one thing after the other, and tells it what has come of
 * it. Signals that get no answer are said again. Silent once closed.
 */
import { iceFragments } from '../wire/ice.ts'
import type { Candidate, Description, Signal } from '../wire/signal.ts'
import { attempt, within } from './browser-api.ts'
import {
  type Action,
  isNegotiating,
  type Negotiation,
  type NegotiationEvent,
  negotiate,
  startNegotiation,
} from './negotiation.ts'

export type NegotiatorPorts = {
  /** `restarting`: for another way through the network, since the one there was may lead nowhere. */
  readonly signal: (signal: Signal, restarting: boolean) => void
  /** What the connection is made with from now on; null where nobody knows better. */
  readonly configuration: () => Promise<RTCConfiguration> | null
  /** A description of the far end's is in force. */
  readonly described: () => void
  /** Before every description of our own: what we send finds its place in it. */
  readonly place: () => Promise<void>
  /** Right before every description of our own. */
  readonly describe: () => void
  /** Both descriptions are in force. */
  readonly settled: () => void
  /** Tracks that have found none, and wait for one that the initiator makes. */
  readonly waiting: () => readonly MediaStreamTrack[]
  /** An offer of the far end is being answered. */
  readonly offered: () => void
  /** The network has lost the peer, and another way to it is being looked for. */
  readonly isLost: () => boolean
  /** The two ends have different ideas of the connection now. */
  readonly failed: () => void
}

/** A signal that has not been answered by then is lost, for instance because the connection to the server broke. */
const overdueMs = 8_000
const configurationMs = 2_000

export class Negotiator {
  readonly #pc: RTCPeerConnection
  readonly #ports: NegotiatorPorts
  readonly #requested = new WeakSet<RTCRtpTransceiver | MediaStreamTrack>()
  #negotiation: Negotiation
  #actions: Promise<void> = Promise.resolve()
  #queued = false
  #restarting = false
  #gathered = false
  #overdue: ReturnType<typeof setTimeout> | undefined
  #open = true

  constructor(pc: RTCPeerConnection, initiator: boolean, ports: NegotiatorPorts) {
    this.#pc = pc
    this.#ports = ports
    this.#negotiation = startNegotiation(initiator)
    pc.addEventListener('icecandidate', ({ candidate }) => this.#candidate(candidate))
  }

  get initiator(): boolean {
    return this.#negotiation.initiator
  }

  /** Several changes in one go need one negotiation. */
  need(): void {
    if (this.#queued) return
    this.#queued = true
    queueMicrotask(() => {
      this.#queued = false
      this.#feed({ type: 'negotiation-needed' })
    })
  }

  /** Both ends are pages of ours: either may offer from now on. */
  becomeMutual(): void {
    this.#feed({ type: 'mutual' })
  }

  restart(): void {
    this.#feed({ type: 'restart' })
  }

  receive(signal: Signal): void {
    this.#feed({ type: 'signal', signal })
  }

  repeatOffer(): void {
    if (this.#pc.signalingState === 'have-local-offer') this.#sendLocal('offer', this.#negotiation.offerId)
  }

  close(): void {
    this.#open = false
    clearTimeout(this.#overdue)
  }

  #feed(event: NegotiationEvent): void {
    if (!this.#open) return
    const { next, actions } = negotiate(this.#negotiation, event)
    this.#negotiation = next
    clearTimeout(this.#overdue)
    if (isNegotiating(next)) this.#overdue = setTimeout(() => this.#signalOverdue(), overdueMs)
    for (const action of actions) this.#actions = this.#actions.then(() => this.#tryAction(action))
  }

  /** Sends the lost signal again, in the way that fits. */
  #signalOverdue(): void {
    const isLost = this.#ports.isLost()
    // The way that there was leads on, and it may be the server that is away.
    if (!isLost) this.#restarting = false
    this.#feed({ type: isLost ? 'restart' : 'overdue' })
  }

  async #tryAction(action: Action): Promise<void> {
    if (!this.#open) return
    try {
      await this.#perform(action)
    } catch {
      // A candidate the browser does not like costs a path; anything else leaves both ends with different ideas.
      if (action.type !== 'add-candidate' && this.#open) this.#ports.failed()
    }
  }

  async #perform(action: Action): Promise<void> {
    switch (action.type) {
      case 'send':
        return this.#ports.signal(action.signal, this.#restarting)
      case 'add-candidate':
        return this.#pc.addIceCandidate(action.candidate)
      case 'add-transceiver':
        this.#pc.addTransceiver(action.kind)
        return
      case 'offer':
        return this.#offer(action.offerId, action.restart)
      case 'accept':
        return this.#accept(action.description, action.offerId)
    }
  }

  async #offer(offerId: number, restart: boolean): Promise<void> {
    if (restart) await this.#beginRestart()
    await this.#ports.place()
    // An offer that another has followed meanwhile, of ours or of the far end, is not made any more.
    if (offerId !== this.#negotiation.offerId || this.#negotiation.signaling.state !== 'offering') return
    this.#ports.describe()
    await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart: restart }))
    this.#sendLocal('offer', offerId)
  }

  /** An offer across our own takes its place: the browser goes back before ours (RFC 8829 section 4.1.10.2). */
  async #accept({ type, sdp, round }: Description, offerId: number): Promise<void> {
    if (type === 'offer') {
      this.#ports.offered()
      if (this.#restarts(sdp)) await this.#beginRestart()
    }
    await this.#pc.setRemoteDescription({ type, sdp })
    this.#ports.described()
    if (type === 'offer') {
      await this.#ports.place()
      this.#ports.describe()
      await this.#pc.setLocalDescription(await this.#pc.createAnswer())
      this.#sendLocal('answer', round)
      if (!this.initiator) this.#requestTransceivers()
    }
    this.#ports.settled()
    this.#feed({ type: 'stable', offerId })
    this.#endRestart()
  }

  #restarts(sdp: string): boolean {
    const known = this.#pc.currentRemoteDescription?.sdp
    return known !== undefined && iceFragments(known)[0] !== iceFragments(sdp)[0]
  }

  async #beginRestart(): Promise<void> {
    this.#restarting = true
    await this.#reconfigure()
    // From here on: the end of an earlier gathering is none of this one.
    this.#gathered = false
  }

  /** Once both ends have said all that there is to say about it. */
  #endRestart(): void {
    if (this.#gathered && !isNegotiating(this.#negotiation)) this.#restarting = false
  }

  /** Accounts of TURN servers end, and a restart gathers new candidates with what holds now. */
  async #reconfigure(): Promise<void> {
    const asked = this.#ports.configuration()
    const configuration = asked ? await within(configurationMs, asked, null) : null
    // Where the browser takes none of it, the connection goes on with what it has.
    if (configuration && this.#open) attempt(() => this.#pc.setConfiguration(configuration))
  }

  #sendLocal(type: 'offer' | 'answer', round: number | undefined): void {
    const sdp = this.#pc.localDescription?.sdp
    if (!this.#open || sdp === undefined) return
    this.#ports.signal(round === undefined ? { type, sdp } : { type, sdp, round }, this.#restarting)
  }

  /** Tracks of ours for which the initiator's offer had no room. */
  #requestTransceivers(): void {
    for (const transceiver of this.#pc.getTransceivers()) {
      const { track } = transceiver.sender
      if (transceiver.mid === null && track !== null) this.#request(transceiver, track)
    }
    for (const track of this.#ports.waiting()) this.#request(track, track)
  }

  /** Once for each. */
  #request(what: RTCRtpTransceiver | MediaStreamTrack, track: MediaStreamTrack): void {
    if (this.#requested.has(what)) return
    this.#requested.add(what)
    const kind = track.kind === 'video' ? 'video' : 'audio'
    this.#ports.signal({ type: 'transceiverRequest', transceiverRequest: { kind } }, this.#restarting)
  }

  /** The end of the candidates is not signalled: the original's end takes it for a reason to hang up. */
  #candidate(found: RTCIceCandidate | null): void {
    if (found === null) {
      this.#gathered = true
      this.#endRestart()
    }
    if (!this.#open || found === null || found.candidate === '') return
    const { candidate, sdpMLineIndex, sdpMid, usernameFragment } = found
    const said: Candidate = { candidate, sdpMLineIndex, sdpMid, usernameFragment }
    this.#ports.signal({ type: 'candidate', candidate: said }, this.#restarting)
  }
}
