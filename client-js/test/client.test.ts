/** A page's stay at a server: what it does of itself when the server answers, with a server and links made up. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SignalingPorts } from '../src/signaling/client.ts'
import type { IceServer } from '../src/wire/ice.ts'
import { memberId, peerId, roomId } from '../src/wire/ids.ts'
import type { Resumed } from '../src/wire/resume.ts'
import type { Identity } from '../src/wire/server.ts'

const server = vi.hoisted(() => ({
  ports: null as SignalingPorts | null,
  left: [] as string[],
  answers: true,
  keepsRooms: true,
  created: 0,
  fresh: [] as IceServer[] | null,
  asked: 0,
  watching: new Set<object>(),
  freshConfiguration: async (): Promise<RTCConfiguration> => ({}),
}))
vi.mock('../src/signaling/network.ts', () => ({
  watchNetwork: () => {
    const watch = {}
    server.watching.add(watch)
    return () => server.watching.delete(watch)
  },
}))
vi.mock('../src/signaling/client.ts', () => ({
  SignalingClient: class {
    constructor(_options: unknown, ports: SignalingPorts) {
      server.ports = ports
    }
    get keepsRooms() {
      return server.keepsRooms
    }
    whenAnswered = async () => server.answers
    leave = (room: string) => void server.left.push(room)
    iceServers = async () => {
      server.asked += 1
      return server.fresh
    }
    ask = async (event: string) => {
      if (event === 'CREATE-ROOM') server.created += 1
      return null
    }
    signal = () => undefined
    close = () => undefined
    reopen = () => undefined
  },
}))

vi.mock('../src/core/room-session.ts', async original => {
  const parts = await original<typeof import('../src/core/room-session.ts')>()
  return {
    ...parts,
    RoomSession: class extends parts.RoomSession {
      constructor(...all: ConstructorParameters<typeof parts.RoomSession>) {
        super(...all)
        server.freshConfiguration = all[4].freshConfiguration
      }
    },
  }
})

const { connect } = await import('../src/core/client.ts')
const [ours, earlier] = [roomId('ours'), roomId('earlier')]
const identity = (iceServers: IceServer[] = []): Identity => ({ id: peerId('me'), iceServers, resume: null })
const inRooms = (...rooms: (typeof ours)[]): Resumed => ({
  received: 0,
  complete: true,
  rooms: rooms.map(room => ({ room, host: null, members: [peerId('me')] })),
})
const stay = {
  member: memberId('mmmmmmmmmmmmmmmmmmmm_-'),
  name: 'Ada',
  card: { id: ours, name: 'tea', password: '', peersMax: 5, kind: 'mesh' as const },
  created: false,
  hosting: false,
  guests: [],
  timeline: [],
  read: 0,
  files: [],
  offered: [],
  call: null,
}
/** In milliseconds since 1970, as the user name of a TURN account gives it in seconds. */
const account = (end: number): IceServer => ({
  urls: ['turn:relay'],
  username: `${Math.round(end / 1_000)}:p`,
  credential: 'c',
})

