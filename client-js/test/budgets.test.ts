/** What anybody may cost us: frames, connections, channels and places in lists, each with its bound. */
import { describe, expect, test } from 'vitest'
import { DirectConnections } from '../src/core/direct-connections.ts'
import { ChannelGate } from '../src/files/runtime/channel-gate.ts'
import { FileChannel } from '../src/files/runtime/file-channel.ts'
import { activeUploadsMax, downloadsMax, type FilesState, noFiles } from '../src/files/state.ts'
import { step } from '../src/files/step.ts'
import { ConnectionBudget } from '../src/link/connection-budget.ts'
import { FrameMeter } from '../src/link/frame-meter.ts'
import { append, entriesMax, type Timeline } from '../src/room/timeline.ts'
import { fileId, type MemberId, memberId, peerId } from '../src/wire/ids.ts'
import { encodeFrame } from '../src/wire/json.ts'
import { parseMesh, writeMesh } from '../src/wire/mesh.ts'
import { noCaps, type PeerMessage, type Received } from '../src/wire/peer.ts'
import { chat } from './words.ts'

const eve = peerId('eve')
const media = { muted: false, cameraOff: false, pushToTalk: false }
const person = { name: 'Eve', avatar: '', caps: noCaps }
const direct: PeerMessage = {
  kind: 'direct',
  to: null,
  id: 'x',
  signal: { type: 'renegotiate', renegotiate: true },
}

/** How many of so many messages are taken at once, and how many more after ten seconds. */
const flood = (message: PeerMessage): { atOnce: number; later: number } => {
  let now = 0
  const meter = new FrameMeter(() => now)
  const taken = (): number => {
    let count = 0
    for (let at = 0; at < 30_000; at++) if (meter.charge(eve, { source: null, message }).received) count += 1
    return count
  }
  const atOnce = taken()
  now = 10_000
  return { atOnce, later: taken() }
}

