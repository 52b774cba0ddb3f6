/** What the far end of a link can make it do: no more signals than a browser sends, and no channels beside the one. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { canConnect } from '../src/link/browser-api.ts'
import { Link } from '../src/link/link.ts'

class Channel extends EventTarget {
  readonly protocol = ''
  readyState = 'open'
  bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  binaryType = ''
  closed = false
  send = (): void => undefined
  close = (): void => {
    this.closed = true
  }
}

class Connection extends EventTarget {
  static last: Connection | null = null
  candidates = 0
  offers = 0
  localDescription = { sdp: 'v=0' }
  currentLocalDescription = null
  currentRemoteDescription = null
  constructor() {
    super()
    Connection.last = this
  }
  createDataChannel = () => new Channel()
  createOffer = async () => {
    this.offers += 1
    return { type: 'offer', sdp: 'v=0' }
  }
  createAnswer = async () => ({ type: 'answer', sdp: 'v=0' })
  setLocalDescription = async () => undefined
  setRemoteDescription = async () => undefined
  addIceCandidate = async () => {
    this.candidates += 1
  }
  getTransceivers = () => []
  getSenders = () => []
  getStats = async () => new Map()
  close = () => undefined
  opens(channel: Channel): void {
    this.dispatchEvent(Object.assign(new Event('datachannel'), { channel }))
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

const begin = (initiator: boolean) => {
  const link = new Link(
    initiator,
    {},
    { signal: () => undefined, opened: () => undefined, frame: () => undefined, closed: () => undefined },
  )
  const pc = Connection.last
  if (!pc) throw new Error('no connection was made')
  return { link, pc }
}

test('a flood of candidates is cut off, and later ones are heard again', async () => {
  const { link, pc } = begin(false)
  link.signal({ type: 'offer', sdp: 'v=0' })
  const candidate = { candidate: 'c', sdpMLineIndex: 0, sdpMid: '0', usernameFragment: null }
  for (let count = 0; count < 5_000; count++) link.signal({ type: 'candidate', candidate })
  await vi.advanceTimersByTimeAsync(0)
  expect(pc.candidates).toBeGreaterThan(100)
  expect(pc.candidates).toBeLessThanOrEqual(400)
  await vi.advanceTimersByTimeAsync(5_000)
  link.signal({ type: 'candidate', candidate })
  await vi.advanceTimersByTimeAsync(0)
  expect(pc.candidates).toBeLessThanOrEqual(401)
  link.close()
})

test('asking for one negotiation after the other makes no endless round', async () => {
  const { link, pc } = begin(true)
  await vi.advanceTimersByTimeAsync(0)
  for (let count = 0; count < 2_000; count++) {
    link.signal({ type: 'answer', sdp: 'v=0' })
    link.signal({ type: 'renegotiate', renegotiate: true })
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(pc.offers).toBeGreaterThan(5)
  expect(pc.offers).toBeLessThan(100)
  link.close()
})

test('a second channel that is for no file is closed', () => {
  const { link, pc } = begin(false)
  const [first, second] = [new Channel(), new Channel()]
  pc.opens(first)
  pc.opens(second)
  expect(first.closed).toBe(false)
  expect(second.closed).toBe(true)
  link.close()
})

test('a browser without WebRTC, or with one that is switched off, connects to nobody', () => {
  expect(canConnect()).toBe(true)
  vi.stubGlobal(
    'RTCPeerConnection',
    class {
      constructor() {
        throw new DOMException('', 'NotSupportedError')
      }
    },
  )
  expect(canConnect()).toBe(false)
  vi.stubGlobal('RTCPeerConnection', undefined)
  expect(canConnect()).toBe(false)
})
