/**
 * The signals that two ends of a link exchange through the server, in simple-peer's shapes. An object of another shape
 * makes an original page drop the connection, so none is ever written here.
 */
import { isRecord, recordAt, wholeNumber } from './json.ts'

export type TrackKind = 'audio' | 'video'

/**
 * `round` counts the offers of a connection, and an answer repeats its offer's: what comes late, over a way that was
 * broken for a while, is known by it. An original page says none, and passes over ours.
 */
export type Description = { type: 'offer' | 'answer'; sdp: string; round?: number }

export type Signal =
  | Description
  | { type: 'candidate'; candidate: Candidate }
  | { type: 'renegotiate'; renegotiate: true }
  | { type: 'transceiverRequest'; transceiverRequest: { kind: TrackKind } }

/** `usernameFragment` names the generation of the description that it belongs to (RFC 8839 section 5.4). */
export type Candidate = {
  candidate: string
  sdpMLineIndex: number | null
  sdpMid: string | null
  usernameFragment: string | null
}

const sdpUnitsMax = 200_000
const candidateUnitsMax = 2_000

/** Reads keys, not `type`, as simple-peer does; only a description needs its type. */
export const parseSignal = (value: unknown): Signal | null => {
  if (!isRecord(value)) return null
  const { sdp, type } = value
  if (typeof sdp === 'string') {
    if (sdp.length > sdpUnitsMax) return null
    if (type !== 'offer' && type !== 'answer') return null
    const round = wholeNumber(value['round'])
    return round === null ? { type, sdp } : { type, sdp, round }
  }
  const candidate = recordAt(value, 'candidate')
  if (candidate) return parseCandidate(candidate)
  if (value['renegotiate']) return { type: 'renegotiate', renegotiate: true }
  const request = recordAt(value, 'transceiverRequest')
  if (request) return parseRequest(request['kind'])
  return null
}

const parseCandidate = (fields: Readonly<Record<string, unknown>>): Signal | null => {
  const { candidate, sdpMid } = fields
  if (typeof candidate !== 'string' || candidate.length > candidateUnitsMax) return null
  const mid = typeof sdpMid === 'string' && sdpMid.length <= 64 ? sdpMid : null
  const line = wholeNumber(fields['sdpMLineIndex'])
  if (mid === null && line === null) return null
  const said = fields['usernameFragment']
  const usernameFragment = typeof said === 'string' && said.length <= 256 ? said : null
  return { type: 'candidate', candidate: { candidate, sdpMLineIndex: line, sdpMid: mid, usernameFragment } }
}

const parseRequest = (kind: unknown): Signal | null =>
  kind === 'audio' || kind === 'video' ? { type: 'transceiverRequest', transceiverRequest: { kind } } : null

/**
 * What stays the same through all descriptions of one connection and differs in the next: its certificate.
 * An offer with another one means that the far end has begun anew.
 */
export const connectionMark = (sdp: string): string | null =>
  /^a=fingerprint:\s*(\S+\s+\S+)/m.exec(sdp)?.[1]?.toLowerCase() ?? null

/** Every certificate that a description would take, each once. Honest ones have one. */
export const fingerprints = (sdp: string): string[] => [
  ...new Set(
    Array.from(sdp.matchAll(/^a=fingerprint:\s*(\S+\s+\S+)/gm), ([, found]) => (found ?? '').toLowerCase()),
  ),
]
