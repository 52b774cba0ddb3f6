/** What links are told of the plan: each change once, worse at once, better when it lasts or somebody looks closer. */
import { beforeEach, expect, test } from 'vitest'
import type { Sample } from '../src/call/sample.ts'
import { SenderController } from '../src/call/sender-controller.ts'
import type { Tuning } from '../src/link/sending.ts'
import type { StreamSize } from '../src/wire/call.ts'
import { peerId, streamId } from '../src/wire/ids.ts'
import { ownCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'

const ben = peerId('ben')
const own = streamId('own')
let me: Alone
let tuner: SenderController
let told: string[]
let takes: boolean
let height: number | null

const camera = { id: own, kind: 'camera', hint: 'motion', sound: true } as const
const words = ({ active, bitsPerSecondMax = 0 }: Tuning): string =>
  active ? `${bitsPerSecondMax / 1_000}` : 'off'

const enter = (kind: 'mesh' | 'star'): void => {
  me = new Alone(kind)
  me.begin()
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  const person = { name: 'Ben', avatar: '', caps: ownCaps }
  if (kind === 'mesh') me.hear(ben, { kind: 'hello', person, password: '' })
  else {
    me.hear(ben, { kind: 'knock', password: '' })
    me.hear(ben, { kind: 'introduce', person })
  }
  me.feed({ type: 'call-announce', own: { streams: [camera], media: null } })
  me.hear(ben, { kind: 'join-call', reply: false })
  me.hear(ben, { kind: 'want-stream', stream: own, of: null })
  told = []
  takes = true
  height = 720
  const stream = () => ({
    getVideoTracks: () => (height === null ? [] : [{ getSettings: () => ({ height }) }]),
  })
  tuner = new SenderController({
    room: () => me.state,
    spokeMs: () => 0,
    find: () => stream() as unknown as MediaStream,
    tune: async (_peer, _stream, kind, tuning) => {
      if (kind === 'video') told.push(words(tuning))
      return takes
    },
  })
}

const shows = (size: StreamSize): void => me.hear(ben, { kind: 'sizes', sizes: new Map([[own, size]]) })
const after = (atMs: number, change: () => void = () => undefined): string[] => {
  change()
  told = []
  tuner.apply(atMs)
  return told
}

const sample = (atMs: number, loss: number, bytes: number, slow = false): Sample => ({
  atMs,
  received: new Map(),
  sent: new Map([['t', { kind: 'video', bytes, loss, slow }]]),
  roundTripMs: null,
  availableBps: null,
})
const measured = (loss: number, slow = false): void =>
  tuner.measured(new Map([[ben, { before: sample(0, 0, 0), after: sample(1_000, loss, 125_000, slow) }]]))

beforeEach(() => enter('mesh'))

test('a link is told once', () => {
  expect(after(0)).toEqual(['1500'])
  expect(after(10_000)).toEqual([])
})
test('of what is worse at once, and of what is better when it has lasted', () => {
  after(0)
  expect(after(100, () => measured(0.2))).toEqual(['740'])
  expect(after(200, () => measured(0))).toEqual([])
  expect(after(6_100)).toEqual(['1500'])
})
test('at once where somebody looks closer, or no longer', () => {
  after(0)
  expect(after(100, () => shows('small'))).toEqual(['140'])
  expect(after(200, () => shows('hidden'))).toEqual(['off'])
  expect(after(300, () => shows('large'))).toEqual(['1500'])
})
test('again after it has become another sender', () => {
  after(0)
  tuner.forget(ben, own)
  expect(after(100)).toEqual(['1500'])
})
test('as soon as there is a picture', () => {
  height = null
  expect(after(0)).toEqual(['off'])
  height = 720
  expect(after(100)).toEqual(['1500'])
})
test('nobody but a host carries anything', () => {
  expect(tuner.carrying).toBeNull()
  enter('star')
  expect(tuner.carrying).toMatchObject({ guests: 1, streams: 1, bitsPerSecond: 0, strained: false })
  measured(0)
  expect(tuner.carrying).toMatchObject({ bitsPerSecond: 1_000_000, strained: false })
  measured(0, true)
  expect(tuner.carrying).toMatchObject({ strained: true })
})

test('what a sender has refused is told again, until it is in force', async () => {
  takes = false
  const first = after(0)
  expect(first).toHaveLength(1)
  await Promise.resolve()
  await Promise.resolve()
  takes = true
  expect(after(2_000)).toEqual(first)
  await Promise.resolve()
  await Promise.resolve()
  expect(after(4_000)).toEqual([])
})
