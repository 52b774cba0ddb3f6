/** Signals of an ICE restart say so, for the way there was may lead nowhere. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Link } from '../src/link/link.ts'
import { ownCaps } from '../src/wire/peer.ts'

class Channel extends EventTarget {
  readonly protocol = ''
  readonly readyState = 'open'
  close = (): void => undefined
}

class Connection extends EventTarget {
  static last: Connection | null = null
  readonly connectionState = 'connected'
  readonly localDescription = { sdp: 'v=0\r\na=ice-ufrag:ours' }
  readonly taken: RTCConfiguration[] = []
  currentRemoteDescription: { sdp: string } | null = null
  constructor() {
    super()
    Connection.last = this
  }
  setConfiguration = (configuration: RTCConfiguration) => {
    this.taken.push(configuration)
  }
  createDataChannel = () => new Channel()
  createOffer = async () => ({ type: 'offer', sdp: 'v=0' })
  createAnswer = async () => ({ type: 'answer', sdp: 'v=0' })
  setLocalDescription = async () => undefined
  setRemoteDescription = async ({ sdp }: { sdp: string }) => {
    this.currentRemoteDescription = { sdp }
  }
  getTransceivers = () => []
  getSenders = () => []
  getStats = async () => new Map()
  close = () => undefined
  /** Null is the end of the candidates. */
  finds(candidate: string | null): void {
    const found =
      candidate === null ? null : { candidate, sdpMLineIndex: 0, sdpMid: '0', usernameFragment: null }
    this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: found }))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('RTCPeerConnection', Connection)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const settled = () => vi.advanceTimersByTimeAsync(0)
const sdp = (fragment: string): string => `v=0\r\na=ice-ufrag:${fragment}\r\n`

/** A link whose first negotiation is over, and what it has said since. */
const linked = async (initiator: boolean, fresh: RTCConfiguration | null = null) => {
  const said: string[] = []
  const link = new Link(
    initiator,
    {},
    {
      signal: ({ type }, restarting) => said.push(restarting ? `${type}, restarting` : type),
      opened: () => undefined,
      frame: () => undefined,
      closed: () => undefined,
      ...(fresh && { configuration: async () => fresh }),
    },
  )
  const pc = Connection.last
  if (!pc) throw new Error('no connection was made')
  await settled()
  link.signal({ type: initiator ? 'answer' : 'offer', sdp: sdp('first'), round: 1 })
  await settled()
  pc.finds(null)
  link.allow(ownCaps)
  said.length = 0
  return { link, pc, said }
}

test('whoever looks says so with all that belongs to it, and with nothing after that', async () => {
  const { link, pc, said } = await linked(true)
  link.findAnotherWay(true)
  await settled()
  pc.finds('one')
  link.signal({ type: 'answer', sdp: sdp('second'), round: 2 })
  await settled()
  pc.finds('two')
  pc.finds(null)
  pc.finds('of another time')
  expect(said).toEqual(['offer, restarting', 'candidate, restarting', 'candidate, restarting', 'candidate'])
})

test.each([true, false])('it takes over fresh ICE servers first; the initiator: %s', async initiator => {
  const fresh = { iceServers: [{ urls: 'stun:fresh.example.org' }] }
  const { link, pc, said } = await linked(initiator, fresh)
  expect(pc.taken).toEqual([])
  if (initiator) link.findAnotherWay(true)
  else link.signal({ type: 'offer', sdp: sdp('second'), round: 3 })
  await settled()
  expect(pc.taken).toEqual([fresh])
  expect(said).toEqual([initiator ? 'offer, restarting' : 'answer, restarting'])
})

test('the end of the candidates is no end before there is an answer', async () => {
  const { link, pc, said } = await linked(true)
  link.findAnotherWay(true)
  await settled()
  pc.finds(null)
  pc.finds('late')
  link.signal({ type: 'answer', sdp: sdp('second'), round: 2 })
  await settled()
  pc.finds('of another time')
  expect(said).toEqual(['offer, restarting', 'candidate, restarting', 'candidate'])
})

test('where the way that there was leads on, what got no answer goes by it', async () => {
  const { link, said } = await linked(true)
  link.findAnotherWay(true)
  await vi.advanceTimersByTimeAsync(8_000)
  expect(said).toEqual(['offer, restarting', 'offer'])
})

test('so does whoever is asked to, and for nothing else', async () => {
  const { link, pc, said } = await linked(false)
  link.signal({ type: 'offer', sdp: sdp('first'), round: 2 })
  await settled()
  expect(said.splice(0)).toEqual(['answer'])
  link.signal({ type: 'offer', sdp: sdp('second'), round: 3 })
  await settled()
  pc.finds('one')
  pc.finds(null)
  pc.finds('of another time')
  expect(said).toEqual(['answer, restarting', 'candidate, restarting', 'candidate'])
})
