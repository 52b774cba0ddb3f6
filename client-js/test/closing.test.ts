/** A client that is closed before the server has ever answered: whoever asked it for a room is refused. */
import { beforeEach, expect, test, vi } from 'vitest'

/** A line on which nothing ever comes, not even a failure. */
const silent = () => ({
  io: { on: () => undefined },
  on: () => undefined,
  onAny: () => undefined,
  connect: () => undefined,
  disconnect: () => undefined,
})
vi.mock('socket.io-client', () => ({ io: silent }))
vi.mock('../src/signaling/network.ts', () => ({ watchNetwork: () => () => undefined }))

const { connect } = await import('../src/core/client.ts')
const unreachable = { ok: false, refusal: 'unreachable' }
const server = 'http://silent.example'
const room = { room: 'tea', password: 'p', key: 'k' }
const stay = {
  member: 'mmmmmmmmmmmmmmmmmmmm_-',
  name: 'Ada',
  card: { id: 'tea', name: 'tea', password: '', peersMax: 5, kind: 'mesh' },
  created: false,
  hosting: false,
  guests: [],
  timeline: [],
  read: 0,
  files: [],
  offered: [],
  call: null,
} as unknown as Parameters<ReturnType<typeof connect>['goOn']>[0]

beforeEach(() => {
  vi.stubGlobal('navigator', {})
})

type Ask = (client: ReturnType<typeof connect>) => Promise<unknown>
const asks: readonly [string, Ask][] = [
  ['creates a room', client => client.create({ name: 'tea' }, 'Ada')],
  ['joins a room', client => client.join(room, 'Ada')],
  ['goes on with a stay', client => client.goOn(stay)],
]

test.each(asks)('whoever %s and closes at once is answered', async (_, ask) => {
  const client = connect({ server })
  const answer = ask(client)
  client.close()
  expect(await answer).toEqual(unreachable)
})

test.each(asks)('whoever %s and closes while the server is silent is answered', async (_, ask) => {
  const client = connect({ server })
  const answer = ask(client)
  // By then the request waits for the line.
  await import('../src/core/room-session.ts')
  await new Promise(setImmediate)
  client.close()
  expect(await answer).toEqual(unreachable)
})

test.each(asks)('whoever %s with a closed client is answered', async (_, ask) => {
  const client = connect({ server })
  client.close()
  expect(await ask(client)).toEqual(unreachable)
})
