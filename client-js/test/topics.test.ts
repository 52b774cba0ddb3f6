/** What pages of others say to their like through our rooms: it reaches everybody who can hear it, once, as it was said. */
import { describe, expect, test } from 'vitest'
import { parseChatEvent, writeChatEvent } from '../src/wire/chat.ts'
import { peerId } from '../src/wire/ids.ts'
import { noCaps, ownCaps, type PeerMessage } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { Scene } from './scene.ts'

describe.each(['mesh', 'star'] as const)('in a %s', kind => {
  test('everybody else hears it, and who said it', () => {
    const scene = new Scene(kind)
    for (const name of ['Ada', 'Ben', 'Cyd']) scene.enter(name)
    scene.feed('Ben', { type: 'send-topic', topic: 'board/stroke', data: { x: [1, 2], ends: true } })
    const heard = scene.topics.map(({ to, topic, data }) => ({ to, topic, data }))
    const said = { topic: 'board/stroke', data: { x: [1, 2], ends: true } }
    expect(heard.sort((a, b) => a.to.localeCompare(b.to))).toEqual([
      { to: 'Ada', ...said },
      { to: 'Cyd', ...said },
    ])
    const [from] = new Set(scene.topics.map(it => it.from))
    for (const listener of ['Ada', 'Cyd'])
      expect(from && scene.room(listener).state.members.get(from)?.name).toBe('Ben')
    expect(scene.screen('Ada').some(line => line.includes('board'))).toBe(false)
  })

  test('an original page is not sent it', () => {
    const scene = new Scene(kind)
    scene.enter('Ada')
    scene.enter('Ben', scene.password, noCaps)
    const before = scene.frames.get('Ben')?.length
    scene.feed('Ada', { type: 'send-topic', topic: 'board', data: 1 })
    expect(scene.frames.get('Ben')?.length).toBe(before)
  })
})

test.each([
  { topic: 'a', data: null },
  { topic: 'a.b:c/d-e_9', data: ['x', { y: 1 }, false] },
])('%j is read as it was written', ({ topic, data }) => {
  const event = { kind: 'topic', topic, data } as const
  const written = writeChatEvent(event)
  expect(parseChatEvent(written.type, written.data)).toEqual(event)
})

test.each([[''], ['two words'], ['x'.repeat(65)], [7], [null]])('%j is no topic', topic => {
  expect(parseChatEvent('topic', { topic, data: 1 })).toBeNull()
})

test('nobody is heard before they have introduced themselves, and a flood is cut off', () => {
  const me = new Alone('mesh')
  const eve = peerId('eve')
  const message: PeerMessage = { kind: 'topic', topic: 'board', data: 1 }
  me.feed({ type: 'peer-joined', peer: eve })
  me.feed({ type: 'link-opened', peer: eve })
  me.hear(eve, message)
  expect(me.effects).toEqual([])
  me.hear(eve, { kind: 'hello', person: { name: 'Eve', avatar: '', caps: ownCaps }, password: '' })
  let heard = 0
  for (let count = 0; count < 5_000; count++) {
    me.hear(eve, message)
    heard += me.effects.length
  }
  expect(heard).toBeGreaterThan(10)
  expect(heard).toBeLessThanOrEqual(240)
})
