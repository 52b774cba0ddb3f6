/** Who speaks and how well it arrives, while some of what a browser is asked for throws, rejects or never comes. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listen } from '../src/call/level.ts'
import { StatsMonitor, type WatchedLink } from '../src/call/stats-monitor.ts'
import { peerId, streamId } from '../src/wire/ids.ts'

const ben = peerId('ben')
const cleo = peerId('cleo')

class Track {
  stopped = 0
  doubles: Track[] = []
  enabled = false
  clone(): Track {
    const double = new Track()
    this.doubles.push(double)
    return double
  }
  stop(): void {
    this.stopped += 1
  }
}

const microphone = () => {
  const track = new Track()
  return { track, given: track as unknown as MediaStreamTrack }
}

const entries = (packets: number) => [
  {
    type: 'inbound-rtp',
    kind: 'audio',
    trackIdentifier: 'voice',
    packetsReceived: packets,
    bytesReceived: 9,
  },
]

const watch = (links: ReadonlyMap<ReturnType<typeof peerId>, WatchedLink>) => {
  const measured: string[][] = []
  const monitor = new StatsMonitor({
    links: () => links,
    received: () =>
      [...links.keys()].map(peer => ({ peer, id: streamId(`${peer} stream`), tracks: ['voice'] })),
    speaking: () => undefined,
    own: () => undefined,
    measured: ({ streams }) => measured.push([...streams.keys()]),
  })
  return { monitor, measured }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test.each([
  [
    'rejects once',
    (asked: number) => (asked === 1 ? Promise.reject(new Error()) : Promise.resolve(entries(asked * 100))),
  ],
  [
    'never comes once',
    (asked: number) =>
      asked === 1 ? new Promise<never>(() => undefined) : Promise.resolve(entries(asked * 100)),
  ],
])('statistics go on after a report that %s', async (_what, report) => {
  let asked = 0
  let others = 0
  const levels = () => new Map<string, number>()
  const { monitor, measured } = watch(
    new Map([
      [ben, { stats: () => report(++asked), levels }],
      [cleo, { stats: async () => entries(++others * 100), levels }],
    ]),
  )
  monitor.run(true)
  await vi.advanceTimersByTimeAsync(20_000)
  monitor.run(false)
  expect(measured.at(-1)).toEqual(['ben stream', 'cleo stream'])
})

test('a link whose levels cannot be read does not keep the others from being heard', async () => {
  const speaking: string[][] = []
  const stats = async () => null
  const monitor = new StatsMonitor({
    links: () =>
      new Map<ReturnType<typeof peerId>, WatchedLink>([
        [
          ben,
          {
            stats,
            levels: () => {
              throw new DOMException('', 'InvalidStateError')
            },
          },
        ],
        [cleo, { stats, levels: () => new Map([['voice', 0.5]]) }],
      ]),
    received: () => [{ peer: cleo, id: streamId('s'), tracks: ['voice'] }],
    speaking: heard => speaking.push([...heard]),
    own: () => undefined,
    measured: () => undefined,
  })
  monitor.run(true)
  await vi.advanceTimersByTimeAsync(1_000)
  monitor.run(false)
  expect(speaking.at(-1)).toEqual(['s'])
})

const refusing = (where: 'constructor' | 'source' | 'missing') => {
  const closed: string[] = []
  class Context {
    state = 'running'
    constructor() {
      if (where === 'constructor') throw new DOMException('', 'NotSupportedError')
    }
    createMediaStreamSource(): never {
      throw new DOMException('', 'NotSupportedError')
    }
    async close(): Promise<void> {
      closed.push('closed')
      throw new Error('already')
    }
  }
  vi.stubGlobal('MediaStream', class {})
  vi.stubGlobal('AudioContext', where === 'missing' ? undefined : Context)
  return closed
}

test.each(['constructor', 'source', 'missing'] as const)(
  'a microphone that cannot be listened to (%s) is tried once, and no double of it is kept',
  where => {
    const closed = refusing(where)
    const { monitor } = watch(new Map())
    const { track, given } = microphone()
    expect(listen(given)).toBeNull()
    expect(closed).toHaveLength(where === 'source' ? 1 : 0)
    monitor.monitorOwn(given)
    monitor.monitorOwn(given)
    expect(track.doubles).toHaveLength(1)
    expect(track.doubles[0]?.stopped).toBe(1)
    expect(track.stopped).toBe(0)
  },
)
