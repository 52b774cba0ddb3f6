/** A link that never came about says what was in the way, and one that did says nothing. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Link } from '../src/link/link.ts'

const host = 'a=candidate:1 1 udp 2113937151 3b8e4a2c.local 50000 typ host\r\n'

class Connection extends EventTarget {
  static last: Connection | null = null
  readonly localDescription = { sdp: host }
  readonly remoteDescription = { sdp: host }
  connectionState = 'connecting'
  constructor(readonly configuration: RTCConfiguration) {
    super()
    Connection.last = this
  }
  getConfiguration = () => this.configuration
  close = () => undefined
  becomes(state: string): void {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}

beforeEach(() => vi.stubGlobal('RTCPeerConnection', Connection))
afterEach(() => vi.unstubAllGlobals())

const linked = () => {
  const closed = vi.fn()
  const configuration = { iceServers: [{ urls: 'turn:turn.example.org', username: 'a', credential: 'b' }] }
  const link = new Link(false, configuration, {
    signal: () => undefined,
    opened: () => undefined,
    frame: () => undefined,
    closed,
  })
  const pc = Connection.last
  if (!pc) throw new Error('no connection was made')
  return { link, pc, closed }
}

test('a relay that did not answer was in the way', () => {
  const { pc, closed } = linked()
  pc.becomes('failed')
  expect(closed.mock.calls).toEqual([[true, 'no-relay']])
})

test('nothing was in the way of a connection that there was', () => {
  const { pc, closed } = linked()
  pc.becomes('connected')
  pc.becomes('failed')
  expect(closed.mock.calls).toEqual([[true, null]])
})
