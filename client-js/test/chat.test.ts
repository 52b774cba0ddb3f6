/** A conversation between several pages: what reaches whom, what is said again, and what only pages of ours see. */
import { describe, expect, test } from 'vitest'
import { canReact, canSpeak } from '../src/room/chat.ts'
import { type ChatEntry, entriesMax } from '../src/room/timeline.ts'
import { messageId } from '../src/wire/ids.ts'
import { noCaps } from '../src/wire/peer.ts'
import { Scene } from './scene.ts'
import { saying } from './words.ts'

const kinds = ['mesh', 'star'] as const

const chats = (scene: Scene, name: string): ChatEntry[] =>
  scene.room(name).state.timeline.filter(entry => entry.kind === 'chat')

const last = (scene: Scene, name: string): ChatEntry => {
  const found = chats(scene, name).at(-1)
  if (!found) throw new Error(`${name} has heard nothing`)
  return found
}

const reactionsOf = (scene: Scene, name: string): string[] =>
  last(scene, name).reactions.map(({ emoji, by }) => `${emoji} ${by.map(it => it.name).join()}`)

const typists = (scene: Scene, name: string): string[] => {
  const { typing, members } = scene.room(name).state
  return [...typing.keys()].map(member => members.get(member)?.name ?? '?')
}

const three = (kind: (typeof kinds)[number]): Scene => {
  const scene = new Scene(kind)
  for (const name of ['Ada', 'Ben', 'Cyd']) scene.enter(name)
  return scene
}

/** What an original page must never see: a word of ours. */
const oursTo = (scene: Scene, name: string): unknown[] =>
  (scene.frames.get(name) ?? []).flatMap(frame => {
    const { type, idata } = frame as { type?: unknown; idata?: { type: unknown } }
    const word = type ?? idata?.type
    return typeof word === 'string' ? [word] : []
  })

