/** Scenes: whole rooms, meshes and stars, through joining, leaving, breaking and healing. */
import { describe, expect, test } from 'vitest'
import { peerId } from '../src/wire/ids.ts'
import { Scene } from './scene.ts'

describe.each(['mesh', 'star'] as const)('in a %s', kind => {
  test('who comes is announced to those who are here, and who was here is not to whoever comes', () => {
    const scene = new Scene(kind)
    for (const name of ['ada', 'ben', 'cyd']) scene.enter(name)
    expect(scene.screen('ada')).toEqual(['*joined ben', '*joined cyd'])
    expect(scene.screen('ben')).toEqual(['*joined cyd'])
    expect(scene.screen('cyd')).toEqual([])
  })
})

describe('a mesh', () => {
  test('everyone hears everyone, directly', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben', 'cyd']) scene.enter(name)
    scene.say('ada', 'hi')
    expect(scene.screen('ben')).toContain('ada: hi')
    expect(scene.screen('cyd').filter(line => line === 'ada: hi')).toHaveLength(1)
    expect(scene.seen('cyd')).toEqual({ cyd: 'self', ada: 'direct', ben: 'direct' })
    expect(scene.dials).toEqual(['ada-1 → ben-1', 'ada-1 → cyd-1', 'ben-1 → cyd-1'])
  })

  test('whoever comes with another password is let in by nobody', () => {
    const scene = new Scene('mesh')
    scene.enter('ada')
    scene.enter('mallory', 'guessed')
    expect(scene.seen('ada')).toEqual({ ada: 'self' })
    scene.say('mallory', 'let me in')
    expect(scene.screen('ada')).toEqual([])
    scene.pass(120_000)
    expect(scene.dials).toHaveLength(1)
  })

  test('a leaver is announced once and not called again', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.leave('ben')
    scene.pass(120_000)
    expect(scene.screen('ada')).toEqual(['*joined ben', '*left ben'])
    expect(scene.seen('ada')).toEqual({ ada: 'self' })
    expect(scene.dials).toHaveLength(1)
  })

  test('whoever leaves and comes back is called anew', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.leave('ben')
    scene.enter('ben')
    expect(scene.seen('ada')).toEqual({ ada: 'self', ben: 'direct' })
    scene.say('ben', 'back')
    expect(scene.screen('ada')).toEqual(['*joined ben', '*left ben', '*joined ben', 'ben: back'])
  })

  test('a broken link is called again by the one who called, and nobody is announced', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.breakLink('ada', 'ben')
    expect(scene.seen('ada')).toEqual({ ada: 'self', ben: 'lost' })
    expect(scene.seen('ben')).toEqual({ ben: 'self', ada: 'lost' })
    scene.pass(1_000)
    expect(scene.seen('ada')).toEqual({ ada: 'self', ben: 'direct' })
    expect(scene.dials).toEqual(['ada-1 → ben-1', 'ada-1 → ben-1'])
    scene.say('ben', 'again')
    expect(scene.screen('ada')).toEqual(['*joined ben', 'ben: again'])
  })

  test('a peer that cannot be reached is called ever more rarely', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.unreachable.add('ben')
    scene.breakLink('ada', 'ben')
    scene.pass(60_000)
    expect(scene.dials.length).toBeGreaterThan(4)
    expect(scene.dials.length).toBeLessThan(10)
    scene.unreachable.clear()
    scene.pass(20_000)
    expect(scene.seen('ada')).toEqual({ ada: 'self', ben: 'direct' })
  })
})

