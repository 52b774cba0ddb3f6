/** When a link counts as open: with a connection that is made of nothing, whose events come when the test says so. */
import { afterEach, expect, test, vi } from 'vitest'
import { Link } from '../src/link/link.ts'

class Channel extends EventTarget {
  readonly protocol = ''
  readyState = 'connecting'
  close(): void {
    this.readyState = 'closed'
  }
  open(): void {
    this.readyState = 'open'
    this.dispatchEvent(new Event('open'))
  }
}

/** Who asks for a report waits until `report` is called. */
class Connection extends EventTarget {
  static readonly made: Connection[] = []
  readonly connectionState = 'connected'
  readonly own = new Channel()
  #asked: (() => void)[] = []

  constructor() {
    super()
    Connection.made.push(this)
  }
  createDataChannel(): Channel {
    return this.own
  }
  createOffer(): Promise<never> {
    return new Promise(() => undefined)
  }
  getStats(): Promise<ReadonlyMap<string, object>> {
    return new Promise(resolve => this.#asked.push(() => resolve(new Map<string, object>())))
  }
  close(): void {
    this.report()
  }
  report(): void {
    for (const answer of this.#asked.splice(0)) answer()
  }
  /** As Chromium does: open before anybody is told, and told once more right after. */
  bring(channel: Channel): void {
    channel.readyState = 'open'
    this.dispatchEvent(Object.assign(new Event('datachannel'), { channel }))
    channel.dispatchEvent(new Event('open'))
  }
}

const begin = (initiator: boolean) => {
  vi.stubGlobal('RTCPeerConnection', Connection)
  const opened = vi.fn()
  const link = new Link(initiator, {}, { signal: vi.fn(), frame: vi.fn(), closed: vi.fn(), opened })
  const connection = Connection.made.at(-1)
  if (!connection) throw new Error('no connection was made')
  return { link, connection, opened }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

afterEach(() => void vi.unstubAllGlobals())

test('a channel of our own is open when it says so', () => {
  const { link, connection, opened } = begin(true)
  expect(opened).not.toHaveBeenCalled()
  connection.own.open()
  expect(opened).toHaveBeenCalledTimes(1)
  link.close()
})

test('a channel of the far end is open once the connection has reported, since Chromium says so too early', async () => {
  const { link, connection, opened } = begin(false)
  connection.bring(new Channel())
  await settled()
  expect(opened).not.toHaveBeenCalled()
  connection.report()
  await settled()
  expect(opened).toHaveBeenCalled()
  link.close()
})

test('a link that is closed meanwhile does not open any more', async () => {
  const { link, connection, opened } = begin(false)
  connection.bring(new Channel())
  link.close()
  await settled()
  expect(opened).not.toHaveBeenCalled()
})
