/** Owns what a connection tells of the way it takes: straight, or through a relay that carries what it cannot read. */

export type CandidateKind = 'direct' | 'relayed'

type Stat = Readonly<Record<string, unknown>>

/** Null while there is no way yet, or where the browser does not say. */
export const candidateKindOf = (report: Iterable<readonly [string, Stat]>): CandidateKind | null => {
  const stats = new Map(report)
  const all = [...stats.values()]
  const chosen = all.find(({ type }) => type === 'transport')?.['selectedCandidatePairId']
  const pair =
    (typeof chosen === 'string' ? stats.get(chosen) : undefined) ??
    all.find(it => it['type'] === 'candidate-pair' && it['state'] === 'succeeded' && it['nominated'] === true)
  if (!pair) return null
  const ends = [pair['localCandidateId'], pair['remoteCandidateId']]
  const kinds = ends.map(id => (typeof id === 'string' ? stats.get(id)?.['candidateType'] : undefined))
  return kinds.includes('relay') ? 'relayed' : 'direct'
}