describe.each(kinds)('in a %s', kind => {
  test('an answer names the message it answers, for everybody', () => {
    const scene = three(kind)
    scene.feed('Ben', saying('tea?'))
    const { id } = last(scene, 'Cyd')
    expect(id).not.toBeNull()
    scene.feed('Cyd', saying('yes', id))
    for (const name of ['Ada', 'Ben', 'Cyd']) {
      expect(last(scene, name)).toMatchObject({ text: 'yes', replyTo: id })
      expect(chats(scene, name)[0]).toMatchObject({ text: 'tea?', id })
    }
  })

  test('an answer to what nobody here knows is said without it', () => {
    const scene = three(kind)
    scene.feed('Ben', saying('yes', 'never-said'))
    expect(last(scene, 'Ada')).toMatchObject({ text: 'yes', replyTo: null })
  })

  test('reactions are put and taken back, each person’s once', () => {
    const scene = three(kind)
    scene.feed('Ben', saying('done'))
    const to = last(scene, 'Ben').id
    if (!to) throw new Error('no id')
    for (const name of ['Ada', 'Cyd', 'Cyd']) scene.feed(name, { type: 'react', to, emoji: '👍', on: true })
    scene.feed('Ben', { type: 'react', to, emoji: '🎉', on: true })
    for (const name of ['Ada', 'Ben', 'Cyd'])
      expect(reactionsOf(scene, name)).toEqual(['👍 Ada,Cyd', '🎉 Ben'])
    scene.feed('Ada', { type: 'react', to, emoji: '👍', on: false })
    scene.feed('Ben', { type: 'react', to, emoji: '🎉', on: false })
    for (const name of ['Ada', 'Ben', 'Cyd']) expect(reactionsOf(scene, name)).toEqual(['👍 Cyd'])
  })

  test('whoever is writing is seen so by the others, until they stop, speak, or fall silent', () => {
    const scene = three(kind)
    const seen = () => ['Ada', 'Ben', 'Cyd'].map(name => typists(scene, name).join())
    scene.feed('Ben', { type: 'typing', on: true })
    expect(seen()).toEqual(['Ben', '', 'Ben'])
    scene.feed('Ben', { type: 'typing', on: false })
    expect(seen()).toEqual(['', '', ''])
    scene.feed('Ben', { type: 'typing', on: true })
    scene.feed('Ben', saying('there'))
    expect(seen()).toEqual(['', '', ''])
    scene.feed('Ben', { type: 'typing', on: true })
    scene.pass(4_000)
    scene.feed('Ben', { type: 'typing', on: true })
    scene.pass(4_000)
    expect(seen()).toEqual(['Ben', '', 'Ben'])
    scene.pass(4_000)
    expect(seen()).toEqual(['', '', ''])
  })

  test('keys pressed make few words', () => {
    const scene = three(kind)
    const before = scene.frames.get('Ada')?.length ?? 0
    for (let key = 0; key < 50; key++) {
      scene.pass(100)
      scene.feed('Ben', { type: 'typing', on: true })
    }
    expect((scene.frames.get('Ada')?.length ?? 0) - before).toBe(2)
  })

  test('what was said while a link was broken is heard once it is back, once and in order', () => {
    const scene = three(kind)
    scene.unreachable.add('Ben')
    scene.breakLink('Ada', 'Ben')
    scene.feed('Ada', saying('one'))
    scene.feed('Ada', saying('two'))
    scene.feed('Ben', saying('three'))
    scene.pass(1_000)
    expect(chats(scene, 'Ben').map(it => it.text)).toEqual(['three'])
    scene.unreachable.delete('Ben')
    scene.pass(30_000)
    expect(chats(scene, 'Ben').map(it => it.text)).toEqual(['three', 'one', 'two'])
    expect(chats(scene, 'Ada').map(it => it.text)).toEqual(['one', 'two', 'three'])
    expect(
      chats(scene, 'Cyd')
        .map(it => it.text)
        .toSorted(),
    ).toEqual(['one', 'three', 'two'])
    scene.breakLink('Ada', 'Ben')
    scene.pass(30_000)
    expect(chats(scene, 'Ben')).toHaveLength(3)
    expect([...scene.room('Ada').state.links.values()].map(it => it.unacked.length)).toEqual([0, 0])
  })

  test('an original page sees none of our words, and is answered and spoken to as ever', () => {
    const scene = new Scene(kind)
    scene.enter('Ada')
    scene.enter('Old', scene.password, noCaps)
    scene.enter('Ben')
    scene.feed('Old', saying('hi'))
    scene.feed('Ben', saying('hello', last(scene, 'Ben').id))
    const to = last(scene, 'Ben').id
    if (!to) throw new Error('no id')
    scene.feed('Ada', { type: 'react', to, emoji: '👍', on: true })
    scene.feed('Ada', { type: 'typing', on: true })
    expect(reactionsOf(scene, 'Ben')).toEqual(['👍 Ada'])
    expect(chats(scene, 'Old').map(it => it.text)).toEqual(['hi', 'hello'])
    expect(oursTo(scene, 'Old')).toEqual([])
  })

  test('a message counts as not heard until somebody says they have', () => {
    const scene = new Scene(kind)
    scene.enter('Ada')
    scene.enter('Ben')
    scene.unreachable.add('Ben')
    scene.breakLink('Ada', 'Ben')
    expect(canSpeak(scene.room('Ada').state)).toBe(true)
    scene.feed('Ada', saying('anybody?'))
    expect(last(scene, 'Ada').delivery).toBe('pending')
    scene.pass(4_000)
    expect(last(scene, 'Ada').delivery).toBe('undelivered')
    scene.unreachable.delete('Ben')
    scene.pass(20_000)
    expect(last(scene, 'Ada').delivery).toBe('sent')
    expect(last(scene, 'Ben')).toMatchObject({ text: 'anybody?', name: 'Ada' })
  })

  test('one who is alone cannot speak or react', () => {
    const scene = new Scene(kind)
    const { state } = scene.enter('Ada')
    expect([canSpeak(state), canReact(state)]).toEqual([false, false])
  })
})

test('reactions stay their owner’s under a new id', () => {
  const scene = three('mesh')
  scene.feed('Ben', saying('done'))
  const to = last(scene, 'Ben').id
  if (!to) throw new Error('no id')
  scene.feed('Cyd', { type: 'react', to, emoji: '👍', on: true })
  scene.loseLine('Cyd')
  scene.findLine('Cyd')
  scene.feed('Cyd', { type: 'react', to, emoji: '👍', on: false })
  expect(reactionsOf(scene, 'Ben')).toEqual([])
})

