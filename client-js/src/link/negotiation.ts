/**
 * Owns who offers and when, in simple-peer's manner: only the initiator offers, the other side asks for an offer.
 * Pure: it says what is to be done, `link.ts` does it, one thing after the other.
 */
import type { Candidate, Description, Signal, TrackKind } from '../wire/signal.ts'

export type Negotiation = {
  readonly initiator: boolean
  /** A round is under way: an offer is out, or has been asked for. */
  readonly busy: boolean
  /** Another round is wanted once this one is over. */
  readonly queued: boolean
  /** How many offers there have been, by the initiator's count. */
  readonly offerId: number
  /** A remote description has come, so candidates can be added. */
  readonly described: boolean
  readonly waiting: readonly Candidate[]
  readonly requests: number
}

export type NegotiationEvent =
  | { type: 'wanted' }
  | { type: 'signal'; signal: Signal }
  /** The round is over: both descriptions stand. */
  | { type: 'settled' }
  /** A round has taken so long that one of its signals must be lost. */
  | { type: 'overdue' }
  /** The network has lost the peer: another way is to be looked for. */
  | { type: 'restart' }

export type Action =
  | { type: 'offer'; round: number; restart: boolean }
  | { type: 'accept'; description: Description }
  | { type: 'add-candidate'; candidate: Candidate }
  | { type: 'add-transceiver'; kind: TrackKind }
  | { type: 'send'; signal: Signal }

export type NegotiationStep = { readonly next: Negotiation; readonly actions: readonly Action[] }

/** More than a call with many screens needs; a peer that asks on is not answered. */
const requestsMax = 64
const waitingMax = 200

export const startNegotiation = (initiator: boolean): Negotiation => ({
  initiator,
  busy: false,
  queued: false,
  offerId: 0,
  described: false,
  waiting: [],
  requests: 0,
})

export const negotiate = (state: Negotiation, event: NegotiationEvent): NegotiationStep => {
  switch (event.type) {
    case 'wanted':
      return negotiationNeeded(state)
    case 'settled': {
      const free = { ...state, busy: false, queued: false }
      return state.queued ? negotiationNeeded(free) : { next: free, actions: [] }
    }
    case 'overdue':
      return state.busy && state.described ? begin(state, false) : { next: state, actions: [] }
    case 'restart':
      // Only the initiator can; the other end notices the loss too, and waits for its offer.
      return state.initiator && state.described ? begin(state, true) : { next: state, actions: [] }
    case 'signal':
      return onSignal(state, event.signal)
  }
}

const renegotiate: Action = { type: 'send', signal: { type: 'renegotiate', renegotiate: true } }

const negotiationNeeded = (state: Negotiation): NegotiationStep => {
  if (state.busy) return { next: { ...state, queued: true }, actions: [] }
  // Before the first offer there is nothing to ask for: what we have goes into the answer.
  return state.initiator || state.described ? begin(state, false) : { next: state, actions: [] }
}

const begin = (state: Negotiation, restart: boolean): NegotiationStep => {
  if (!state.initiator) return { next: { ...state, busy: true }, actions: [renegotiate] }
  const round = state.offerId + 1
  const offer: Action = { type: 'offer', round, restart }
  // The original's mesh drops a later offer that was not announced.
  return {
    next: { ...state, busy: true, offerId: round },
    actions: round === 1 ? [offer] : [renegotiate, offer],
  }
}

const onSignal = (state: Negotiation, signal: Signal): NegotiationStep => {
  switch (signal.type) {
    case 'offer':
    case 'answer':
      return onDescription(state, signal)
    case 'candidate': {
      if (state.described)
        return { next: state, actions: [{ type: 'add-candidate', candidate: signal.candidate }] }
      const waiting = [...state.waiting, signal.candidate].slice(0, waitingMax)
      return { next: { ...state, waiting }, actions: [] }
    }
    case 'renegotiate':
      return state.initiator ? negotiationNeeded(state) : { next: state, actions: [] }
    case 'transceiverRequest': {
      if (!state.initiator || state.requests >= requestsMax) return { next: state, actions: [] }
      const { next, actions } = negotiationNeeded({ ...state, requests: state.requests + 1 })
      const { kind } = signal.transceiverRequest
      return { next, actions: [{ type: 'add-transceiver', kind }, ...actions] }
    }
  }
}

/** An answer to nothing, an offer across our own, and whatever comes too late fit no round and are passed over. */
const onDescription = (state: Negotiation, description: Description): NegotiationStep => {
  const { type, round } = description
  const fits =
    type === 'answer'
      ? state.initiator && state.busy && (round ?? state.offerId) === state.offerId
      : !state.initiator && (round ?? state.offerId + 1) > state.offerId
  if (!fits) return { next: state, actions: [] }
  const candidates = state.waiting.map(candidate => ({ type: 'add-candidate', candidate }) as const)
  const offerId = round ?? state.offerId
  const next = { ...state, described: true, waiting: [], busy: true, offerId }
  return { next, actions: [{ type: 'accept', description }, ...candidates] }
}
