/** Connections that a browser refuses to make, wholly or with one of the ICE servers, and senders that refuse a change. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { closedUnlessMade, DirectConnections } from '../src/core/direct-connections.ts'
import { Link } from '../src/link/link.ts'
import { newPeerConnection } from '../src/link/peer-connection.ts'
import { answersIce } from '../src/link/probe.ts'
import { Sending } from '../src/link/sending.ts'
import { memberId } from '../src/wire/ids.ts'

let open: number
let full: boolean

class Connection {
  readonly urls: string[]
  readonly policy: string | undefined
  constructor({ iceServers = [], iceTransportPolicy }: RTCConfiguration = {}) {
    this.urls = iceServers.flatMap(({ urls }) => urls)
    this.policy = iceTransportPolicy
    if (full || this.urls.some(url => url.endsWith(':9'))) throw new DOMException('', 'SecurityError')
    open += 1
  }
  close(): void {
    open -= 1
  }
}

beforeEach(() => {
  open = 0
  full = false
  vi.stubGlobal('RTCPeerConnection', Connection)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

test('goes on without a server that the browser refuses, and says once which', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const configuration: RTCConfiguration = {
    iceServers: [
      { urls: 'stun:a.example' },
      { urls: ['turn:a.example', 'turn:a.example:9'], username: 'u', credential: 'c' },
    ],
    iceTransportPolicy: 'relay',
  }
  for (const _ of [1, 2]) {
    const made = newPeerConnection(configuration) as unknown as Connection
    expect(made.urls).toEqual(['stun:a.example', 'turn:a.example'])
    expect(made.policy).toBe('relay')
  }
  expect(open).toBe(2)
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls[0]?.[0]).toContain('turn:a.example:9')
})

test('blames no server where the browser makes no connection at all', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  full = true
  expect(() => newPeerConnection({ iceServers: [{ urls: 'stun:b.example' }] })).toThrow()
  expect(warn).not.toHaveBeenCalled()
})

test('a server that the browser refuses does not answer', async () => {
  expect(await answersIce({ urls: 'turn:a.example:9', username: 'u', credential: 'c' })).toBe('no')
})

test('where no connection can be made for files, they go another way', async () => {
  const ben = memberId('ben')
  const direct = new DirectConnections({
    connect: closedUnlessMade(() => {
      throw new DOMException('', 'UnknownError')
    }),
    signal: () => undefined,
    acceptChannel: () => undefined,
    changed: () => undefined,
  })
  expect(await direct.openChannel(ben)).toBeNull()
  expect(direct.blocked(ben)).toBe(true)
  direct.receive(ben, 'x', { type: 'offer', sdp: '' })
  direct.close()
})

test('a sender that refuses a change, or has nothing to change yet, says so, and takes it later', async () => {
  const answers = ['refuses', 'empty', 'takes']
  const set: unknown[] = []
  const sender = {
    track: null,
    getParameters: () => ({ encodings: answers[0] === 'empty' ? [] : [{}] }),
    setParameters: async (parameters: unknown) => {
      if (answers[0] === 'refuses') throw new DOMException('', 'InvalidStateError')
      set.push(parameters)
    },
  }
  const pc = { addTrack: () => sender, getTransceivers: () => [{ sender }] } as unknown as RTCPeerConnection
  const sending = new Sending(pc)
  const track = { kind: 'audio' } as MediaStreamTrack
  sending.publish({ id: 's' } as MediaStream, [track], false)
  const done: boolean[] = []
  for (; answers.length > 0; answers.shift()) done.push(await sending.tune('s', 'audio', { active: true }))
  expect(done).toEqual([false, false, true])
  expect(set).toEqual([{ encodings: [{ active: true }] }])
})

class Channel extends EventTarget {
  readyState = 'open'
  bufferedAmount = 0
  send(): void {
    throw new DOMException('', 'OperationError')
  }
  close(): void {
    this.readyState = 'closed'
  }
}

test('a channel or a track that the browser refuses ends a link, and throws at nobody', async () => {
  class Whole extends EventTarget {
    createDataChannel = () => new Channel()
    addTrack = () => {
      throw new DOMException('', 'InvalidStateError')
    }
    getTransceivers = () => []
    getReceivers = () => []
    createOffer = async () => ({})
    setLocalDescription = async () => undefined
    close = () => undefined
  }
  vi.stubGlobal('RTCPeerConnection', Whole)
  let closed = 0
  const link = new Link(
    true,
    {},
    {
      signal: () => undefined,
      opened: () => undefined,
      frame: () => undefined,
      closed: () => {
        closed += 1
      },
    },
  )
  link.publish({ id: 's' } as MediaStream, [{ kind: 'audio' } as MediaStreamTrack], false)
  expect(closed).toBe(0)
  link.send('frame')
  link.send('frame')
  expect(closed).toBe(1)
})
