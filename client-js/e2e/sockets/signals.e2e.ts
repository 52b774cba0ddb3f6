/** Signals from one real client to another: what is in them, and their order. */
import { describe, expect, test } from 'vitest'
import { Client, type Kind, kinds } from './client.ts'
import { lobby, pair } from './lobby.ts'
import { joinRaw, rawPolling, rawWebsocket } from './raw.ts'
import { until } from './until.ts'

const address = lobby()

/** The text of `levels` arrays in one another, around `core`. */
const nested = (levels: number, core = ''): string => '['.repeat(levels) + core + ']'.repeat(levels)
/** How many arrays are around the core, and the core. */
const unwrapped = (value: unknown): [number, unknown] => {
  let levels = 0
  let inner = value
  while (Array.isArray(inner)) {
    levels += 1
    inner = inner[0]
  }
  return [levels, inner]
}

const flood = 20_000
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** Says all numbers in portions, each once the one before has arrived: one polling request holds 1,000,000 bytes. */
const countOut = async (from: Client, to: Client, room: string, portion: number): Promise<void> => {
  for (let first = 0; first < flood; first += portion) {
    for (let n = first; n < first + portion; n++) from.signal(to.id, room, n)
    await until(() => to.signals.length === first + portion, `the signals up to ${first + portion}`)
  }
}

describe.each(kinds)('$version over $way', kind => {
  test('a signal arrives as it was sent, with its source', async () => {
    const [ada, ben, room] = await pair(address(), kind)
    const signal = {
      lone: 'a\ud800b\udc00',
      text: '𝄞"\\\u2028\u0000\u001e\n',
      numbers: [1.5, 1e21, 2 ** 53 - 1, Number.MAX_VALUE, Number.MIN_VALUE, -1e-7],
      kinds: [null, true, false, '', {}, [], { deep: [[[]]] }],
      binary: Buffer.from([0, 255, 128]),
      nested: [{ more: [Buffer.from('x'), { none: Buffer.alloc(0) }] }],
    }
    ada.say('SIGNAL', { source: 'someone else', target: ben.id, room, signal, extra: 1 }, 'dropped')
    ada.signal(ben.id, room, false)
    await until(() => ben.signals.length === 2, 'the signals')
    expect(ben.heard.filter(it => it.event === 'SIGNAL')).toEqual([
      { event: 'SIGNAL', body: { source: ada.id, target: ben.id, room, signal, extra: 1 }, rest: [] },
      { event: 'SIGNAL', body: { target: ben.id, room, signal: false, source: ada.id }, rest: [] },
    ])
  })

  test('guests of a star signal each other', async () => {
    const [ada, ben, room] = await pair(address(), kind, 1)
    const cyd = await Client.introduced(address(), kind)
    await cyd.join(room)
    cyd.signal(ben.id, room, 'from guest to guest')
    ben.signal(cyd.id, room, 'and back')
    await until(() => ben.signals.length === 1 && cyd.signals.length === 1, 'the signals')
    expect(ada.signals).toEqual([])
  })

  test('20,000 signals arrive, all and in order', async () => {
    const [ada, ben, room] = await pair(address(), kind)
    await countOut(ada, ben, room, kind.way === 'polling' ? 4_000 : flood)
    expect(ben.signals).toEqual(upTo(flood))
    expect([ada.ends, ben.ends]).toEqual([[], []])
  })

  test('attachments stay with their signals when two speak to one', async () => {
    const [ada, ben, room] = await pair(address(), kind)
    const cyd = await Client.introduced(address(), kind)
    await cyd.join(room)
    const count = 300
    for (let n = 0; n < count; n++) {
      ada.signal(ben.id, room, { who: 'ada', n, parts: [Buffer.from(`ada ${n}`), Buffer.from('second')] })
      cyd.signal(ben.id, room, { who: 'cyd', n, parts: [Buffer.from(`cyd ${n}`), Buffer.from('second')] })
      if (n % 3 === 0) cyd.signal(ben.id, room, { who: 'cyd', n, parts: [] })
    }
    await until(() => ben.signals.length === 2 * count + count / 3, 'all signals')
    const from = (who: string): unknown[] =>
      ben.signals.filter(it => typeof it === 'object' && it !== null && 'who' in it && it.who === who)
    const said = (who: string, n: number): object => ({
      who,
      n,
      parts: [Buffer.from(`${who} ${n}`), Buffer.from('second')],
    })
    expect(from('ada')).toEqual(upTo(count).map(n => said('ada', n)))
    expect(from('cyd')).toEqual(
      upTo(count).flatMap(n =>
        n % 3 === 0 ? [said('cyd', n), { who: 'cyd', n, parts: [] }] : [said('cyd', n)],
      ),
    )
    expect(ben.ends).toEqual([])
  })

  // From raw frames: a client cannot put that many levels around an attachment into words.
  test.each([200, 3_900])('%i levels arrive, with and without attachments', async levels => {
    const [host, sender] = await Promise.all([Client.introduced(address(), kind), rawWebsocket(address())])
    const room = await host.create(0)
    await joinRaw(sender, room)
    const signal = (value: string): string =>
      `["SIGNAL",{"target":"${host.id}","room":"${room}","signal":${value}}]`
    await sender.send(`42${signal(nested(levels, '"core"'))}`)
    await sender.send(`451-${signal(nested(levels, '{"_placeholder":true,"num":0}'))}`, Buffer.from('core'))
    await until(() => host.signals.length === 2 || host.ends.length > 0, 'the signals')
    expect(host.signals.map(unwrapped)).toEqual([
      [levels, 'core'],
      [levels, Buffer.from('core')],
    ])
    expect(host.ends).toEqual([])
  })
})

