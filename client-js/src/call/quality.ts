/** Judges how well a stream arrives, in three steps, from loss, jitter and round trip between two samples. Pure. */
import type { Sample } from './sample.ts'
import type { Measured, Quality } from './state.ts'

/**
 * From here on it is no longer good, or poor. ITU-T G.114 has a delay of 150 ms in one direction, 300 ms there and back,
 * for what people do not notice, and 400 ms for what they put up with; half a second is as much as codecs and
 * buffers at both ends leave of the latter. Opus hides a loss of some percent, which pictures show earlier.
 */
const steps = {
  fair: { roundTripMs: 300, loss: 0.02, jitterMs: 30 },
  poor: { roundTripMs: 500, loss: 0.05, jitterMs: 80 },
} as const

/** Fewer packets than this say nothing about loss: a muted microphone sends hardly any. */
const packetsMin = 20

export const qualityOf = ({ loss, jitterMs, roundTripMs }: Omit<Measured, 'quality'>): Quality => {
  const reaches = (step: (typeof steps)[keyof typeof steps]): boolean =>
    loss >= step.loss || jitterMs >= step.jitterMs || (roundTripMs ?? 0) >= step.roundTripMs
  if (reaches(steps.poor)) return 'poor'
  return reaches(steps.fair) ? 'fair' : 'good'
}

/** Of a stream with these tracks; null while nothing of it comes. */
export const measure = (before: Sample, after: Sample, tracks: readonly string[]): Measured | null => {
  const seconds = (after.atMs - before.atMs) / 1_000
  const here = tracks.flatMap(track => {
    const now = after.received.get(track)
    if (!now) return []
    const then = before.received.get(track) ?? { packets: 0, lost: 0, bytes: 0 }
    // Lost packets that come after all are counted down again.
    const lost = Math.max(0, now.lost - then.lost)
    const packets = Math.max(0, now.packets - then.packets)
    return [{ lost, packets, bytes: Math.max(0, now.bytes - then.bytes), jitterMs: now.jitterMs }]
  })
  const total = (of: 'lost' | 'packets' | 'bytes'): number => here.reduce((sum, it) => sum + it[of], 0)
  const expected = total('packets') + total('lost')
  if (seconds <= 0 || expected === 0) return null
  const measured = {
    loss: expected < packetsMin ? 0 : total('lost') / expected,
    jitterMs: Math.max(...here.map(it => it.jitterMs)),
    roundTripMs: after.roundTripMs,
    bitsPerSecond: (total('bytes') * 8) / seconds,
  }
  return { quality: qualityOf(measured), ...measured }
}

/** Has there been no new picture between the two, although there was one before? */
export const isStalled = (before: Sample, after: Sample, tracks: readonly string[]): boolean =>
  tracks.some(track => {
    const [then, now] = [before.received.get(track)?.frames ?? 0, after.received.get(track)?.frames ?? null]
    return now !== null && now > 0 && now === then
  })
