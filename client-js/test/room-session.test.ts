/** What a stay in a room tells whoever listens, with a server and without a browser. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SignalingClient } from '../src/signaling/client.ts'
import { peerId, roomId } from '../src/wire/ids.ts'

beforeEach(() => void vi.stubGlobal('navigator', {}))
afterEach(() => void vi.unstubAllGlobals())

const begin = async () => {
  const { RoomSession } = await import('../src/core/room-session.ts')
  const signaling = { leave: () => undefined, signal: () => undefined } as unknown as SignalingClient
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