test('a star’s host gives an original’s message a name, so that others can answer it', () => {
  const scene = new Scene('star')
  scene.enter('Ada')
  scene.enter('Ben')
  scene.enter('Old', scene.password, noCaps)
  scene.enter('Cyd')
  for (const name of ['Ada', 'Ben', 'Cyd']) expect(chats(scene, name)).toEqual([])
  scene.room('Old').feed({ type: 'say', text: 'hi', id: messageId('x') ?? never(), replyTo: null })
  scene.settle()
  expect(last(scene, 'Cyd').id).toBe(last(scene, 'Ben').id)
})

const never = (): never => {
  throw new Error('cannot be')
}

describe.each(kinds)('who comes later to a %s', kind => {
  const handing = (...givers: string[]): Scene => {
    const scene = new Scene(kind)
    for (const name of ['Ada', 'Ben']) {
      scene.enter(name)
      scene.feed(name, { type: 'share-history', on: givers.includes(name) })
    }
    return scene
  }

  test('is told nothing where nobody chose to', () => {
    const scene = handing()
    scene.feed('Ada', saying('secret'))
    scene.enter('Cyd')
    scene.pass(10_000)
    expect(chats(scene, 'Cyd')).toEqual([])
    expect(scene.screen('Ada')).not.toContain('*handed-over Cyd')
  })

  test('is told what was said, marked as told, and who shared it is shown so', () => {
    const scene = handing('Ada')
    scene.feed('Ada', saying('one'))
    scene.feed('Ben', saying('two', last(scene, 'Ben').id))
    const [one] = chats(scene, 'Ada')
    scene.enter('Cyd')
    scene.pass(10_000)
    const told = chats(scene, 'Cyd')
    expect(told).toMatchObject([
      { name: 'Ada', text: 'one', sharedBy: 'Ada', own: false },
      { name: 'Ben', text: 'two', sharedBy: 'Ada', replyTo: one?.id },
    ])
    expect(scene.screen('Ada')).toContain('*handed-over Cyd')
    expect(new Set(scene.room('Cyd').state.timeline.map(it => it.key)).size).toBe(
      scene.room('Cyd').state.timeline.length,
    )
  })

  test('is told once, and does not tell it on', () => {
    const scene = handing('Ada', 'Ben')
    scene.feed('Ada', saying('one'))
    scene.enter('Cyd')
    scene.feed('Cyd', { type: 'share-history', on: true })
    scene.pass(10_000)
    expect(chats(scene, 'Cyd')).toHaveLength(1)
    if (kind === 'star') return
    scene.leave('Ada')
    scene.leave('Ben')
    scene.enter('Dan')
    scene.pass(10_000)
    expect(chats(scene, 'Dan')).toEqual([])
  })

  test('is told the last hundred of many', () => {
    const scene = handing('Ada')
    for (let count = 0; count < 150; count++) {
      scene.now += 1_000
      scene.feed('Ben', saying(`${count}`))
    }
    scene.enter('Cyd')
    scene.pass(10_000)
    expect(chats(scene, 'Cyd').map(it => it.text)).toEqual(
      Array.from({ length: 100 }, (_, at) => `${at + 50}`),
    )
  })

  test('is told of long ones as many as a frame holds', () => {
    const scene = handing('Ada')
    for (let count = 0; count < 60; count++) {
      scene.now += 1_000
      scene.feed('Ben', saying(`${count}`.padEnd(1_999, '語')))
    }
    scene.enter('Cyd')
    scene.pass(10_000)
    const told = chats(scene, 'Cyd')
    expect(told.length).toBeGreaterThan(5)
    expect(told.length).toBeLessThan(12)
    expect(told.at(-1)?.text.startsWith('59')).toBe(true)
  })
})

test('in a mesh the next is asked where the first has nothing to tell', () => {
  const scene = new Scene('mesh')
  for (const name of ['Ada', 'Ben']) scene.enter(name)
  scene.feed('Ben', { type: 'share-history', on: true })
  scene.feed('Ada', saying('one'))
  scene.enter('Cyd')
  scene.pass(10_000)
  expect(chats(scene, 'Cyd')).toMatchObject([{ text: 'one', sharedBy: 'Ben' }])
  expect(chats(scene, 'Cyd').length).toBeLessThan(entriesMax.chat)
})
