/** Reads a few numbers out of a connection's statistics, of which any browser may lack some. Pure. */
import { selectedPair } from '../link/connection-info.ts'
import { type Fields, isRecord } from '../wire/json.ts'

export type Received = {
  readonly kind: 'audio' | 'video'
  readonly packets: number
  readonly lost: number
  readonly jitterMs: number
  readonly bytes: number
  /** Pictures; null for sound. */
  readonly frames: number | null
}

export type Sent = {
  readonly kind: 'audio' | 'video'
  readonly bytes: number
  /** What the far end says it has lost, 0 to 1. */
  readonly loss: number | null
  /** The machine is too slow to send it as wanted. */
  readonly slow: boolean
}

/** All numbers but the last two count up. Tracks are named by their ids. */
export type Sample = {
  readonly atMs: number
  readonly received: ReadonlyMap<string, Received>
  readonly sent: ReadonlyMap<string, Sent>
  readonly roundTripMs: number | null
  readonly availableBps: number | null
}

const numberAt = (fields: Fields, key: string): number | null => {
  const value = fields[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

const textAt = (fields: Fields, key: string): string => {
  const value = fields[key]
  return typeof value === 'string' ? value : ''
}

const kindOf = (fields: Fields): 'audio' | 'video' => (fields['kind'] === 'video' ? 'video' : 'audio')

/** From the entries of a report, in any order. */
export const sampleOf = (entries: Iterable<unknown>, atMs: number): Sample => {
  const all = [...entries].filter(isRecord)
  const byId = new Map(all.map(entry => [textAt(entry, 'id'), entry] as const))
  const ofType = (type: string): Fields[] => all.filter(entry => entry['type'] === type)
  const pair = selectedPair(byId)
  const roundTrip = pair && numberAt(pair, 'currentRoundTripTime')
  return {
    atMs,
    received: new Map(
      ofType('inbound-rtp').map(entry => [textAt(entry, 'trackIdentifier'), received(entry)]),
    ),
    sent: ofType('outbound-rtp').reduce((all, entry) => {
      const source = byId.get(textAt(entry, 'mediaSourceId'))
      const track = source && textAt(source, 'trackIdentifier')
      return track === undefined ? all : all.set(track, together(all.get(track), sent(entry, byId)))
    }, new Map<string, Sent>()),
    roundTripMs: roundTrip === null ? null : roundTrip * 1_000,
    availableBps: pair && numberAt(pair, 'availableOutgoingBitrate'),
  }
}

const received = (entry: Fields): Received => ({
  kind: kindOf(entry),
  packets: numberAt(entry, 'packetsReceived') ?? 0,
  lost: numberAt(entry, 'packetsLost') ?? 0,
  jitterMs: (numberAt(entry, 'jitter') ?? 0) * 1_000,
  bytes: numberAt(entry, 'bytesReceived') ?? 0,
  frames: numberAt(entry, 'framesDecoded'),
})

const sent = (entry: Fields, byId: ReadonlyMap<string, Fields>): Sent => {
  const far = byId.get(textAt(entry, 'remoteId'))
  return {
    kind: kindOf(entry),
    bytes: numberAt(entry, 'bytesSent') ?? 0,
    loss: far ? numberAt(far, 'fractionLost') : null,
    slow: entry['qualityLimitationReason'] === 'cpu',
  }
}

/** A picture that goes in several sizes at once has an entry for each. */
const together = (before: Sent | undefined, now: Sent): Sent => {
  if (!before) return now
  const loss =
    before.loss === null || now.loss === null ? (before.loss ?? now.loss) : Math.max(before.loss, now.loss)
  return { ...now, bytes: before.bytes + now.bytes, loss, slow: before.slow || now.slow }
}

/** What was sent between two samples, in bits a second. */
export const sentBps = (before: Sample, after: Sample): number => {
  const seconds = (after.atMs - before.atMs) / 1_000
  if (seconds <= 0) return 0
  let bytes = 0
  for (const [track, now] of after.sent)
    bytes += Math.max(0, now.bytes - (before.sent.get(track)?.bytes ?? 0))
  return (bytes * 8) / seconds
}
