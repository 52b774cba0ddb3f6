/** How well we send: what everybody asks for against what the uplinks and the machine carry. */
import { describe, expect, test } from 'vitest'
import {
  allocate,
  freshStrain,
  type SentStream,
  type Situation,
  strainAfter,
} from '../src/call/bitrate-allocator.ts'
import { peerId, streamId } from '../src/wire/ids.ts'

const to = (peer: string, stream: string, more: Partial<SentStream> = {}): SentStream => ({
  peer: peerId(peer),
  stream: streamId(stream),
  kind: 'camera',
  hint: 'motion',
  size: 'large',
  height: 720,
  spokeMs: 0,
  ...more,
})

const situation = (streams: readonly SentStream[], more: Partial<Situation> = {}): Situation => ({
  streams,
  uplinks: new Map(),
  relays: false,
  strain: 0,
  ...more,
})

const way = (peer: string, availableBps: number | null, loss: number | null = null) =>
  new Map([[peerId(peer), { availableBps, loss }]])

const others = (count: number): SentStream[] => Array.from({ length: count }, (_, at) => to(`p${at}`, 'own'))
/** A star with so many guests, everybody with a camera: each gets all but their own. */
const star = (guests: number): SentStream[] =>
  Array.from({ length: guests }, (_, at) =>
    Array.from({ length: guests }, (_, of) => to(`g${at}`, of === at ? 'host' : `s${of}`)),
  ).flat()

const total = (planned: ReturnType<typeof allocate>): number =>
  planned.reduce((sum, { video }) => sum + (video.active ? (video.bitsPerSecondMax ?? 0) : 0), 0)
const pixels = (planned: ReturnType<typeof allocate>): number =>
  planned.reduce((sum, { video }) => {
    const lines = 720 / (video.scaleDownBy ?? 1)
    return sum + (video.active ? lines * lines * (16 / 9) * (video.framesPerSecondMax ?? 30) : 0)
  }, 0)

test('one other person gets all there is', () => {
  const [only] = allocate(situation([to('p', 'own')]))
  expect(only?.video).toEqual({
    active: true,
    bitsPerSecondMax: 1_500_000,
    scaleDownBy: 1,
    framesPerSecondMax: 30,
  })
})

describe('the more people, the less for each', () => {
  test('and a mesh of twenty stays within an ordinary uplink', () => {
    const rates = [1, 3, 6, 12, 19].map(
      count => allocate(situation(others(count)))[0]?.video.bitsPerSecondMax ?? 0,
    )
    expect(rates).toEqual([...rates].sort((a, b) => b - a))
    for (const count of [1, 3, 6, 12, 19])
      expect(total(allocate(situation(others(count))))).toBeLessThan(6_400_000)
  })
  test('and a host’s uplink and machine hold, however many it carries', () => {
    for (const guests of [2, 4, 8, 12, 19]) {
      const planned = allocate(situation(star(guests), { relays: true }))
      expect(planned).toHaveLength(guests * guests)
      expect(total(planned)).toBeLessThanOrEqual(16_000_000)
      expect(pixels(planned)).toBeLessThan(120_000_000)
    }
  })
  test('at the price of those who have been silent longest, once a host can carry no more', () => {
    const all = star(19).map(it => ({ ...it, spokeMs: it.stream === 's3' ? 5 : 0 }))
    const planned = allocate(situation(all, { relays: true }))
    const dropped = planned.filter(({ video }) => !video.active)
    expect(dropped.length).toBe(161)
    expect(dropped.some(({ stream }) => stream === 's3')).toBe(false)
    expect(planned.every(({ audio }) => audio.active)).toBe(true)
  })
})

test('nothing is made larger than it is shown, and what is hidden is not sent', () => {
  const planned = allocate(
    situation([
      to('a', 'own', { size: 'small' }),
      to('b', 'own', { size: 'medium' }),
      to('c', 'own', { size: 'hidden' }),
      to('d', 'own', { height: null }),
    ]),
  )
  expect(planned.map(({ video }) => video.active && video.scaleDownBy)).toEqual([4, 2, false, false])
  expect(planned.every(({ audio }) => audio.active)).toBe(true)
})

test('a small camera is not scaled up, nor down without need', () => {
  const [only] = allocate(situation([to('p', 'own', { height: 360 })]))
  expect(only?.video.scaleDownBy).toBe(1)
})

describe('a narrow way', () => {
  const narrow = (availableBps: number | null, loss: number | null = null) =>
    allocate(situation([to('a', 'own'), to('b', 'own')], { uplinks: way('a', availableBps, loss) }))

  test('makes the picture smaller on it, and on no other', () => {
    const [a, b] = narrow(400_000)
    expect(a?.video.scaleDownBy).toBeGreaterThan(1)
    expect(b?.video.scaleDownBy).toBe(1)
  })
  test('keeps a picture, however narrow it is, and a thinner voice', () => {
    const [a, b] = narrow(0)
    expect(a?.video).toMatchObject({ active: true, scaleDownBy: 4 })
    expect(a?.audio.bitsPerSecondMax).toBeLessThan(b?.audio.bitsPerSecondMax ?? 0)
  })
  test('does not hold back the bits by which a browser finds out that it is wider', () => {
    expect(narrow(400_000)[0]?.video.bitsPerSecondMax).toBe(narrow(null)[0]?.video.bitsPerSecondMax)
  })
  test('that loses much is spared', () => {
    const rates = [null, 0.06, 0.2].map(loss => narrow(null, loss)[0]?.video.bitsPerSecondMax)
    expect(rates).toEqual([1_500_000, 1_120_000, 740_000])
  })
})

describe('screens', () => {
  const screen = (hint: 'text' | 'motion', more: Partial<SentStream> = {}) =>
    to('p', 'screen', { kind: 'screen', hint, height: 1_080, ...more })

  test('come before cameras', () => {
    const planned = allocate(
      situation([...others(8), ...others(8).map(it => ({ ...screen('text'), peer: it.peer }))]),
    )
    const [camera, shared] = [planned[0], planned[8]]
    expect(shared?.video.bitsPerSecondMax).toBeGreaterThan(camera?.video.bitsPerSecondMax ?? 0)
  })
  test('give up pictures for letters, and lines for a film', () => {
    const uplinks = way('p', 100_000)
    const [text] = allocate(situation([screen('text')], { uplinks }))
    const [film] = allocate(situation([screen('motion')], { uplinks: uplinks }))
    expect(text?.video).toMatchObject({ scaleDownBy: 1, framesPerSecondMax: 5 })
    expect(film?.video).toMatchObject({ scaleDownBy: 2, framesPerSecondMax: 30 })
  })
  test('have sound worth listening to', () => {
    const [shared] = allocate(situation([screen('motion')]))
    expect(shared?.audio.bitsPerSecondMax).toBe(128_000)
  })
})

describe('a machine that is too slow', () => {
  test('makes less of every picture', () => {
    const work = [0, 1, 2, 3].map(strain => pixels(allocate(situation(others(6), { strain }))))
    expect(work).toEqual([...work].sort((a, b) => b - a))
    expect(work[3]).toBeLessThan((work[0] ?? 0) / 4)
  })
  test('is noticed at once, given time after each step, and forgiven slowly', () => {
    let strain = freshStrain
    const seen: number[] = []
    for (let tick = 0; tick < 10; tick++) {
      strain = strainAfter(strain, true)
      seen.push(strain.level)
    }
    expect(seen).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 3])
    for (let tick = 0; tick < 40; tick++) strain = strainAfter(strain, false)
    expect(strain.level).toBe(0)
  })
})
