/**
 * Who offers and when. As a rule in simple-peer's manner: the initiator offers, and the other side asks it for an offer, so
 * that offers do not cross. Between pages of ours either end looks for another way through the network, or offers itself
 * what it has asked for in vain, and of two offers that cross, the initiator's gives way ("perfect negotiation", W3C WebRTC
 * section 10.7). It is not the rule because Chromium takes a track for muted for ever that has taken the place of one whose
 * offer gave way. Pure: it says what is to be done, and `negotiator.ts` does it, one thing after the other.
 */
import { iceFragments } from '../wire/ice.ts'
import type { Candidate, Description, Signal, TrackKind } from '../wire/signal.ts'

export type Negotiation = {
  readonly initiator: boolean
  /** Both ends are pages of ours. */
  readonly mutual: boolean
  /** The number of the last offer, by either end. */
  readonly offerId: number
  /** The number of the last offer of the far end that was accepted. */
  readonly accepted: number
  /** How many transceivers the far end has asked for. */
  readonly requests: number
  readonly signaling: Signaling
  /**
   * A candidate can only be added to the description of its generation, which its `usernameFragment` names. One whose
   * description has not come yet waits; one whose generation is over waits in vain.
   */
  readonly remote: { readonly fragments: readonly string[] | null; readonly early: readonly Candidate[] }
}

/**
 * `offering`: an offer of ours is out. `asking`: one was asked for. `accepting`: a description is being taken over.
 * `again`: another offer is needed after this one. `restart`: the offer looks for another way through the network, or the
 * one that is needed again does.
 */
type Signaling =
  | { readonly state: 'stable' }
  | {
      readonly state: 'offering' | 'asking' | 'accepting'
      readonly again: boolean
      readonly restart: boolean
    }

export type NegotiationEvent =
  | { type: 'negotiation-needed' }
  | { type: 'signal'; signal: Signal }
  /** Both descriptions of the offer with that number stand. */
  | { type: 'stable'; offerId: number }
  /** An offer has gone unanswered for so long that one of its signals must be lost. */
  | { type: 'overdue' }
  /** The network has lost the peer, and another way to it is to be looked for. */
  | { type: 'restart' }
  /** The far end has turned out to be a page of ours. */
  | { type: 'mutual' }

export type Action =
  | { type: 'offer'; offerId: number; restart: boolean }
  | { type: 'accept'; description: Description; offerId: number }
  | { type: 'add-candidate'; candidate: Candidate }
  | { type: 'add-transceiver'; kind: TrackKind }
  | { type: 'send'; signal: Signal }

export type NegotiationStep = { readonly next: Negotiation; readonly actions: readonly Action[] }

/** More than a call with many screens needs; a peer that asks on is not answered. */
const requestsMax = 64
const candidatesMax = 200

export const startNegotiation = (initiator: boolean): Negotiation => ({
  initiator,
  mutual: false,
  offerId: 0,
  accepted: 0,
  requests: 0,
  signaling: { state: 'stable' },
  remote: { fragments: null, early: [] },
})

export const isNegotiating = ({ signaling }: Negotiation): boolean => signaling.state !== 'stable'

const unchanged = (next: Negotiation): NegotiationStep => ({ next, actions: [] })
const wantsAgain = ({ signaling }: Negotiation): boolean => signaling.state !== 'stable' && signaling.again
const restarts = ({ signaling }: Negotiation): boolean => signaling.state !== 'stable' && signaling.restart
const met = ({ remote }: Negotiation): boolean => remote.fragments !== null

export const negotiate = (state: Negotiation, event: NegotiationEvent): NegotiationStep => {
  switch (event.type) {
    case 'negotiation-needed':
      return negotiationNeeded(state)
    case 'stable': {
      // A restart may have begun another round meanwhile, which is not over with this one.
      if (event.offerId !== state.offerId || state.signaling.state !== 'accepting') return unchanged(state)
      const next: Negotiation = { ...state, signaling: { state: 'stable' } }
      if (!wantsAgain(state)) return unchanged(next)
      return restarts(state) ? begin(next, true) : negotiationNeeded(next)
    }
    case 'overdue':
      return isNegotiating(state) && met(state)
        ? begin(state, false, state.initiator || state.mutual)
        : unchanged(state)
    case 'restart':
      return met(state) && (state.initiator || state.mutual) ? begin(state, true) : unchanged(state)
    case 'mutual':
      return unchanged({ ...state, mutual: true })
    case 'signal':
      return onSignal(state, event.signal)
  }
}

const renegotiate: Action = { type: 'send', signal: { type: 'renegotiate', renegotiate: true } }

