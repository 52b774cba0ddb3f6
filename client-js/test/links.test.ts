/** The life of a link, event by event: what a scene with well-behaved ends does not come to. */
import { beforeEach, describe, expect, test } from 'vitest'
import { Room } from '../src/room/room.ts'
import { type ConnectionStatus, roster } from '../src/room/roster.ts'
import { createRoomState, type RoomEffect, type Timer } from '../src/room/state.ts'
import { peerId, roomId } from '../src/wire/ids.ts'
import { noCaps, ownCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { chat, saying } from './words.ts'

const ben = peerId('ben')
const me = new Alone('mesh')
const names = (): (string | null)[] => roster(me.state).map(({ name }) => name)
const asked = (): RoomEffect['type'][] => me.effects.map(({ type }) => type)

beforeEach(() => {
  me.begin()
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  const person = { name: 'Ben', avatar: '', caps: noCaps }
  me.hear(ben, { kind: 'hello', person, password: '' })
})

describe('a peer that the server says has left', () => {
  test('stays as long as its link lives', () => {
    me.feed({ type: 'peer-left', peer: ben })
    expect(names()).toEqual(['Me', 'Ben'])
    me.feed({ type: 'link-closed', peer: ben })
    expect(names()).toEqual(['Me'])
    expect(asked()).toEqual(['hang-up'])
  })
  test('goes as soon as its link falters', () => {
    me.feed({ type: 'peer-left', peer: ben })
    me.feed({ type: 'link-steady', peer: ben, steady: false })
    expect(names()).toEqual(['Me'])
  })
  test('goes at once if its link faltered before', () => {
    me.feed({ type: 'link-steady', peer: ben, steady: false })
    me.feed({ type: 'peer-left', peer: ben })
    expect(names()).toEqual(['Me'])
  })
  test('and comes back under the same id is called anew', () => {
    me.feed({ type: 'peer-left', peer: ben })
    me.feed({ type: 'peer-joined', peer: ben })
    expect(asked()).toEqual(['hang-up', 'timer', 'dial'])
    expect(names()).toEqual(['Me', null])
  })
})

test('what is said while a broken link is being opened again is said once it is back', () => {
  const person = { name: 'Ben', avatar: '', caps: ownCaps }
  me.hear(ben, { kind: 'hello', person, password: '' })
  me.feed({ type: 'link-closed', peer: ben })
  me.feed({ type: 'timer', timer: { kind: 'dial', peer: ben, attempt: 2 } })
  me.feed(saying('on the way'))
  me.feed({ type: 'link-opened', peer: ben })
  me.feed(saying('nearly there'))
  me.hear(ben, { kind: 'hello', person, password: '' })
  const sent = me.effects.flatMap(it =>
    it.type === 'send' && it.message.kind === 'chat' ? [it.message.text] : [],
  )
  expect(sent).toEqual(['on the way', 'nearly there'])
})

describe('a link that falters', () => {
  test('is shown as such, until it is steady again', () => {
    me.feed({ type: 'link-steady', peer: ben, steady: false })
    expect(roster(me.state)[1]).toMatchObject({ name: 'Ben', connectionStatus: 'unsteady' })
    me.feed({ type: 'link-steady', peer: ben, steady: true })
    expect(roster(me.state)[1]).toMatchObject({ name: 'Ben', connectionStatus: 'direct' })
  })
})

describe('a link that breaks after our own line was away', () => {
  const breakIt = (): void => {
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'server-found', self: peerId('me-2') })
    me.feed({ type: 'rejoined' })
    me.feed({ type: 'link-closed', peer: ben })
  }
  const giveUp = (): void => {
    const timer = me.effects.find(it => it.type === 'timer' && it.timer.kind === 'give-up')
    if (timer?.type !== 'timer') throw new Error('nobody waits')
    me.feed({ type: 'timer', timer: timer.timer })
  }

  test('is called again, and given up where nobody answers', () => {
    breakIt()
    expect(me.effects).toMatchObject([
      { type: 'timer', timer: { kind: 'dial' } },
      { type: 'timer', timer: { kind: 'give-up' } },
    ])
    giveUp()
    expect(names()).toEqual(['Me'])
  })
  test('is not given up once the server has named the peer', () => {
    breakIt()
    const waiting = me.effects
    me.feed({ type: 'peer-joined', peer: ben })
    me.effects = waiting
    giveUp()
    expect(names()).toEqual(['Me', 'Ben'])
  })
  test('a timer of an earlier attempt calls nobody', () => {
    me.feed({ type: 'link-closed', peer: ben })
    const [first] = me.effects
    if (first?.type !== 'timer') throw new Error('nobody calls again')
    me.feed({ type: 'timer', timer: first.timer })
    expect(asked()).toEqual(['timer', 'dial'])
    me.feed({ type: 'timer', timer: first.timer })
    expect(asked()).toEqual([])
  })
})

/** The timer of that kind among what was last asked for. */
const timerOf = (kind: Timer['kind']): { timer: Timer; ms: number } => {
  const found = me.effects.find(it => it.type === 'timer' && it.timer.kind === kind)
  if (found?.type !== 'timer') throw new Error(`no ${kind}`)
  return found
}

