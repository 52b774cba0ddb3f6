/** Calls as scenes: who ends up with whose streams, and what is said on the way. */
import { beforeEach, describe, expect, test } from 'vitest'
import { callLink } from '../src/room/call.ts'
import { memberId, type PeerId, peerId, streamId } from '../src/wire/ids.ts'
import { noCaps, ownCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { Scene } from './scene.ts'

const gather = (kind: 'mesh' | 'star', ...names: string[]): Scene => {
  const scene = new Scene(kind)
  for (const name of names) scene.enter(name)
  return scene
}

describe.each(['mesh', 'star'] as const)('a call in a %s', kind => {
  test('of three: each gets the others’ streams, whoever begins', () => {
    for (const order of ['ABC', 'BCA', 'CAB']) {
      const scene = gather(kind, 'A', 'B', 'C')
      for (const name of order) scene.call(name, name.toLowerCase())
      expect(scene.watched('A')).toEqual(['B: b', 'C: c'])
      expect(scene.watched('B')).toEqual(['A: a', 'C: c'])
      expect(scene.watched('C')).toEqual(['A: a', 'B: b'])
    }
  })
  test('is known to those who are not in it, and sends them nothing', () => {
    const scene = gather(kind, 'A', 'B', 'C')
    scene.call('B', 'b')
    scene.call('C', 'c')
    expect(scene.room('A').state.call.members.size).toBe(2)
    expect(scene.sends('B').filter(it => it.endsWith('A'))).toEqual(kind === 'star' ? ['b → A'] : [])
    if (kind === 'mesh') expect(scene.watched('A')).toEqual([])
  })
  test('is told to newcomers', () => {
    const scene = gather(kind, 'A', 'B')
    scene.call('A', 'a')
    scene.call('B', 'b', 'b-screen')
    scene.enter('C')
    expect(scene.room('C').state.call.members.size).toBe(2)
    scene.call('C', 'c')
    expect(scene.watched('C')).toEqual(['A: a', 'B: b', 'B: b-screen'])
    expect(scene.watched('A')).toContain('C: c')
  })
  test('can be left and joined again with another stream', () => {
    const scene = gather(kind, 'A', 'B', 'C')
    for (const name of 'ABC') scene.call(name, name.toLowerCase())
    scene.hangUpCall('B')
    expect(scene.watched('A')).toEqual(['C: c'])
    expect(scene.watched('B')).toEqual([])
    expect(scene.sends('B')).toEqual([])
    expect(scene.sends('A').filter(it => it.endsWith('→ B'))).toEqual([])
    scene.call('B', 'b2')
    expect(scene.watched('A')).toEqual(['B: b2', 'C: c'])
    expect(scene.watched('B')).toEqual(['A: a', 'C: c'])
  })
  test('has several screens at once, and forgets the one that ends', () => {
    const scene = gather(kind, 'A', 'B', 'C')
    for (const name of 'ABC') scene.call(name, name.toLowerCase())
    scene.call('B', 'b', 'one', 'two')
    scene.call('C', 'c', 'three')
    expect(scene.watched('A')).toEqual(['B: b', 'B: one', 'B: two', 'C: c', 'C: three'])
    scene.call('B', 'b', 'two')
    expect(scene.watched('A')).toEqual(['B: b', 'B: two', 'C: c', 'C: three'])
    expect(scene.sends('B').filter(it => it.startsWith('one'))).toEqual([])
  })
  test('outlives a broken link', () => {
    const scene = gather(kind, 'A', 'B', 'C')
    for (const name of 'ABC') scene.call(name, name.toLowerCase())
    scene.breakLink('A', 'B')
    // Whoever is out of touch is still in the call.
    expect(scene.room('A').state.call.members.size).toBe(2)
    scene.pass(60_000)
    for (const [name, others] of [
      ['A', ['B: b', 'C: c']],
      ['B', ['A: a', 'C: c']],
      ['C', ['A: a', 'B: b']],
    ] as const)
      expect(scene.watched(name)).toEqual(others)
  })
  test('forgets who left it while the link was broken', () => {
    const scene = gather(kind, 'A', 'B')
    for (const name of 'AB') scene.call(name, name.toLowerCase())
    scene.breakLink('A', 'B')
    scene.hangUpCall('B')
    scene.pass(60_000)
    expect(scene.room('A').state.call.members.size).toBe(0)
    expect(scene.watched('B')).toEqual([])
  })
  test('goes on when a line to the server breaks', () => {
    const scene = gather(kind, 'A', 'B', 'C')
    for (const name of 'ABC') scene.call(name, name.toLowerCase())
    scene.loseLine('B')
    scene.findLine('B')
    expect(scene.watched('A')).toEqual(['B: b', 'C: c'])
    expect(scene.watched('B')).toEqual(['A: a', 'C: c'])
    scene.call('B', 'b', 'screen')
    expect(scene.watched('A')).toEqual(['B: b', 'B: screen', 'C: c'])
  })
  test('loses whoever leaves the room', () => {
    const scene = gather(kind, 'A', 'B', 'C')
    for (const name of 'ABC') scene.call(name, name.toLowerCase())
    scene.leave('B')
    expect(scene.watched('A')).toEqual(['C: c'])
    expect(scene.watched('C')).toEqual(['A: a'])
    expect(scene.sends('A')).toEqual(kind === 'star' ? ['a → C'] : ['a → C'])
  })
})

test('what goes away while it is still announced is asked for again', () => {
  const scene = gather('mesh', 'A', 'B')
  for (const name of 'AB') scene.call(name, name.toLowerCase())
  // Left and joined again, before B's page had taken its stream away.
  const via = scene.room('B').state.self
  const stream = streamId('b')
  scene.frames.clear()
  scene.feed('A', { type: 'stream-gone', via, stream })
  expect(scene.frames.get('B')).toEqual([{ type: 2, data: { type: 4, special: 'b' } }])
})

test('who asks without being in the call gets nothing', () => {
  const scene = gather('mesh', 'A', 'B')
  scene.call('A', 'a')
  const want = { kind: 'want-stream', stream: streamId('a'), of: null } as const
  scene.feed('A', {
    type: 'received',
    via: scene.room('B').state.self,
    received: { source: null, message: want },
  })
  expect(scene.sends('A')).toEqual([])
  scene.call('B', 'b')
  expect(scene.sends('A')).toEqual(['a → B'])
})

describe.each(['mesh', 'star'] as const)('in a %s, an original page', kind => {
  /** `A` is ours and made the room, `O` is the original's. */
  const meet = (): Scene => {
    const scene = gather(kind, 'A')
    scene.enter('O', scene.password, noCaps)
    scene.call('A', 'a')
    scene.call('O', 'o')
    return scene
  }
  test('that leaves keeps the stream it had, without tracks, and gets them when it is back', () => {
    const scene = meet()
    expect(scene.sends('A')).toEqual(['a → O'])
    scene.hangUpCall('O')
    expect(scene.sends('A')).toEqual([])
    expect(scene.withdrawn).toEqual(['o → A'])
    scene.call('O', 'o2')
    expect(scene.sends('A')).toEqual(['a → O'])
  })
  test('is told nothing in our own words', () => {
    const scene = meet()
    scene.feed('A', { type: 'call-media', media: { muted: true, cameraOff: true, pushToTalk: false } })
    scene.feed('A', { type: 'call-show', stream: streamId('o'), size: 'small' })
    const types = (scene.frames.get('O') ?? []).map(frame => JSON.stringify(frame))
    expect(types.filter(it => /"type":"(media|sizes)"/.test(it))).toEqual([])
    expect(types.some(it => /possibilities/.test(it))).toBe(true)
  })
})

test('a star’s call goes on between guests while its host is not in it', () => {
  const scene = gather('star', 'H', 'A', 'B')
  scene.call('A', 'a')
  scene.call('B', 'b')
  expect(scene.watched('A')).toEqual(['B: b'])
  scene.call('H', 'h')
  expect(scene.watched('A')).toEqual(['B: b', 'H: h'])
  scene.hangUpCall('H')
  expect(scene.watched('A')).toEqual(['B: b'])
  expect(scene.watched('B')).toEqual(['A: a'])
})

describe('how large a star’s host has a guest send its picture', () => {
  const star = (): Scene => {
    const scene = gather('star', 'H', 'A', 'B', 'C')
    for (const name of 'HABC') scene.call(name, name.toLowerCase())
    return scene
  }
  test('follows from the largest of those who look, and the host is only one of them', () => {
    const scene = star()
    scene.show('H', 'a', 'hidden')
    expect(scene.sizes('A', 'a')).toEqual(['large → H'])
    scene.show('B', 'a', 'small')
    scene.show('C', 'a', 'medium')
    expect(scene.sizes('A', 'a')).toEqual(['medium → H'])
    scene.hangUpCall('C')
    expect(scene.sizes('A', 'a')).toEqual(['small → H'])
    scene.show('B', 'a', 'hidden')
    expect(scene.sizes('A', 'a')).toEqual(['hidden → H'])
    scene.show('H', 'a', 'medium')
    expect(scene.sizes('A', 'a')).toEqual(['medium → H'])
    // What goes on to a guest is as large as that guest shows it.
    expect(scene.sizes('H', 'a')).toContain('hidden → B')
  })
  test('is what the guests need while the host is not in the call', () => {
    const scene = gather('star', 'H', 'A', 'B')
    scene.call('A', 'a')
    expect(scene.sizes('A', 'a')).toEqual(['hidden → H'])
    scene.call('B', 'b')
    expect(scene.sizes('A', 'a')).toEqual(['large → H'])
    scene.show('B', 'a', 'small')
    expect(scene.sizes('A', 'a')).toEqual(['small → H'])
  })
})

describe('a stream that is asked for', () => {
  const [ada, ben] = [peerId('ada'), peerId('ben')]
  const person = { name: 'Somebody', avatar: '', caps: ownCaps }
  const camera = { id: streamId('camera'), kind: 'camera', hint: 'motion', sound: true } as const
  const announced = { streams: [camera], media: null }
  const me = new Alone('star')
  const told = (peer: PeerId): string[] =>
    me.effects.flatMap(it => (it.type === 'send' && it.over === peer ? [it.message.kind] : []))

  beforeEach(() => {
    me.begin()
    for (const peer of [ada, ben]) {
      me.admit(peer, person)
      me.hear(peer, { kind: 'join-call', reply: false })
    }
    me.hear(ada, { kind: 'streams', announced })
  })

  test('is asked for when its sender knows how large it is shown', () => {
    expect(told(ada)).toEqual(['sizes', 'want-stream'])
  })
  test('goes no larger than it was said to be shown before', () => {
    me.hear(ben, { kind: 'sizes', sizes: new Map([[camera.id, 'small']]) })
    me.hear(ben, { kind: 'want-stream', stream: camera.id, of: memberId('1') })
    const sizes = me.effects.flatMap(it =>
      it.type === 'send' && it.message.kind === 'sizes' ? it.message : [],
    )
    expect(sizes.map(it => [...it.sizes])).toEqual([[[camera.id, 'small']]])
  })
  test('has its size said anew by who left the call and comes back', () => {
    me.hear(ben, { kind: 'sizes', sizes: new Map([[camera.id, 'small']]) })
    me.hear(ben, { kind: 'want-stream', stream: camera.id, of: memberId('1') })
    me.hear(ben, { kind: 'leave-call' })
    me.hear(ben, { kind: 'join-call', reply: false })
    me.hear(ben, { kind: 'want-stream', stream: camera.id, of: memberId('1') })
    expect(callLink(me.state, ada).told.get(camera.id)).toBe('large')
  })
})

test.each(['mesh', 'star'] as const)('in a %s, who did without pictures and comes back gets them', kind => {
  const scene = gather(kind, 'A', 'B')
  for (const name of 'AB') scene.call(name, name.toLowerCase())
  scene.show('B', 'a', 'hidden')
  expect(scene.sizes('A', 'a')).toEqual(['hidden → B'])
  scene.hangUpCall('B')
  scene.call('B', 'b2')
  expect(scene.sizes('A', 'a')).toEqual(['large → B'])
})

test('a call ends with the star it was in', () => {
  const scene = gather('star', 'H', 'A', 'B')
  for (const name of 'HAB') scene.call(name, name.toLowerCase())
  scene.leave('H')
  expect(scene.room('A').state.call).toMatchObject({ own: null, members: new Map(), links: new Map() })
})