const negotiationNeeded = (state: Negotiation): NegotiationStep => {
  const { signaling } = state
  // What we have by then goes into our answer to the offer that we have asked for.
  if (signaling.state === 'asking' && state.mutual) return unchanged(state)
  if (signaling.state !== 'stable') return unchanged({ ...state, signaling: { ...signaling, again: true } })
  // Before the first offer there is nothing to ask for: what we have goes into the answer.
  return state.initiator || met(state) ? begin(state, false) : unchanged(state)
}

/** `itself`: without asking the initiator. */
const begin = (state: Negotiation, restart: boolean, itself = state.initiator): NegotiationStep => {
  const again = wantsAgain(state)
  if (!itself && !(state.mutual && restart))
    return {
      next: { ...state, signaling: { state: 'asking', again, restart: false } },
      actions: [renegotiate],
    }
  const offerId = state.offerId + 1
  const offer: Action = { type: 'offer', offerId, restart }
  const next: Negotiation = { ...state, signaling: { state: 'offering', again, restart }, offerId }
  // An original page in a mesh drops a later offer that was not announced.
  return { next, actions: offerId === 1 || state.mutual ? [offer] : [renegotiate, offer] }
}

const onSignal = (state: Negotiation, signal: Signal): NegotiationStep => {
  switch (signal.type) {
    case 'offer':
      return onOffer(state, signal)
    case 'answer':
      return onAnswer(state, signal)
    case 'candidate':
      return onCandidate(state, signal.candidate)
    case 'renegotiate': {
      // A page of ours that asks across our offer answers it with what it has, and asks again for what has no room in it.
      const isAnswered = state.mutual && state.signaling.state === 'offering'
      return state.initiator && !isAnswered ? negotiationNeeded(state) : unchanged(state)
    }
    case 'transceiverRequest': {
      if (!state.initiator || state.requests >= requestsMax) return unchanged(state)
      const { next, actions } = negotiationNeeded({ ...state, requests: state.requests + 1 })
      const { kind } = signal.transceiverRequest
      return { next, actions: [{ type: 'add-transceiver', kind }, ...actions] }
    }
  }
}

const belongs = (state: Negotiation, { usernameFragment }: Candidate): boolean => {
  const { fragments } = state.remote
  if (fragments === null) return false
  return usernameFragment === null || fragments.length === 0 || fragments.includes(usernameFragment)
}

const onCandidate = (state: Negotiation, candidate: Candidate): NegotiationStep => {
  if (belongs(state, candidate)) return { next: state, actions: [{ type: 'add-candidate', candidate }] }
  const { fragments, early } = state.remote
  return unchanged({ ...state, remote: { fragments, early: [...early, candidate].slice(-candidatesMax) } })
}

/** An offer that came too late is passed over, and so is one across our own where ours stands. */
const onOffer = (state: Negotiation, description: Description): NegotiationStep => {
  const { round } = description
  const offering = state.signaling.state === 'offering'
  // Only pages of ours number their offers, and only they take each other's in both directions.
  if (state.initiator && (round === undefined || !met(state))) return unchanged(state)
  if (offering && !state.initiator) return unchanged(state)
  const last = offering ? state.accepted : state.offerId
  if ((round ?? last + 1) <= last) return unchanged(state)
  const offerId = Math.max(state.offerId, round ?? state.offerId + 1)
  const accepted = round ?? offerId
  // Our own offer gives way, and what it was for is offered once more; another way is looked for by theirs already.
  const again = wantsAgain(state) || offering
  const fragments = iceFragments(description.sdp)
  const found = fragments.some(it => !state.remote.fragments?.includes(it))
  return accept({ ...state, offerId, accepted }, description, again, restarts(state) && !found)
}

/** An answer to nothing, or to an earlier offer than the last. */
const onAnswer = (state: Negotiation, description: Description): NegotiationStep => {
  const { round } = description
  const fits = state.signaling.state === 'offering' && (round ?? state.offerId) === state.offerId
  return fits ? accept(state, description, wantsAgain(state), false) : unchanged(state)
}

const accept = (
  state: Negotiation,
  description: Description,
  again: boolean,
  restart: boolean,
): NegotiationStep => {
  const remote = { fragments: iceFragments(description.sdp), early: [] }
  const next: Negotiation = { ...state, remote, signaling: { state: 'accepting', again, restart } }
  const fitting = state.remote.early.filter(it => belongs(next, it))
  const early = state.remote.early.filter(it => !belongs(next, it))
  const candidates = fitting.map(candidate => ({ type: 'add-candidate', candidate }) as const)
  return {
    next: { ...next, remote: { ...remote, early } },
    actions: [{ type: 'accept', description, offerId: state.offerId }, ...candidates],
  }
}
