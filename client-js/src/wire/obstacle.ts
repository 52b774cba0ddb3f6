/** Why no connection came about, as far as this end can tell by the candidates of both. */

/**
 * `no-candidates`: the browser offers no address at all. `no-relay`: there are TURN servers, and none of them answered.
 * `same-network`: both ends come from one public address, so that devices of one network may be kept apart.
 */
export type Obstacle = 'no-candidates' | 'no-relay' | 'same-network'

type Candidates = readonly { readonly address: string; readonly type: string }[]

/** RFC 8839 section 5.1: foundation, component, transport, priority, address, port, "typ" and the type. */
const candidateLine = /^a=candidate:\S+ \d+ \S+ \d+ (?<address>\S+) \d+ typ (?<type>\S+)/gm

const candidatesOf = (sdp: string): Candidates =>
  Array.from(sdp.matchAll(candidateLine), ({ groups }) => ({
    address: groups?.['address'] ?? '',
    type: groups?.['type'] ?? '',
  }))

const publicAddresses = (candidates: Candidates): ReadonlySet<string> =>
  new Set(candidates.filter(({ type }) => type === 'srflx').map(({ address }) => address))

/**
 * Of the descriptions of both ends, with all candidates that have come. `relays`: there are TURN servers. `relayOnly`: the
 * browser was told to offer no other address.
 */
export const obstacleOf = (
  own: string,
  theirs: string,
  { relays, relayOnly }: { readonly relays: boolean; readonly relayOnly: boolean },
): Obstacle | null => {
  const found = candidatesOf(own)
  if (found.length === 0) return relayOnly ? 'no-relay' : 'no-candidates'
  if (relays) return found.some(({ type }) => type === 'relay') ? null : 'no-relay'
  const theirAddresses = publicAddresses(candidatesOf(theirs))
  return [...publicAddresses(found)].some(it => theirAddresses.has(it)) ? 'same-network' : null
}
