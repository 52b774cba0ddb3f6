/** A host that takes pictures in several sizes, as far as a page can be one: what our link makes of its offers. */
import { Link } from '../../src/link/link.ts'
import { parseSignal, type Signal } from '../../src/wire/signal.ts'

/** No browser offers to take several sizes. */
const sizes = 'a=rid:h recv\r\na=rid:m recv\r\na=rid:l recv\r\na=simulcast:recv h;m;l\r\n'
const name = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'

const offered = (sdp: string): string =>
  sdp
    .split(/(?=^m=)/m)
    .map(section => {
      if (!section.startsWith('m=video')) return section
      return `${section.trimEnd()}\r\n${section.includes(name) ? '' : `a=extmap:14 ${name}\r\n`}${sizes}`
    })
    .join('')

/** What the host's browser knows of it. */
const understood = (sdp: string): string =>
  sdp
    .split('\r\n')
    .filter(line => !/^a=(simulcast|rid)|rtp-stream-id/.test(line))
    .join('\r\n')

const picture = (): MediaStream => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
  const draw = canvas.getContext('2d')
  setInterval(() => draw?.fillRect(0, 0, Math.random() * 100, 100), 50)
  return canvas.captureStream(20)
}

class Watched extends RTCPeerConnection {
  static last: RTCPeerConnection | null = null
  constructor(configuration?: RTCConfiguration) {
    super(configuration)
    Watched.last = this
  }
}

/** Sends two pictures, then another in the place of the first, and says what came of each in the last answer. */
export const layered = async (): Promise<object> => {
  const host = new RTCPeerConnection()
  const channel = host.createDataChannel('room')
  globalThis.RTCPeerConnection = Watched
  let requests = 0
  let round = 0
  let answer = ''
  let work = Promise.resolve()
  let answered = (): void => undefined
  const offer = async (): Promise<void> => {
    const answering = new Promise<void>(resolve => {
      answered = resolve
    })
    await host.setLocalDescription(await host.createOffer())
    round += 1
    link.signal({ type: 'offer', sdp: offered(host.localDescription?.sdp ?? ''), round })
    await answering
  }
  const then = (next: () => Promise<void>): void => {
    work = work.then(next)
  }
  const hear = async (signal: Signal): Promise<void> => {
    if (signal.type === 'candidate') return host.addIceCandidate(signal.candidate)
    if (signal.type === 'renegotiate') return then(offer)
    if (signal.type === 'transceiverRequest') {
      requests += 1
      host.addTransceiver(signal.transceiverRequest.kind, { direction: 'recvonly' })
      return then(offer)
    }
    answer = signal.sdp
    await host.setRemoteDescription({ type: 'answer', sdp: understood(signal.sdp) })
    answered()
  }
  const opening = new Promise(resolve => channel.addEventListener('open', resolve))
  let closed = 0
  const link = new Link(
    false,
    {},
    {
      signal: signal => void hear(signal),
      opened: () => undefined,
      frame: () => undefined,
      closed: () => {
        closed += 1
      },
    },
  )
  host.addEventListener('icecandidate', ({ candidate }) => {
    const signal = parseSignal(candidate && { candidate: candidate.toJSON() })
    if (signal) link.signal(signal)
  })
  then(offer)
  await opening
  link.allow({ signals: true, server: true })
  const [first, second, third] = [picture(), picture(), picture()]
  const sent = (): string[] =>
    answer
      .split(/(?=^m=)/m)
      .filter(section => section.startsWith('m=video') && /^a=send(?:recv|only)/m.test(section))
      .map(section => /^a=msid:(\S+)/m.exec(section)?.[1] ?? '')
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise(resolve => setTimeout(resolve, 20))
  }
  link.publish(first, first.getTracks(), false)
  link.publish(second, second.getTracks(), false)
  await until(() => sent().includes(first.id) && sent().includes(second.id))
  const asked = requests
  link.unpublish(first.id)
  await until(() => !sent().includes(first.id))
  link.publish(third, third.getTracks(), false)
  await until(() => sent().includes(third.id))
  await work
  const pc = Watched.last
  const result = {
    asked,
    askedAgain: requests - asked,
    sections: answer.match(/^m=video/gm)?.length,
    several: answer.match(/^a=simulcast:send h;m;l/gm)?.length,
    sizes: pc?.getSenders().map(it => it.getParameters().encodings.map(at => at.scaleResolutionDownBy)),
    tuned: await link.tune(third.id, 'video', {
      active: true,
      layers: [{ active: false }, { active: true, scaleDownBy: 2 }, { active: true, scaleDownBy: 4 }],
    }),
    active: pc?.getSenders().map(it => it.getParameters().encodings.map(at => at.active)),
    closed,
  }
  link.close()
  host.close()
  return result
}
