/**
 * Who offers and when, in simple-peer's manner: only the initiator offers, and the other side asks it for an offer. Pure:
 * it says what is to be done, and `link.ts` does it, one thing after the other.
 */
import type { Candidate, Description, Signal, TrackKind } from '../wire/signal.ts'

export type Negotiation = {
  readonly initiator: boolean
  /** The number of the last offer, by the initiator's count. */
  readonly offerId: number
  /** How many transceivers the far end has asked for. */
  readonly requests: number
  /**
   * `negotiating`: an offer is out, or has been asked for. `again`: another one is needed once this one is answered.
   */
  readonly signaling:
    | { readonly state: 'stable' }
    | { readonly state: 'negotiating'; readonly again: boolean }
  /** Candidates can only be added once a description has come; those that come before it wait. */
  readonly remote:
    | { readonly known: false; readonly candidates: readonly Candidate[] }
    | { readonly known: true }
}

export type NegotiationEvent =
  | { type: 'negotiation-needed' }
  | { type: 'signal'; signal: Signal }
  /** Both descriptions stand. */
  | { type: 'stable' }
  /** An offer has gone unanswered for so long that one of its signals must be lost. */
  | { type: 'overdue' }
  /** The network has lost the peer, and another way to it is to be looked for. */
  | { type: 'restart' }

export type Action =
  | { type: 'offer'; offerId: number; restart: boolean }
  | { type: 'accept'; description: Description }
  | { type: 'add-candidate'; candidate: Candidate }
  | { type: 'add-transceiver'; kind: TrackKind }
  | { type: 'send'; signal: Signal }

export type NegotiationStep = { readonly next: Negotiation; readonly actions: readonly Action[] }

/** More than a call with many screens needs; a peer that asks on is not answered. */
const requestsMax = 64
const candidatesMax = 200

const stable = { state: 'stable' } as const
const negotiating = { state: 'negotiating', again: false } as const

export const startNegotiation = (initiator: boolean): Negotiation => ({
  initiator,
  offerId: 0,
  requests: 0,
  signaling: stable,
  remote: { known: false, candidates: [] },
})

export const isNegotiating = ({ signaling }: Negotiation): boolean => signaling.state === 'negotiating'

const unchanged = (next: Negotiation): NegotiationStep => ({ next, actions: [] })

export const negotiate = (state: Negotiation, event: NegotiationEvent): NegotiationStep => {
  switch (event.type) {
    case 'negotiation-needed':
      return negotiationNeeded(state)
    case 'stable': {
      const next = { ...state, signaling: stable }
      const again = state.signaling.state === 'negotiating' && state.signaling.again
      return again ? negotiationNeeded(next) : unchanged(next)
    }
    case 'overdue':
      return isNegotiating(state) && state.remote.known ? begin(state, false) : unchanged(state)
    case 'restart':
      // Only the initiator can; the other end notices the loss too, and waits for its offer.
      return state.initiator && state.remote.known ? begin(state, true) : unchanged(state)
    case 'signal':
      return onSignal(state, event.signal)
  }
}

const renegotiate: Action = { type: 'send', signal: { type: 'renegotiate', renegotiate: true } }

const negotiationNeeded = (state: Negotiation): NegotiationStep => {
  if (isNegotiating(state)) return unchanged({ ...state, signaling: { state: 'negotiating', again: true } })
  // Before the first offer there is nothing to ask for: what we have goes into the answer.
  return state.initiator || state.remote.known ? begin(state, false) : unchanged(state)
}

const begin = (state: Negotiation, restart: boolean): NegotiationStep => {
  const again = state.signaling.state === 'negotiating' && state.signaling.again
  const signaling = { ...negotiating, again }
  if (!state.initiator) return { next: { ...state, signaling }, actions: [renegotiate] }
  const offerId = state.offerId + 1
  const offer: Action = { type: 'offer', offerId, restart }
  // An original page in a mesh drops a later offer that was not announced.
  return {
    next: { ...state, signaling, offerId },
    actions: offerId === 1 ? [offer] : [renegotiate, offer],
  }
}

const onSignal = (state: Negotiation, signal: Signal): NegotiationStep => {
  switch (signal.type) {
    case 'offer':
    case 'answer':
      return onDescription(state, signal)
    case 'candidate': {
      const { candidate } = signal
      if (state.remote.known) return { next: state, actions: [{ type: 'add-candidate', candidate }] }
      const candidates = [...state.remote.candidates, candidate].slice(0, candidatesMax)
      return unchanged({ ...state, remote: { known: false, candidates } })
    }
    case 'renegotiate':
      return state.initiator ? negotiationNeeded(state) : unchanged(state)
    case 'transceiverRequest': {
      if (!state.initiator || state.requests >= requestsMax) return unchanged(state)
      const { next, actions } = negotiationNeeded({ ...state, requests: state.requests + 1 })
      const { kind } = signal.transceiverRequest
      return { next, actions: [{ type: 'add-transceiver', kind }, ...actions] }
    }
  }
}

/**
 * An answer to nothing, an offer across our own, and whatever comes too late belong to no offer and are passed over.
 */
const onDescription = (state: Negotiation, description: Description): NegotiationStep => {
  const { type, round } = description
  const fits =
    type === 'answer'
      ? state.initiator && isNegotiating(state) && (round ?? state.offerId) === state.offerId
      : !state.initiator && (round ?? state.offerId + 1) > state.offerId
  if (!fits) return unchanged(state)
  const waiting = state.remote.known ? [] : state.remote.candidates
  const candidates = waiting.map(candidate => ({ type: 'add-candidate', candidate }) as const)
  const again = state.signaling.state === 'negotiating' && state.signaling.again
  const offerId = round ?? state.offerId
  const next: Negotiation = {
    ...state,
    offerId,
    remote: { known: true },
    signaling: { ...negotiating, again },
  }
  return { next, actions: [{ type: 'accept', description }, ...candidates] }
}
