/** Peers that stop reading: they are cut, may come back, and nobody else feels it. */
import { setImmediate as immediately } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Client, isObject, kinds } from './client.ts'
import { gateTo } from './gate.ts'
import { lobby } from './lobby.ts'
import { joinRaw, type Raw, rawWebsocket } from './raw.ts'
import { until } from './until.ts'

const address = lobby()
const floodBytesMax = 200_000_000
const portion = 100

const hasHeardOfEnd = (peer: Raw, id: string): boolean =>
  peer.frames.some(it => it.startsWith('42["DISCONNECTEDUSER"') && it.includes(id))

/** Speaks to `slow` until it is gone, and one word in a hundred to `quick`; tells how many those were. */
const flood = async (
  from: Raw,
  room: string,
  slow: string,
  quick: string,
  bytes: number,
): Promise<number> => {
  const frame = (target: string, signal: unknown): string =>
    `42${JSON.stringify(['SIGNAL', { target, room, signal }])}`
  const filling = 'x'.repeat(bytes)
  let words = 0
  while (!hasHeardOfEnd(from, slow)) {
    if (words * portion * (bytes + 100) > floodBytesMax) throw new Error('nobody was cut')
    const sent = Array.from({ length: portion }, (_, n) =>
      from.send(frame(slow, { n: words * portion + n, filling })),
    )
    sent.push(from.send(frame(quick, words++)))
    await Promise.all(sent)
    // Short frames are written at once, and then this loop alone would never let anything be heard.
    await immediately()
  }
  return words
}

// Long frames fill the bytes that may wait, short ones the frames; of short ones too many vanish in an open socket.
const bySize = kinds
  .flatMap(kind => [10_000, 1].map(bytes => ({ ...kind, bytes })))
  .filter(({ way, bytes }) => way === 'polling' || bytes > 1)

describe.each(bySize)('$version over $way', ({ bytes, ...kind }) => {
  test(`one that stops reading signals of ${bytes} bytes is cut and comes back`, async () => {
    const gate = await gateTo(address())
    const [slow, quick, ada] = await Promise.all([
      Client.introduced(gate.address, kind, { reconnects: true }),
      Client.introduced(address(), kind),
      rawWebsocket(address()),
    ])
    const room = await quick.create(0)
    await slow.join(room)
    await joinRaw(ada, room)
    gate.shut()
    const words = await flood(ada, room, slow.id, quick.id, bytes)
    await until(() => quick.signals.length === words, 'the quick one to hear all')
    expect(quick.signals).toEqual(Array.from({ length: words }, (_, n) => n))
    expect(quick.told('DISCONNECTEDUSER')).toEqual([{ userID: slow.id, roomID: room }])
    expect(quick.ends).toEqual([])
    expect(ada.isConnected()).toBe(true)

    gate.open()
    await until(() => slow.ends.length > 0, 'the slow one to notice')
    expect(slow.ends[0]).toMatch(/^transport (close|error)$/)
    await until(() => slow.connections === 2, 'the slow one to come back')
    const before = slow.id
    await slow.introduce()
    expect(slow.id).not.toBe(before)
    await slow.join(room)
    quick.signal(slow.id, room, 'welcome back')
    await until(() => slow.signals.includes('welcome back'), 'a signal to the one that came back')
    // Whatever it heard of the flood is its beginning, without a gap.
    const heard = slow.signals.slice(0, -1).map(it => (isObject(it) ? it['n'] : it))
    expect(heard).toEqual(heard.map((_, n) => n))
    expect(heard.length).toBeLessThan(words * portion)
  })
})