describe('a link that comes to nothing', () => {
  const cyd = peerId('cyd')
  const reach = (): ConnectionStatus | undefined =>
    roster(me.state).find(({ key }) => key === `link ${cyd}`)?.connectionStatus

  test.each([
    ['that nothing is heard of', () => undefined],
    ['whose far end says nothing once it is open', () => me.feed({ type: 'link-opened', peer: cyd })],
  ])('%s is hung up after a while, and called again', (_how, until) => {
    me.feed({ type: 'peer-joined', peer: cyd })
    const { timer } = timerOf('handshake')
    until()
    expect(reach()).toBe('connecting')
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual(['hang-up', 'timer'])
    expect(reach()).toBe('lost')
    me.feed({ type: 'timer', timer: timerOf('dial').timer })
    expect(asked()).toEqual(['timer', 'dial'])
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual([])
  })
  test('is left to whoever opened it, if we did not', () => {
    me.feed({ type: 'incoming-offer', peer: cyd })
    const { timer } = timerOf('handshake')
    me.feed({ type: 'link-opened', peer: cyd })
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual(['hang-up'])
  })
  test('is not one over which somebody has been met, or that is being called again', () => {
    me.feed({ type: 'peer-joined', peer: cyd })
    const { timer } = timerOf('handshake')
    me.feed({ type: 'link-opened', peer: cyd })
    const person = { name: 'Cyd', avatar: '', caps: noCaps }
    me.hear(cyd, { kind: 'hello', person, password: '' })
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual([])
    me.feed({ type: 'link-closed', peer: cyd })
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual([])
  })
  test('because a guest of ours never says its name, is called again too', () => {
    const host = new Alone('star')
    host.feed({ type: 'peer-joined', peer: cyd })
    const [unmet] = host.effects
    host.feed({ type: 'link-opened', peer: cyd })
    host.hear(cyd, { kind: 'knock', password: '' })
    expect(host.state.links.get(cyd)?.phase).toBe('admitted')
    if (unmet?.type !== 'timer') throw new Error('nobody waits')
    host.feed({ type: 'timer', timer: unmet.timer })
    expect(host.effects.map(({ type }) => type)).toEqual(['hang-up', 'timer'])
  })
})

describe('whoever called us and was never reached', () => {
  test.each([
    ['zoe', 30_000],
    ['cyd', 45_000],
  ])('may not call again: %s is called by us, one of two that wait before the other', (name, ms) => {
    const peer = peerId(name)
    me.feed({ type: 'incoming-offer', peer })
    me.feed({ type: 'link-closed', peer })
    expect(timerOf('dial').ms).toBe(ms)
    const { timer } = timerOf('dial')
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual(['timer', 'dial'])
  })
  test('and calls again, is not called by us', () => {
    const zoe = peerId('zoe')
    me.feed({ type: 'incoming-offer', peer: zoe })
    me.feed({ type: 'link-closed', peer: zoe })
    const { timer } = timerOf('dial')
    me.feed({ type: 'incoming-offer', peer: zoe })
    me.feed({ type: 'timer', timer })
    expect(asked()).toEqual([])
  })
  test('is waited for where it has hung up, and where it is a host', () => {
    const zoe = peerId('zoe')
    me.feed({ type: 'incoming-offer', peer: zoe })
    me.feed({ type: 'link-opened', peer: zoe })
    me.feed({ type: 'link-closed', peer: zoe })
    expect(asked()).toEqual([])
    const guest = new Alone('star', zoe)
    guest.feed({ type: 'incoming-offer', peer: zoe })
    guest.feed({ type: 'link-closed', peer: zoe })
    expect(guest.effects).toEqual([])
  })
})

test('an event that cannot be carried out holds up none of those behind it', () => {
  const card = { id: roomId('r'), name: 'room', password: '', peersMax: 8, kind: 'mesh' } as const
  const dials: string[] = []
  const none = (): void => undefined
  const room = new Room(createRoomState({ card, host: null }, peerId('me'), 'Me'), {
    dial: peer => {
      dials.push(peer)
      if (peer !== 'ben') return
      room.feed({ type: 'peer-joined', peer: peerId('cyd') })
      throw new Error('no more connections')
    },
    hangUp: none,
    send: none,
    signalled: none,
    join: none,
    mute: none,
    publish: none,
    unpublish: none,
    file: none,
    topic: none,
    setTimer: none,
    spread: ms => ms,
    now: () => 0,
    changed: none,
  })
  expect(() => room.feed({ type: 'peer-joined', peer: ben })).toThrow('no more connections')
  room.feed({ type: 'peer-joined', peer: peerId('dan') })
  expect(dials).toEqual(['ben', 'cyd', 'dan'])
})

test('a steady stream that is too fast is complained of once, not again and again', () => {
  for (let count = 0; count < 1_000; count++) {
    me.now += 20
    me.hear(ben, chat('x'))
  }
  const notices = me.state.timeline.filter(it => it.kind === 'notice' && it.notice === 'too-fast')
  expect(notices).toHaveLength(1)
})

test('who called us is left to call again; an original page, which never does, is called by us', () => {
  for (const [caps, asks] of [
    [noCaps, ['timer']],
    [ownCaps, []],
  ] as const) {
    me.begin()
    me.feed({ type: 'incoming-offer', peer: ben })
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'hello', person: { name: 'Ben', avatar: '', caps }, password: '' })
    me.feed({ type: 'link-closed', peer: ben })
    expect(asked()).toEqual(asks)
  }
})