beforeEach(() => {
  vi.stubGlobal('navigator', {})
  vi.useFakeTimers({ now: 1_000_000_000_000 })
  Object.assign(server, {
    left: [],
    answers: true,
    keepsRooms: true,
    created: 0,
    asked: 0,
    watching: new Set(),
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a room of an earlier page that this one does not go on in is left', async () => {
  const client = connect()
  const going = client.goOn(stay)
  server.ports?.connected(identity(), inRooms(ours, earlier))
  expect(await going).toMatchObject({ ok: true })
  expect(server.left).toEqual([earlier])
  server.ports?.connected(identity(), inRooms(ours))
  expect(server.left).toEqual([earlier])
  client.close()
})
test('a room to go on in is not left while that is tried again', async () => {
  const client = connect()
  server.answers = false
  expect(await client.goOn(stay)).toEqual({ ok: false, refusal: 'unreachable' })
  server.ports?.connected(identity(), inRooms(ours, earlier))
  expect(server.left).toEqual([earlier])
  server.answers = true
  expect(await client.goOn(stay)).toMatchObject({ ok: true })
  expect(server.left).toEqual([earlier])
  client.close()
})
test('a room that is given up is left', async () => {
  const client = connect()
  server.answers = false
  await client.goOn(stay)
  server.ports?.connected(identity(), inRooms(ours))
  client.giveUp(stay)
  expect(server.left).toEqual([ours])
  client.close()
})
test('an earlier room is left before this page asks to enter it', async () => {
  const client = connect()
  const joining = client.join({ room: 'ours' }, 'Ada')
  server.ports?.connected(identity(), inRooms(ours))
  expect(server.left).toEqual([ours])
  await joining
  client.close()
})
test('without a stay to go on with, every room of an earlier page is left', () => {
  const client = connect()
  server.ports?.connected(identity(), inRooms(ours, earlier))
  expect(server.left).toEqual([ours, earlier])
  client.close()
})
test('a room is not made while nobody knows whether the server keeps rooms', async () => {
  const client = connect()
  server.answers = false
  expect(await client.create({ name: 'tea' }, 'Ada')).toEqual({ ok: false, refusal: 'unreachable' })
  expect(server.created).toBe(0)
  client.close()
})
test('accounts of TURN servers are renewed before they end, also where no connection asks for them', async () => {
  const client = connect()
  server.fresh = [account(Date.now() + 7_200_000)]
  server.ports?.connected(identity([account(Date.now() + 3_600_000)]), null)
  await vi.advanceTimersByTimeAsync(3_200_000)
  expect(server.asked).toBe(0)
  await vi.advanceTimersByTimeAsync(200_000)
  expect(server.asked).toBe(1)
  expect(client.iceServers).toEqual(server.fresh)
  client.close()
  await vi.advanceTimersByTimeAsync(9_000_000)
  expect(server.asked).toBe(1)
})
test('servers that come with a room take the place of those before, and are renewed in their turn', async () => {
  const client = connect()
  const told: unknown[] = []
  client.on('iceServers', () => told.push(client.iceServers))
  server.ports?.connected(identity([{ urls: ['stun:s'] }]), null)
  const inside = [{ urls: ['stun:s'] }, account(Date.now() + 3_600_000)]
  server.ports?.iceServers(inside)
  expect(told).toEqual([[{ urls: ['stun:s'] }], inside])
  server.fresh = [account(Date.now() + 7_200_000)]
  await vi.advanceTimersByTimeAsync(3_400_000)
  expect([server.asked, told.at(-1)]).toEqual([1, server.fresh])
  server.ports?.disconnected()
  server.ports?.iceServers(inside)
  expect(client.iceServers).toEqual([])
  client.close()
})
test('accounts that could not be renewed are asked for again', async () => {
  const client = connect()
  server.fresh = null
  server.ports?.connected(identity([account(Date.now() + 3_600_000)]), null)
  await vi.advanceTimersByTimeAsync(3_310_000)
  expect(server.asked).toBe(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(server.asked).toBe(2)
  client.close()
})
test('a restart has the servers that hold now, and several at a time ask once', async () => {
  const client = connect()
  const before = [account(Date.now() + 3_600_000)]
  const going = client.goOn(stay)
  server.ports?.connected(identity(before), inRooms(ours))
  expect(await going).toMatchObject({ ok: true })
  server.fresh = [account(Date.now() + 7_200_000)]
  const restarts = [server.freshConfiguration(), server.freshConfiguration()]
  expect(await Promise.all(restarts)).toEqual([{ iceServers: server.fresh }, { iceServers: server.fresh }])
  expect([server.asked, client.iceServers]).toEqual([1, server.fresh])
  const known = server.fresh
  server.fresh = null
  expect(await server.freshConfiguration()).toEqual({ iceServers: known })
  expect(server.asked).toBe(2)
  client.close()
})
test('a client that was closed and opened again watches the network again', () => {
  const client = connect()
  client.close()
  expect(server.watching.size).toBe(0)
  client.reopen()
  expect(server.watching.size).toBe(1)
  client.close()
})
