/**
 * Owns who offers and when, in simple-peer's manner: only the initiator offers, the other side asks for an offer.
 * Pure: it says what is to be done, `link.ts` does it, one thing after the other.
 */
import type { Candidate, Signal, TrackKind } from '../wire/signal.ts'

export type Negotiation = {
  readonly initiator: boolean
  /** A round is under way: an offer is out, or has been asked for. */
  readonly busy: boolean
  /** Another round is wanted once this one is over. */
  readonly queued: boolean
  readonly rounds: number
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

export type Deed =
  | { type: 'offer' }
  | { type: 'accept'; description: { type: 'offer' | 'answer'; sdp: string } }
  | { type: 'add-candidate'; candidate: Candidate }
  | { type: 'add-transceiver'; kind: TrackKind }
  | { type: 'send'; signal: Signal }

export type NegotiationStep = { readonly next: Negotiation; readonly deeds: readonly Deed[] }

/** More than a call with many screens needs; a peer that asks on is not answered. */
const requestsMax = 32
const waitingMax = 200

export const startNegotiation = (initiator: boolean): Negotiation => ({
  initiator,
  busy: false,
  queued: false,
  rounds: 0,
  described: false,
  waiting: [],
  requests: 0,
})

export const negotiate = (state: Negotiation, event: NegotiationEvent): NegotiationStep => {
  switch (event.type) {
    case 'wanted':
      return wanted(state)
    case 'settled': {
      const free = { ...state, busy: false, queued: false }
      return state.queued ? wanted(free) : { next: free, deeds: [] }
    }
    case 'signal':
      return signalled(state, event.signal)
  }
}

const renegotiate: Deed = { type: 'send', signal: { type: 'renegotiate', renegotiate: true } }

const wanted = (state: Negotiation): NegotiationStep => {
  if (state.busy) return { next: { ...state, queued: true }, deeds: [] }
  if (state.initiator) {
    const next = { ...state, busy: true, rounds: state.rounds + 1 }
    // The original's mesh drops a later offer that was not announced.
    return { next, deeds: state.rounds === 0 ? [{ type: 'offer' }] : [renegotiate, { type: 'offer' }] }
  }
  // Before the first offer there is nothing to ask for: what we have goes into the answer.
  return state.described
    ? { next: { ...state, busy: true }, deeds: [renegotiate] }
    : { next: state, deeds: [] }
}

const signalled = (state: Negotiation, signal: Signal): NegotiationStep => {
  switch (signal.type) {
    case 'offer':
    case 'answer':
      return described(state, signal)
    case 'candidate': {
      if (state.described)
        return { next: state, deeds: [{ type: 'add-candidate', candidate: signal.candidate }] }
      const waiting = [...state.waiting, signal.candidate].slice(0, waitingMax)
      return { next: { ...state, waiting }, deeds: [] }
    }
    case 'renegotiate':
      return state.initiator ? wanted(state) : { next: state, deeds: [] }
    case 'transceiverRequest': {
      if (!state.initiator || state.requests >= requestsMax) return { next: state, deeds: [] }
      const { next, deeds } = wanted({ ...state, requests: state.requests + 1 })
      const { kind } = signal.transceiverRequest
      return { next, deeds: [{ type: 'add-transceiver', kind }, ...deeds] }
    }
  }
}

/** An answer to nothing, or an offer across our own, fits no round and is passed over. */
const described = (
  state: Negotiation,
  description: { type: 'offer' | 'answer'; sdp: string },
): NegotiationStep => {
  const fits = description.type === 'answer' ? state.initiator && state.busy : !state.initiator
  if (!fits) return { next: state, deeds: [] }
  const { type, sdp } = description
  const candidates = state.waiting.map(candidate => ({ type: 'add-candidate', candidate }) as const)
  const next = { ...state, described: true, waiting: [], busy: true }
  return { next, deeds: [{ type: 'accept', description: { type, sdp } }, ...candidates] }
}