describe.each(kinds.filter(it => it.way === 'upgrade'))('$version while it upgrades', kind => {
  test('signals arrive, all and in order', async () => {
    const enter = async (): Promise<Client> => {
      const client = new Client(address(), kind)
      await client.introduce()
      return client
    }
    const ada = await enter()
    const room = await ada.create(0)
    const ben = await enter()
    await ben.join(room)
    await countOut(ada, ben, room, 100)
    await Promise.all([ada, ben].map(it => it.settled(kind)))
    expect(ben.signals).toEqual(upTo(flood))
  })
})

const target: Kind = { version: 'newest', way: 'websocket' }

describe.each([
  { by: 'websocket', enter: rawWebsocket },
  { by: 'polling', enter: rawPolling },
])('raw frames over $by', ({ enter }) => {
  test('no source but the true one is left, however it is spelt, and the rest of the text is untouched', async () => {
    const [one, other] = await Promise.all([enter(address()), enter(address())])
    const host = await Client.introduced(address(), target)
    const room = await host.create(0)
    await joinRaw(one, room)
    await joinRaw(other, room)
    const text = (first: string, second: string): string =>
      `["SIGNAL",{"source":${first},"big":12345678901234567890,"n":[1e400,1.0,-0],"target":"x","\\ud800":"\\udfff",` +
      ` "sourc\\u0065" : ${second},"target":"${other.id}","room":"${room}","signal":{"source":"kept"},"k":1,"k":2}]`
    await one.send(`42${text('1', '{"a":"}"}')}`)
    await until(() => other.frames.some(it => it.startsWith('42["SIGNAL"')), 'the signal')
    expect(other.frames.at(-1)).toBe(`42${text('0', `"${one.id}"`)}`)
  })

  test('20,000 levels are dropped, and their sender stays', async () => {
    const host = await Client.introduced(address(), target)
    const room = await host.create(0)
    const sender = await enter(address())
    await joinRaw(sender, room)
    const deep = nested(20_000)
    const signal = (value: string): string =>
      `["SIGNAL",{"target":"${host.id}","room":"${room}","signal":${value}}]`
    await sender.send(`42${signal(deep)}`)
    await sender.send(`451-${signal(`[{"_placeholder":true,"num":0},${deep}]`)}`, Buffer.from('x'))
    await sender.send(`42["CREATE-ROOM",{"requestId":${deep},"maxUsers":1,"name":"","password":"","type":0}]`)
    await sender.send(`42${signal('"after"')}`)
    await until(() => host.signals.length > 0, 'the signal after')
    expect(host.signals).toEqual(['after'])
    expect(sender.isConnected()).toBe(true)
  })
})