describe('frames', () => {
  const kinds: readonly PeerMessage[] = [
    chat('x'),
    { kind: 'hello', person, password: '' },
    { kind: 'introduce', person },
    { kind: 'typing', on: true },
    { kind: 'lost', id: memberId('2') },
    { kind: 'roster', members: [] },
    { kind: 'card', name: '', peersMax: 1, password: '', peers: 1 },
    { kind: 'history', messages: [] },
    { kind: 'media', media },
    { kind: 'join-call', reply: false },
    { kind: 'calls', calls: new Map() },
    { kind: 'sizes', sizes: new Map() },
    { kind: 'ask-roster' },
    { kind: 'ask-card' },
    { kind: 'ask-history' },
    { kind: 'file-withdrawn', file: fileId('f'), lost: true },
    { kind: 'moved', to: peerId('x') },
    { kind: 'moved-noted' },
    direct,
    { kind: 'signal', signal: { type: 'renegotiate', renegotiate: true } },
  ]

  test.each(kinds.map(message => [message.kind, message] as const))(
    'a flood of %s is cut off',
    (_, message) => {
      const { atOnce, later } = flood(message)
      expect(atOnce).toBeGreaterThanOrEqual(20)
      expect(atOnce).toBeLessThanOrEqual(400)
      expect(later).toBeGreaterThan(0)
      expect(later).toBeLessThanOrEqual(atOnce)
    },
  )

  test('five hundred messages in half a minute all come', () => {
    let now = 0
    const meter = new FrameMeter(() => now)
    let taken = 0
    for (let count = 0; count < 500; count++) {
      now += 60
      if (meter.charge(eve, { source: null, message: chat(`${count}`) }).received) taken += 1
    }
    expect(taken).toBe(500)
  })

  test('what nobody understands is charged before it is decoded', () => {
    const meter = new FrameMeter(() => 0)
    let parsed = 0
    const parse = (value: unknown): Received | null => {
      parsed += 1
      return parseMesh(value)
    }
    for (let count = 0; count < 30_000; count++) meter.receive(eve, '{"type":99}', parse)
    expect(parsed).toBeLessThanOrEqual(20_000)
    const words = writeMesh(chat('late'), memberId('me'))
    expect(meter.receive(eve, encodeFrame(words), parse).received).toBeNull()
  })

  test('large frames are charged by their size', () => {
    const meter = new FrameMeter(() => 0)
    const large = 'x'.repeat(65_536)
    let parsed = 0
    const parse = (): null => {
      parsed += 1
      return null
    }
    for (let count = 0; count < 5_000; count++) meter.receive(eve, large, parse)
    expect(parsed).toBeLessThanOrEqual(1_024)
  })

  test('one guest behind a host uses up nothing of another, and made-up ones share', () => {
    const meter = new FrameMeter(() => 0)
    const said = (source: string): boolean =>
      meter.charge(eve, { source: memberId(source), message: chat('x') }).received !== null
    for (let count = 0; count < 1_000; count++) said('2')
    expect(said('2')).toBe(false)
    expect(said('3')).toBe(true)
    let taken = 0
    for (let count = 0; count < 50_000; count++) if (said(`made up ${count}`)) taken += 1
    expect(taken).toBeLessThan(200)
  })

  test('of a list of files as many are shown as are paid for, and it is said once', () => {
    const meter = new FrameMeter(() => 0)
    const files = Array.from({ length: 20 }, (_, at) => ({
      id: fileId(`${at}`),
      name: '',
      size: 1,
      media: '',
    }))
    let shown = 0
    let warned = 0
    for (let count = 0; count < 50; count++) {
      const { received, tooFast } = meter.charge(eve, { source: null, message: { ...chat(''), files } })
      if (received?.message.kind === 'chat') shown += received.message.files?.length ?? 0
      if (tooFast) warned += 1
    }
    expect(shown).toBe(120)
    expect(warned).toBe(1)
  })

  /** How often it is told that this speaker was too fast, in a flood of words and files. */
  const told = (meter: FrameMeter, source: MemberId | null): number => {
    const files = Array.from({ length: 40 }, (_, at) => ({
      id: fileId(`${at}`),
      name: '',
      size: 1,
      media: '',
    }))
    return Array.from({ length: 200 }, () =>
      meter.charge(eve, { source, message: { ...chat(''), files } }),
    ).filter(it => it.tooFast).length
  }

  test('of a flood that pauses it is said once, and again only after a calm minute', () => {
    let now = 0
    const meter = new FrameMeter(() => now)
    let count = 0
    // In five seconds everything that words are paid from is there again.
    for (let times = 0; times < 60; times++, now += 5_000) count += told(meter, null)
    expect(count).toBe(1)
    now += 54_999
    expect(told(meter, null)).toBe(0)
    now += 60_000
    expect(told(meter, null)).toBe(1)
  })

  test('of two speakers it is said once each', () => {
    const meter = new FrameMeter(() => 0)
    const [ada, ben] = [memberId('ada'), memberId('ben')]
    expect([told(meter, ada), told(meter, ben), told(meter, ada), told(meter, ben)]).toEqual([1, 1, 0, 0])
  })
})

describe('connections', () => {
  test('whoever calls again and again is called back no faster than is bearable', () => {
    let now = 0
    const budget = new ConnectionBudget(() => now)
    const taken = (who: string): number =>
      Array.from({ length: 1_000 }, () => budget.take(who)).filter(Boolean).length
    expect(taken('eve')).toBe(24)
    expect(taken('bob')).toBe(24)
    now = 60_000
    expect(taken('eve')).toBe(12)
    expect(taken('eve')).toBe(0)
  })

  test('offers through a host make no more of them', () => {
    let made = 0
    const budget = new ConnectionBudget(() => 0)
    const nothing = (): void => undefined
    const direct = new DirectConnections({
      connect: member => {
        if (budget.take(member)) made += 1
        return {
          signal: nothing,
          send: nothing,
          whenDrained: async () => undefined,
          openFileChannel: () => null,
          close: nothing,
        }
      },
      signal: nothing,
      acceptChannel: nothing,
      changed: nothing,
    })
    for (let count = 0; count < 1_000; count++)
      direct.receive(memberId('2'), `${count}`, { type: 'offer', sdp: 'v=0' })
    expect(made).toBe(24)
  })
})

