/** What a stay in a room tells whoever listens, with a server and without a browser. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SignalingClient } from '../src/signaling/client.ts'
import { peerId, roomId } from '../src/wire/ids.ts'
import { soon } from './soon.ts'

beforeEach(() => void vi.stubGlobal('navigator', {}))
afterEach(() => void vi.unstubAllGlobals())

const begin = async (signal: SignalingClient['signal'] = () => undefined) => {
  const { RoomSession } = await import('../src/core/room-session.ts')
  const signaling = { leave: () => undefined, signal } as unknown as SignalingClient
  const card = { id: roomId('r'), name: 'room', password: '', peersMax: 8, kind: 'mesh' as const }
  return new RoomSession(
    signaling,
    { id: peerId('me'), iceServers: [], resume: null },
    { card, host: null },
    'Me',
    {
      configuration: () => ({}),
      freshConfiguration: async () => ({}),
      ended: () => undefined,
    },
  )
}

test('every change is told once', async () => {
  const session = await begin()
  const told: unknown[] = []
  session.on('changed', state => told.push(state))
  session.serverLost()
  expect(told).toEqual([session.state])
  session.leave()
})

test('a browser that makes no connection leaves the room as it is, and the peer unreached', async () => {
  vi.stubGlobal('RTCPeerConnection', () => {
    throw new DOMException('', 'UnknownError')
  })
  const session = await begin()
  session.notice({ type: 'peer-joined', room: roomId('r'), peer: peerId('ben') })
  expect([...session.state.links.values()].map(({ phase }) => phase)).not.toContain('ready')
  session.serverLost()
  expect(session.state.membership.type).toBe('offline')
  session.leave()
})

class Connection extends EventTarget {
  static made = 0
  readonly connectionState = 'new'
  signalingState = 'stable'
  localDescription: { sdp: string } | null = null
  constructor() {
    super()
    Connection.made++
  }
  createDataChannel = () =>
    Object.assign(new EventTarget(), { protocol: '', readyState: 'connecting', close: () => undefined })
  createOffer = async () => ({ type: 'offer' })
  createAnswer = async () => ({ type: 'answer' })
  setLocalDescription = async ({ type }: { type: string }) => {
    this.localDescription = { sdp: `v=0\r\na=ice-ufrag:ours${Connection.made}\r\n` }
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable'
  }
  setRemoteDescription = async () => undefined
  getTransceivers = () => []
  getSenders = () => []
  getStats = async () => new Map()
  close = () => undefined
}

test.each([
  ['ann', ['offer', 'offer'], 1],
  ['zoe', ['offer', 'answer'], 2],
])(
  'of two pages that call each other at once, the greater one’s call stands: me and %s',
  async (name, signals, made) => {
    vi.stubGlobal('RTCPeerConnection', Connection)
    Connection.made = 0
    const said: string[] = []
    const session = await begin((_to, _room, { type }) => said.push(type))
    const peer = peerId(name)
    session.notice({ type: 'peer-joined', room: roomId('r'), peer })
    await soon(() => expect(said).toEqual(['offer']))
    const signal = { type: 'offer', sdp: 'v=0\r\na=ice-ufrag:theirs\r\n', round: 1 } as const
    session.notice({ type: 'signal', room: roomId('r'), peer, signal })
    await soon(() => expect(said).toEqual(signals))
    expect(Connection.made).toBe(made)
    session.leave()
  },
)
