/** Room mates who send what breaks a socket.io client: none of it reaches one, and nobody is thrown out. */
import { describe, expect, test } from 'vitest'
import { Client, type Kind, kinds } from './client.ts'
import { lobby } from './lobby.ts'
import { joinRaw, type Raw, rawPolling, rawWebsocket } from './raw.ts'
import { until } from './until.ts'

const address = lobby()

const meet = async (kind: Kind, enter: (address: string) => Promise<Raw>): Promise<[Client, Raw, string]> => {
  const [target, attacker] = await Promise.all([Client.introduced(address(), kind), enter(address())])
  const room = await target.create(0)
  await joinRaw(attacker, room)
  return [target, attacker, room]
}

const deep = '['.repeat(50_000) + ']'.repeat(50_000)

/** Members of a signal's body which, with one attachment, must not reach a client. */
const attacks = [
  '"signal":{"_placeholder":true,"num":7}',
  '"signal":{"_placeholder":true,"num":1}',
  '"signal":{"_placeholder":true,"num":-1}',
  '"signal":{"_placeholder":true,"num":0.5}',
  '"signal":{"_placeholder":true,"num":1e400}',
  '"signal":{"_placeholder":true,"num":"splice"}',
  '"signal":{"_placeholder":true,"num":null}',
  '"signal":{"_placeholder":true}',
  '"signal":{"_placeholder":1,"num":7}',
  '"signal":{"_placeholder":false,"_placeholder":true,"num":7}',
  '"signal":{"_placeholder":true,"num":0,"num":7}',
  '"signal":{"num":0,"_placeholder":true,"n\\u0075m":7}',
  '"signal":{"_pl\\u0061ceholder":true,"num":7}',
  '"signal":{ "_placeholder"\n\t:\rtrue, "num":7}',
  '"signal":[[{"a":{"_placeholder":true,"num":7}}]]',
  '"signal":["\\"",{"_placeholder":true,"num":7}]',
  '"signal":["\\\\",{"_placeholder":true,"num":7}]',
  '"signal":{"__proto__":{"_placeholder":true,"num":7}}',
  '"signal":1,"other":{"_placeholder":true,"num":7}',
  '"signal":1,"_placeholder":true,"num":7',
  '"signal":1,"source":{"_placeholder":true,"num":7}',
  `"signal":[{"_placeholder":true,"num":0},${deep}]`,
]

const ways = [
  { by: 'websocket', enter: rawWebsocket },
  { by: 'polling', enter: rawPolling },
]
const meetings = kinds.flatMap(kind => ways.map(way => ({ ...kind, ...way })))

describe.each(meetings)('$version over $way, from raw frames over $by', ({ enter, ...kind }) => {
  test('a placeholder that points nowhere does not arrive', async () => {
    const [target, attacker, room] = await meet(kind, enter)
    const body = (members: string): string => `{"target":"${target.id}","room":"${room}",${members}}`
    for (const attack of attacks) await attacker.send(`451-["SIGNAL",${body(attack)}]`, Buffer.from([1]))
    await attacker.send(`42["SIGNAL",${body('"signal":"after"')}]`)
    await until(() => target.signals.length > 0 || target.ends.length > 0, 'the signal after')
    expect(target.signals).toEqual(['after'])
    expect(target.ends).toEqual([])
    expect(attacker.isConnected()).toBe(true)
  })

  test('what only looks like a placeholder arrives as it is', async () => {
    const [target, attacker, room] = await meet(kind, enter)
    const lookalikes = [{ _placeholder: true, num: 7 }, '"_placeholder":true', { num: 7 }]
    for (const signal of lookalikes)
      await attacker.send(`42${JSON.stringify(['SIGNAL', { target: target.id, room, signal }])}`)
    await until(() => target.signals.length === lookalikes.length || target.ends.length > 0, 'the signals')
    expect(target.signals).toEqual(lookalikes)
    expect(target.ends).toEqual([])
  })

  test('a placeholder in a dropped argument hurts nobody', async () => {
    const [target, attacker, room] = await meet(kind, enter)
    const body = JSON.stringify({ target: target.id, room, signal: 'with one' })
    await attacker.send(`451-["SIGNAL",${body},{"_placeholder":true,"num":9}]`, Buffer.from([1]))
    await attacker.send(`42["SIGNAL",{"target":"${target.id}","room":"${room}","signal":"after"}]`)
    await until(() => target.signals.includes('after') || target.ends.length > 0, 'the signal after')
    expect(target.ends).toEqual([])
  })

  test('more attachments than a client takes do not throw it out', async () => {
    const [target, attacker, room] = await meet(kind, enter)
    const signal = (value: unknown): string =>
      JSON.stringify(['SIGNAL', { target: target.id, room, signal: value }])
    // socket.io-parser 4.2.7 gives up on its connection from the eleventh on; 4.1.2 knows no limit.
    for (const count of [10, 11]) {
      const many = Array.from({ length: count }, (_, num) => ({ _placeholder: true, num }))
      await attacker.send(`45${count}-${signal(many)}`, ...many.map(({ num }) => Buffer.from([num])))
    }
    await attacker.send(`42${signal('after')}`)
    await until(() => target.signals.includes('after') || target.ends.length > 0, 'the signal after')
    expect(target.signals[0]).toEqual(Array.from({ length: 10 }, (_, n) => Buffer.from([n])))
    expect(target.ends).toEqual([])
    expect(attacker.isConnected()).toBe(true)
  })
})

/** Frames that are no packet, or no event of this protocol. */
const nonsense = [
  '42',
  '42[]',
  '42{}',
  '42[1]',
  '42["SIGNAL"]',
  '42["disconnect","transport close"]',
  '42["connect",{}]',
  '42["error",{}]',
  '42[{},{}]',
  '42["GET-ID"]',
  '42["GET-ID",null]',
  '421["CREATE-ROOM"]',
  '43["SIGNAL"]',
  '431[1]',
  '42/other,["GET-ID",{"requestId":"9"}]',
  '44{"message":"no"}',
  '49',
  '4',
  '45-["SIGNAL",{}]',
  '459999999999999999999-["SIGNAL",{}]',
  '453-["SIGNAL",{"_placeholder":true,"num":0}]',
  '7',
  '',
]

test.each(nonsense)('nonsense ends at most its own connection: %j', async frame => {
  const kind: Kind = { version: '4.4.1', way: 'upgrade' }
  const [target, attacker, room] = await meet(kind, rawWebsocket)
  await attacker.send(frame)
  const other = await Client.introduced(address(), kind)
  expect(await other.join(room)).toMatchObject({ event: 'JOIN-ROOM' })
  other.signal(target.id, room, 'after')
  await until(() => target.signals.includes('after'), 'the signal after')
  expect(target.ends).toEqual([])
})
