/**
 * What can be told of a connection: whether it leads through a relay, and the code by which two people make sure that
 * nobody sits between them.
 */

const relayProtocols = ['udp', 'tcp', 'tls'] as const
type RelayProtocol = (typeof relayProtocols)[number]

/** Straight, or through a TURN server, and by what this browser reaches that one; without it where only the far end has one. */
export type Route = 'direct' | 'relayed' | `relayed-${RelayProtocol}`

type Stat = Readonly<Record<string, unknown>>

/**
 * The candidate pair in use, out of the entries of a report by their ids. Where nothing names it, the nominated one.
 */
export const selectedPair = (stats: ReadonlyMap<string, Stat>): Stat | null => {
  const all = [...stats.values()]
  const named = all.find(({ type }) => type === 'transport')?.['selectedCandidatePairId']
  const nominated = all.find(
    it =>
      it['type'] === 'candidate-pair' &&
      it['nominated'] === true &&
      (it['state'] === undefined || it['state'] === 'succeeded'),
  )
  return (typeof named === 'string' ? stats.get(named) : undefined) ?? nominated ?? null
}

/** Null while there is no pair yet, or where the browser does not say. */
export const routeOf = (report: Iterable<readonly [string, Stat]>): Route | null => {
  const stats = new Map(report)
  const pair = selectedPair(stats)
  if (!pair) return null
  const candidate = (id: unknown): Stat => (typeof id === 'string' ? stats.get(id) : undefined) ?? {}
  const [own, theirs] = [candidate(pair['localCandidateId']), candidate(pair['remoteCandidateId'])]
  if (own['candidateType'] !== 'relay') return theirs['candidateType'] === 'relay' ? 'relayed' : 'direct'
  const protocol = relayProtocols.find(it => it === own['relayProtocol'])
  return protocol ? `relayed-${protocol}` : 'relayed'
}

const digits = 30
const groupDigits = 5

/**
 * The same for both ends. `own` and `theirs` are all fingerprints that each end has given; one more than the other end
 * has gives another code. Thirty digits, because whoever sits in between may choose certificates for both sides until
 * their codes agree: with that many it takes some 2^50 attempts within the seconds that a connection takes to open.
 */
export const safetyCode = async (own: readonly string[], theirs: readonly string[]): Promise<string[]> => {
  const ends = [own, theirs].map(end => [...new Set(end)].toSorted().join(' ')).toSorted()
  const words = new TextEncoder().encode(['p2pchat safety code 1', ...ends].join('\n'))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', words))
  const number = hash.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 10n ** BigInt(digits)
  const text = number.toString().padStart(digits, '0')
  return text.match(new RegExp(`.{${groupDigits}}`, 'g')) ?? []
}

/** Over plain HTTP the page itself could be anybody's, so that a code shown by it would prove nothing. */
export const canProve = (): boolean => globalThis.isSecureContext && 'subtle' in crypto