describe('a mesh whose lines to the server break', () => {
  test.each([
    [['ada'], true],
    [['ada', 'ben'], false],
  ])('of %j it is noted whether they were alone then: %s', (names, alone) => {
    const scene = new Scene('mesh')
    for (const name of names) scene.enter(name)
    scene.loseLine('ada')
    expect(scene.room('ada').state.timeline.at(-1)).toMatchObject({ notice: 'line-lost', alone })
  })

  test('the conversation goes on under the new id: no second call, no ghost, no notice to others', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben', 'cyd']) scene.enter(name)
    const before = scene.dials.length
    scene.loseLine('ben')
    scene.say('ben', 'still here')
    scene.findLine('ben')
    scene.pass(60_000)
    scene.say('ada', 'good')
    expect(scene.dials).toHaveLength(before)
    expect(scene.seen('ada')).toEqual({ ada: 'self', ben: 'direct', cyd: 'direct' })
    expect(scene.screen('ada')).toEqual(['*joined ben', '*joined cyd', 'ben: still here', 'ada: good'])
    expect(scene.screen('ben').slice(-4)).toEqual([
      '*line-lost',
      'ben: still here',
      '*line-back',
      'ada: good',
    ])
  })

  test('a link that breaks afterwards is called again under the new id', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.loseLine('ben')
    scene.findLine('ben')
    scene.breakLink('ada', 'ben')
    scene.pass(1_000)
    expect(scene.dials.at(-1)).toBe('ada-1 → ben-2')
    expect(scene.seen('ben')).toEqual({ ben: 'self', ada: 'direct' })
  })

  test('whoever lost line and links together comes back once, as themselves', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.unreachable.add('ben')
    scene.loseLine('ben')
    scene.breakLink('ada', 'ben')
    expect(scene.seen('ada')).toEqual({ ada: 'self' })
    scene.unreachable.clear()
    scene.findLine('ben')
    scene.pass(60_000)
    expect(scene.seen('ada')).toEqual({ ada: 'self', ben: 'direct' })
    expect(scene.seen('ben')).toEqual({ ben: 'self', ada: 'direct' })
  })

  test('who came while the line was broken is announced, and who was here all the time is not', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.loseLine('ben')
    scene.enter('cyd')
    scene.findLine('ben')
    scene.pass(60_000)
    expect(scene.seen('ben')).toEqual({ ben: 'self', ada: 'direct', cyd: 'direct' })
    expect(scene.screen('ben')).toEqual(['*line-lost', '*line-back', '*joined cyd'])
  })

  test('a member that left unheard is given up after a while', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben', 'cyd']) scene.enter(name)
    scene.loseLine('ada')
    scene.leave('ben')
    expect(scene.seen('ada')).toMatchObject({ ben: 'lost' })
    scene.findLine('ada')
    scene.pass(60_000)
    expect(scene.seen('ada')).toEqual({ ada: 'self', cyd: 'direct' })
  })

  test('after a restart the room is gone for newcomers, and the links live on', () => {
    const scene = new Scene('mesh')
    for (const name of ['ada', 'ben']) scene.enter(name)
    scene.restartServer()
    for (const name of ['ada', 'ben']) scene.findLine(name)
    scene.pass(60_000)
    expect(scene.room('ada').state.membership).toEqual({ type: 'rejected', refusal: 'no-such-room' })
    scene.say('ben', 'we go on')
    expect(scene.screen('ada').slice(-2)).toEqual(['*room-gone', 'ben: we go on'])
    scene.leave('ben')
    expect(scene.seen('ada')).toEqual({ ada: 'self' })
  })
})

