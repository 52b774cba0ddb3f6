/** How well it arrives: numbers out of a browser's statistics, and the three steps that are made of them. */
import { describe, expect, test } from 'vitest'
import { SpeakingDetector } from '../src/call/level.ts'
import { isStalled, measure, qualityOf } from '../src/call/quality.ts'
import { sampleOf, sentBps } from '../src/call/sample.ts'

const report = (packets: number, lost: number, more: object = {}) => [
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
  { id: 'X', type: 'candidate-pair', nominated: true, currentRoundTripTime: 9 },
  { id: 'P', type: 'candidate-pair', currentRoundTripTime: 0.02, availableOutgoingBitrate: 700_000 },
  {
    id: 'I',
    type: 'inbound-rtp',
    kind: 'audio',
    trackIdentifier: 'voice',
    packetsReceived: packets,
    packetsLost: lost,
    jitter: 0.004,
    bytesReceived: packets * 100,
    ...more,
  },
  { id: 'S', type: 'media-source', trackIdentifier: 'own' },
  {
    id: 'O',
    type: 'outbound-rtp',
    kind: 'video',
    mediaSourceId: 'S',
    remoteId: 'R',
    bytesSent: packets * 1_000,
    qualityLimitationReason: 'cpu',
  },
  { id: 'R', type: 'remote-inbound-rtp', fractionLost: 0.03 },
]

test('a sample is what the connection in use says', () => {
  const sample = sampleOf(report(100, 2), 5_000)
  expect(sample).toMatchObject({ atMs: 5_000, roundTripMs: 20, availableBps: 700_000 })
  expect(sample.received.get('voice')).toEqual({
    kind: 'audio',
    packets: 100,
    lost: 2,
    jitterMs: 4,
    bytes: 10_000,
    frames: null,
  })
  expect(sample.sent.get('own')).toEqual({ kind: 'video', bytes: 100_000, loss: 0.03, slow: true })
})

test.each([[[]], [[null, 7, 'x']], [[{ type: 'inbound-rtp', packetsReceived: 'many', jitter: Number.NaN }]]])(
  'a browser that says %j gives a sample all the same',
  entries => {
    expect(sampleOf(entries, 1)).toMatchObject({ roundTripMs: null, availableBps: null })
  },
)

test('what is sent is counted between two samples', () => {
  expect(sentBps(sampleOf(report(0, 0), 0), sampleOf(report(100, 0), 2_000))).toBe(400_000)
  expect(sentBps(sampleOf(report(100, 0), 2_000), sampleOf(report(0, 0), 4_000))).toBe(0)
})

describe('quality', () => {
  const between = (lost: number, more: object = {}) =>
    measure(sampleOf(report(1_000, 50), 0), sampleOf(report(1_200, 50 + lost, more), 4_000), ['voice'])

  test('goes by what was lost since, not ever', () => {
    expect(between(0)).toEqual({
      quality: 'good',
      loss: 0,
      jitterMs: 4,
      roundTripMs: 20,
      bitsPerSecond: 40_000,
    })
    expect(between(3)?.quality).toBe('good')
    expect(between(5)?.quality).toBe('fair')
    expect(between(11)?.quality).toBe('poor')
  })
  test('goes by jitter too, and by the round trip', () => {
    expect(between(0, { jitter: 0.03 })?.quality).toBe('fair')
    expect(between(0, { jitter: 0.08 })?.quality).toBe('poor')
    const calm = { loss: 0, jitterMs: 0, bitsPerSecond: 0 }
    // Europe to California and back takes 150 ms, without a fault.
    expect([10, 150, 299, 300, 499, 500].map(roundTripMs => qualityOf({ ...calm, roundTripMs }))).toEqual([
      'good',
      'good',
      'good',
      'fair',
      'fair',
      'poor',
    ])
    expect(qualityOf({ ...calm, roundTripMs: null })).toBe('good')
  })
  test('is unknown where nothing comes', () => {
    const still = sampleOf(report(1_000, 50), 4_000)
    expect(measure(sampleOf(report(1_000, 50), 0), still, ['voice'])).toBeNull()
    expect(measure(sampleOf([], 0), still, ['another'])).toBeNull()
  })
  test('does not judge a way by a handful of packets', () => {
    const before = sampleOf(report(1_000, 50), 0)
    expect(measure(before, sampleOf(report(1_004, 53), 4_000), ['voice'])?.quality).toBe('good')
  })
  test('is not misled by packets that come late after all', () => {
    expect(between(-20)?.loss).toBe(0)
  })
})

test('a picture has stalled when no new one comes, and not before the first', () => {
  const at = (frames: number) =>
    sampleOf([{ type: 'inbound-rtp', kind: 'video', trackIdentifier: 'v', framesDecoded: frames }], 0)
  expect(isStalled(at(10), at(10), ['v'])).toBe(true)
  expect(isStalled(at(10), at(12), ['v'])).toBe(false)
  expect(isStalled(at(0), at(0), ['v'])).toBe(false)
  expect(isStalled(at(10), at(10), ['another'])).toBe(false)
})

test('a voice is one through a pause for breath, and no longer', () => {
  const voices = new SpeakingDetector<string>()
  const at = (ms: number, level: number): boolean => voices.update(new Map([['a', level]]), ms).has('a')
  expect([at(0, 0.001), at(100, 0.2), at(400, 0), at(700, 0), at(801, 0)]).toEqual([
    false,
    true,
    true,
    true,
    false,
  ])
  expect([...voices.update(new Map(), 900)]).toEqual([])
})
