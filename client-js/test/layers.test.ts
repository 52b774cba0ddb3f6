/** A picture in several sizes at once, towards a server that hosts the star: which go, and how what was sent is counted. */
import { describe, expect, test } from 'vitest'
import { allocate, type SentStream, type Situation } from '../src/call/bitrate-allocator.ts'
import { sampleOf, sentBps } from '../src/call/sample.ts'
import type { Tuning } from '../src/link/sending.ts'
import { peerId, streamId } from '../src/wire/ids.ts'

const camera: SentStream = {
  peer: peerId('host'),
  stream: streamId('own'),
  kind: 'camera',
  hint: 'motion',
  size: 'large',
  height: 720,
  spokeMs: 0,
}
const planned = (change: Partial<SentStream> = {}, situation: Partial<Situation> = {}): Tuning | undefined =>
  allocate({
    streams: [{ ...camera, ...change }],
    uplinks: new Map(),
    relays: false,
    layered: true,
    strain: 0,
    ...situation,
  })[0]?.video
/** Scale and bits of each size, the largest first. */
const sizes = (...given: Parameters<typeof planned>): (string | null)[] =>
  (planned(...given)?.layers ?? []).map(({ active, scaleDownBy, bitsPerSecondMax = 0 }) =>
    active ? `1/${scaleDownBy} ${bitsPerSecondMax / 1_000}` : null,
  )

describe('a camera', () => {
  test('goes in all sizes up to the one that somebody looks at', () => {
    expect(sizes()).toEqual(['1/1 1500', '1/2 500', '1/4 150'])
    expect(sizes({ size: 'medium' })).toEqual([null, '1/2 500', '1/4 150'])
    expect(sizes({ size: 'small' })).toEqual([null, null, '1/4 150'])
    expect(planned({ size: 'hidden' })?.active).toBe(false)
  })
  test('with more lines than anybody is sent goes in the same', () => {
    expect(sizes({ height: 1_080 })).toEqual(['1/1.5 1500', '1/3 500', '1/6 150'])
  })
  test('goes in no size in which nothing is to be seen', () => {
    expect(sizes({ height: 240 })).toEqual(['1/1 150', '1/2 80', null])
    expect(sizes({ height: 240, size: 'small' })).toEqual([null, '1/2 80', null])
    expect(sizes({ height: 120 })).toEqual(['1/1 80', null, null])
  })
  test('of a machine that is too slow loses the largest first', () => {
    expect(sizes({}, { strain: 3 })[0]).toBeNull()
    expect(sizes({}, { strain: 3 }).at(-1)).toBe('1/4 150')
  })
  test('of a path that carries little keeps the smallest', () => {
    const uplinks = new Map([[camera.peer, { availableBps: 200_000, loss: null }]])
    expect(sizes({}, { uplinks })).toEqual([null, null, '1/4 150'])
  })
})

test('a screen goes whole, for letters have to be sharp', () => {
  expect(sizes({ kind: 'screen', hint: 'text', height: 1_080 })).toEqual(['1/1 2000', null, null])
})

test('elsewhere a picture goes in one size to each', () => {
  expect(planned({}, { layered: false })).not.toHaveProperty('layers')
})

test('of a picture in several sizes all bytes count, and the worst of what is said of each', () => {
  const report = (bytes: number) => [
    { id: 's', type: 'media-source', trackIdentifier: 't' },
    { id: 'far', type: 'remote-inbound-rtp', fractionLost: 0.25 },
    { id: '1', type: 'outbound-rtp', kind: 'video', mediaSourceId: 's', bytesSent: bytes, remoteId: 'far' },
    {
      id: '2',
      type: 'outbound-rtp',
      kind: 'video',
      mediaSourceId: 's',
      bytesSent: 2 * bytes,
      qualityLimitationReason: 'cpu',
    },
    { id: '3', type: 'outbound-rtp', kind: 'video', mediaSourceId: 's', bytesSent: 3 * bytes },
  ]
  const [before, after] = [sampleOf(report(100), 0), sampleOf(report(200), 1_000)]
  expect(after.sent.get('t')).toEqual({ kind: 'video', bytes: 1_200, loss: 0.25, slow: true })
  expect(sentBps(before, after)).toBe(600 * 8)
})
