/** The libraries that other projects' pages are made with, against the executable with each project's preset. */
import { describe, expect, test } from 'vitest'
import { hall } from './hall.ts'
import { speakers } from './speakers.ts'
import { until } from './until.ts'

const host = hall()

const { chatter, named, plain } = speakers(host)

const ways = [
  { transports: ['websocket'] },
  { transports: ['polling'] },
  { transports: ['polling', 'websocket'] },
]

describe.each(ways)('textchat over $transports', ({ transports }) => {
  test('three in a room hear of each other, and offers reach the one they are for', async () => {
    const one = await chatter(transports)
    one.say('create-room')
    await until(() => one.heard.length === 1, 'the room')
    const room = one.heard[0]?.[1]
    const other = await chatter(transports)
    other.say('join-room', room)
    await until(() => one.heard.length === 2, 'the second')
    const third = await chatter(transports)
    third.say('join-room', room)
    await until(() => one.heard.length === 3 && other.heard.length === 1, 'the third')
    const [, id] = one.heard[2] ?? []
    expect(other.heard[0]).toEqual(['new-user-joined', id])
    const offer = { type: 'offer', sdp: 'v=0' }
    one.say('rtc-offer', id, offer)
    await until(() => third.heard.length === 1, 'the offer')
    expect(third.heard[0]?.[2]).toEqual(offer)
    expect(other.heard).toHaveLength(1)
  })
})

test('videocall: two are greeted, and each hears of the other', async () => {
  const [one, other] = [await plain('videocall'), await plain('videocall')]
  one.say({ type: 'join-room', roomId: 'ABCD' })
  await until(() => one.heard.length === 2, 'the room')
  other.say({ type: 'join-room', roomId: 'ABCD' })
  await until(() => one.heard.length === 3 && other.heard.length === 3, 'each other')
  expect(one.heard[2]).toMatchObject({ type: 'user-joined', from: other.heard[0]?.['clientId'] })
  expect(other.heard[2]).toMatchObject({ type: 'user-joined', from: one.heard[0]?.['clientId'] })
})

test('poc: signals reach the other, and a third is shown out', async () => {
  const [one, other] = [await plain('poc'), await plain('poc')]
  one.say({ type: 'join', room: 'demo' })
  const offer = { type: 'signal', payload: { sdp: { type: 'offer', sdp: 'v=0' } } }
  other.say({ type: 'join', room: 'demo' })
  await until(() => {
    if (one.heard.length === 0) other.say(offer)
    return one.heard.length > 0
  }, 'the offer')
  expect(one.heard[0]).toEqual(offer)
  const third = await plain('poc')
  third.say({ type: 'join', room: 'demo' })
  await until(() => third.closed() > 0, 'the end of the third')
  expect([third.closed(), one.closed(), other.closed()]).toEqual([1013, 0, 0])
})

describe.each([4, 5] as const)('MQTT.js at level %d', level => {
  test('two find each other by name, and an offer waits for who is not there yet', async () => {
    const [ann, bob] = [`ann${level}`, `bob${level}`]
    const one = await named(ann, level)
    expect(await one.register()).toBe(true)
    const offer = { type: 'signal-offer', from: ann, offer: { type: 'offer', sdp: 'v=0' } }
    one.send(bob, offer)
    await until(() => one.heard.length === 1, 'that nobody is there')
    expect(one.heard[0]).toMatchObject({ type: 'delivery-failed', target: bob, reason: 'user-offline' })
    const other = await named(bob, level)
    expect(await other.register()).toBe(true)
    await until(() => other.heard.length === 1, 'the offer')
    expect(other.heard[0]).toEqual(offer)
    other.send(ann, { type: 'signal-answer', from: 'somebody else', answer: {} })
    await until(() => one.heard.length === 2, 'the answer')
    expect(one.heard[1]).toEqual({ type: 'signal-answer', from: bob, answer: {} })
  })

  test('a name that is taken is refused, and no topic but the own is granted', async () => {
    const name = `cat${level}`
    const first = await named(name, level)
    expect(await first.register()).toBe(true)
    const second = await named(name, level)
    expect(await second.register()).toBe(false)
    expect(first.client.connected).toBe(true)
    await expect(second.client.subscribeAsync('#')).rejects.toThrow()
  })
})

test('a flood, nonsense and a collision of names in one vocabulary leave a call in another untouched', async () => {
  const [one, other] = [await plain('videocall'), await plain('videocall')]
  for (const caller of [one, other]) caller.say({ type: 'join-room', roomId: 'CALL' })
  await until(() => one.heard.length === 3 && other.heard.length === 3, 'each other')
  const eve = await named('eve')
  await eve.register()
  const [noise, chat] = [await plain('poc'), await chatter(['websocket'])]
  for (let n = 0; n < 2_000; n++) {
    eve.send('eve', { type: 'signal-offer', offer: 'x'.repeat(1_000) })
    noise.sayAnything(n % 2 === 0 ? '{' : '{"type":"join","room":"__proto__"}')
    chat.say('join-room', { toString: 1 })
  }
  const twin = await named('eve')
  expect(await twin.register()).toBe(false)
  one.say({ type: 'offer', to: other.heard[0]?.['clientId'], offer: { sdp: 'after' } })
  await until(() => other.heard.length === 4, 'the offer')
  expect(other.heard[3]).toMatchObject({ type: 'offer', offer: { sdp: 'after' } })
  expect([one.heard.length, one.closed(), other.closed()]).toEqual([3, 0, 0])
})