describe('a star', () => {
  const star = (...guests: string[]): Scene => {
    const scene = new Scene('star')
    for (const name of ['host', ...guests]) scene.enter(name)
    return scene
  }

  test('the host passes a guest on to the other guests, once', () => {
    const scene = star('ben', 'cyd')
    scene.say('ben', 'hi')
    expect(scene.screen('host')).toEqual(['*joined ben', '*joined cyd', 'ben: hi'])
    expect(scene.screen('cyd')).toEqual(['ben: hi'])
    expect(scene.screen('ben')).toEqual(['*joined cyd', 'ben: hi'])
    scene.say('host', 'yo')
    expect(scene.screen('ben').at(-1)).toBe('host: yo')
  })

  test('guests hold one link and see each other through the host', () => {
    const scene = star('ben', 'cyd')
    expect(scene.seen('ben')).toEqual({ ben: 'self', host: 'direct', cyd: 'via-host' })
    expect(scene.room('ben').state.links.size).toBe(1)
    expect(scene.dials).toEqual(['host-1 → ben-1', 'host-1 → cyd-1'])
  })

  test('a guest with another password is turned away', () => {
    const scene = star()
    scene.enter('mallory', 'guessed')
    scene.say('mallory', 'hi')
    expect(scene.screen('host')).toEqual([])
    expect(scene.seen('host')).toEqual({ host: 'self' })
  })

  test('a guest that leaves is named to the others', () => {
    const scene = star('ben', 'cyd')
    scene.leave('ben')
    expect(scene.screen('cyd')).toEqual(['*left ben'])
    expect(scene.seen('cyd')).toEqual({ cyd: 'self', host: 'direct' })
  })

  test('a guest whose link broke comes back under its number, unannounced', () => {
    const scene = star('ben', 'cyd')
    scene.breakLink('host', 'ben')
    scene.pass(1_000)
    expect(scene.numberOf('ben')).toBe('1')
    expect(scene.screen('cyd')).toEqual([])
    scene.say('ben', 'back')
    expect(scene.screen('cyd')).toEqual(['ben: back'])
  })

  test('when the host leaves, the guests are told and nobody speaks into the void', () => {
    const scene = star('ben', 'cyd')
    scene.leave('host')
    for (const name of ['ben', 'cyd']) {
      scene.pass(5_000)
      expect(scene.screen(name).filter(line => line.startsWith('*host'))).toEqual(['*host-left'])
      expect(scene.room(name).state.ended).toBe(true)
    }
    scene.say('ben', 'anybody?')
    expect(scene.screen('ben').at(-1)).toBe('*host-left')
  })

  test('a host without the server keeps its guests until it goes', () => {
    const scene = star('ben')
    scene.loseLine('host')
    expect(scene.screen('ben')).toEqual([])
    scene.pass(5_000)
    expect(scene.screen('ben')).toEqual(['*host-offline'])
    scene.findLine('host')
    scene.pass(60_000)
    scene.say('ben', 'still?')
    expect(scene.screen('host').at(-1)).toBe('ben: still?')
    scene.breakLink('host', 'ben')
    expect(scene.room('ben').state.ended).toBe(true)
  })

  test('a guest without the server keeps its link and its number', () => {
    const scene = star('ben', 'cyd')
    scene.loseLine('ben')
    scene.findLine('ben')
    scene.pass(60_000)
    scene.say('ben', 'hi')
    expect(scene.screen('cyd')).toEqual(['ben: hi'])
    expect(scene.dials).toHaveLength(2)
  })

  test('numbers are never given twice', () => {
    const scene = star('ben')
    scene.leave('ben')
    scene.enter('cyd')
    expect(scene.numberOf('cyd')).toBe('2')
  })
})

test('wrong passwords from outside are one notice, however often the server tells of them', () => {
  const scene = new Scene('mesh')
  const me = scene.enter('anna')
  scene.enter('ben')
  scene.say('ben', 'hello')
  for (let count = 5; count < 2_000; count += 5) scene.feed('anna', { type: 'password-attempts', count })
  const notices = me.state.timeline.filter(it => it.kind === 'notice' && it.notice === 'password-attempts')
  expect(notices).toMatchObject([{ count: 1_995 }])
  expect(me.state.timeline.some(it => it.kind === 'chat' && it.text === 'hello')).toBe(true)
})

test('a room that whoever runs the server has closed is left, and nobody there is reached any more', () => {
  const scene = new Scene('mesh')
  const me = scene.enter('anna')
  scene.enter('ben')
  scene.feed('anna', { type: 'room-closed' })
  expect(me.state).toMatchObject({ ended: true, closed: { how: 'by-server', reason: '' } })
  expect(me.state.links.size).toBe(0)
  const before = me.state
  scene.feed('anna', { type: 'room-closed' })
  expect(me.state).toBe(before)
})

test('a server that is busy when we come back is asked again, and the room is not given up', () => {
  const scene = new Scene('mesh')
  const me = scene.enter('anna')
  scene.feed('anna', { type: 'server-lost' })
  scene.feed('anna', { type: 'server-found', self: peerId('anna-2') })
  expect(me.state.membership.type).toBe('joined')
  for (const refusal of ['try-later', 'room-full', 'unreachable', 'room-error', 'not-open-yet'] as const) {
    scene.feed('anna', { type: 'rejoin-refused', refusal })
    expect(me.state.membership).toMatchObject({ type: 'waiting', refusal })
    scene.feed('anna', { type: 'timer', timer: { kind: 'join', self: me.state.self, attempt: 1 } })
    expect(me.state.membership.type).toBe('joined')
  }
  expect(me.state.timeline.some(it => it.kind === 'notice' && it.notice === 'room-gone')).toBe(false)
})