describe('file channels', () => {
  test('only so many are taken from a member at once', () => {
    const gate = new ChannelGate()
    const eve = memberId('eve')
    const open = Array.from({ length: 50 }, () => gate.admit(eve, 0)).filter(it => it !== null)
    expect(open).toHaveLength(16)
    open[0]?.()
    open[0]?.()
    expect([gate.admit(eve, 0), gate.admit(eve, 0)].filter(it => it !== null)).toHaveLength(1)
    let taken = 0
    const bob = memberId('bob')
    for (let count = 0; count < 5_000; count++) {
      const identify = gate.admit(bob, 0)
      identify?.()
      if (identify) taken += 1
    }
    expect(taken).toBe(1_000)
  })

  test('whoever pauses without end loses the channel', () => {
    const channel = new EventTarget()
    let closed = 0
    let heard = 0
    Object.assign(channel, {
      readyState: 'open',
      bufferedAmount: 0,
      close: () => undefined,
      send: () => undefined,
    })
    const nothing = (): void => undefined
    const held = new FileChannel({
      opened: nothing,
      message: () => {
        heard += 1
      },
      bytes: nothing,
      drained: nothing,
      closed: () => {
        closed += 1
      },
    })
    held.attach(channel as RTCDataChannel)
    for (let count = 0; count < 5_000; count++)
      channel.dispatchEvent(new MessageEvent('message', { data: `{"type":"pause","on":${count % 2 === 0}}` }))
    expect(heard).toBeLessThan(300)
    expect(closed).toBe(1)
  })
})

describe('lists', () => {
  const said = (timeline: Timeline, from: string | null, text: string): Timeline =>
    append(
      timeline,
      {
        kind: 'chat',
        name: from ?? 'Me',
        from: from === null ? null : memberId(from),
        own: from === null,
        text,
        id: null,
        replyTo: null,
        delivery: 'sent',
      },
      0,
    )

  test('whoever says most pushes out what they said themselves, and several together do not either', () => {
    let timeline: Timeline = []
    for (let count = 0; count < 40; count++) {
      timeline = said(timeline, 'ada', `kept ${count}`)
      timeline = said(timeline, null, `mine ${count}`)
    }
    for (let count = 0; count < 3 * entriesMax.chat; count++)
      timeline = said(timeline, `eve ${count % 15}`, 'flood')
    const texts = timeline.flatMap(it => (it.kind === 'chat' ? [it.text] : []))
    expect(texts).toHaveLength(entriesMax.chat)
    expect(texts.filter(it => it.startsWith('kept'))).toHaveLength(40)
    expect(texts.filter(it => it.startsWith('mine'))).toHaveLength(40)
  })

  const offers = (state: FilesState, owner: MemberId, count: number, prefix: string): FilesState => {
    let now = state
    for (let at = 0; at < count; at++) {
      const file = { id: fileId(`${prefix}${at}`), name: 'a', size: 1, media: '' }
      now = step(now, { type: 'offered', owner, file }, 0).state
    }
    return now
  }
  const [ada, mallory] = [memberId('ada'), memberId('mallory')]
  const route = { name: '', direct: true, transport: 'channel' } as const
  const routed = step(
    noFiles,
    {
      type: 'routes',
      routes: new Map([
        [ada, route],
        [mallory, route],
      ]),
    },
    0,
  ).state

  test('a burst of offers pushes out offers of the same person', () => {
    const state = offers(offers(routed, ada, 30, 'a'), mallory, 3 * downloadsMax, 'm')
    const owners = [...state.downloads.values()].map(it => it.owner)
    expect(owners.filter(it => it === ada)).toHaveLength(30)
    expect(owners).toHaveLength(downloadsMax)
  })

  test('one who asks for everything in the original’s words leaves room for others', () => {
    let state: FilesState = routed
    for (let at = 0; at < 200; at++)
      state = step(
        state,
        { type: 'share', file: { id: fileId(`${at}`), name: '', size: 1, media: '' } },
        0,
      ).state
    const ask = (from: MemberId, at: number): void => {
      const signal = { kind: 'download', from: at, file: fileId(`${at}`), mode: 0 } as const
      state = step(state, { type: 'signal', from, signal }, 0).state
    }
    for (let at = 0; at < 200; at++) ask(mallory, at)
    ask(ada, 1)
    const members = [...state.uploads.values()].map(it => it.member)
    expect(members.filter(it => it === mallory)).toHaveLength(activeUploadsMax)
    expect(members).toContain(ada)
  })
})
