/** A star whose host has gone: who is host then, what everybody keeps, and what reaches whom. */
import { describe, expect, test } from 'vitest'
import { hostOf, numberOf } from '../src/room/numbers.ts'
import { roster } from '../src/room/roster.ts'
import type { RoomEffect } from '../src/room/state.ts'
import { fileId, memberId, peerId } from '../src/wire/ids.ts'
import { ownCaps, type Person } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { stayOf } from './scene.ts'
import { saying } from './words.ts'

const able = (name: string): Person => ({ name, avatar: '', caps: ownCaps })
const [host, ben, cyd] = [peerId('host'), peerId('ben'), peerId('cyd')]
const members = [
  { ...able('Ben'), id: memberId('2'), member: stayOf('ben') },
  { ...able('Cyd'), id: memberId('3'), member: stayOf('cyd') },
  { ...able('Hanna'), id: memberId('0'), member: stayOf('hanna') },
]

/** We, Ben and Cyd at Hanna's. */
const guest = (): Alone => {
  const me = new Alone('star', host)
  me.feed({ type: 'incoming-offer', peer: host })
  me.feed({ type: 'link-opened', peer: host })
  me.hear(host, { kind: 'admitted', id: memberId('1'), host: stayOf('hanna') }, '0')
  me.hear(host, { kind: 'roster', members }, '-1')
  return me
}
const names = (me: Alone): (string | null)[] => roster(me.state).map(({ name }) => name)
const notices = (me: Alone): string[] =>
  me.state.timeline.flatMap(it =>
    it.kind === 'notice' ? [`${it.notice} ${'name' in it ? it.name : ''}`.trim()] : [],
  )
const sent = (effects: readonly RoomEffect[], over: string): string[] =>
  effects.flatMap(it => (it.type === 'send' && it.over === over ? [it.message.kind] : []))

describe('whoever becomes the host', () => {
  const handedOver = (): Alone => {
    const me = guest()
    me.feed({ type: 'link-closed', peer: host })
    me.feed({ type: 'host-changed', host: me.state.self, members: [me.state.self, ben, cyd] })
    return me
  }

  test('opens a link to everybody, keeps who they are, and takes nobody for a newcomer', () => {
    const me = handedOver()
    expect(me.effects.flatMap(it => (it.type === 'dial' ? [it.peer] : []))).toEqual([ben, cyd])
    expect(me.state.role).toBe('host')
    expect(hostOf(me.state)).toBe(me.state.stay)
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'knock', password: '', member: stayOf('ben') })
    expect(numberOf(me.state, stayOf('ben'))).toBe('1')
    me.hear(ben, { kind: 'introduce', person: able('Ben') })
    expect(sent(me.effects, ben).slice(0, 3)).toEqual(['roster', 'card', 'calls'])
    expect(names(me).filter(name => name !== null)).toEqual(['Me', 'Ben', 'Cyd'])
    expect(notices(me)).toEqual(['left Hanna', 'host-now'])
  })
  test('lets go of those who do not come, and tells the others', () => {
    const me = handedOver()
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'knock', password: '', member: stayOf('ben') })
    me.hear(ben, { kind: 'introduce', person: able('Ben') })
    me.feed({ type: 'timer', timer: { kind: 'regroup', term: 1 } })
    expect([...me.state.members.keys()]).toEqual([stayOf('ben')])
    expect(sent(me.effects, ben)).toContain('lost')
  })
  test('waits for everybody as long when it is made the host once more', () => {
    const me = handedOver()
    me.feed({ type: 'host-changed', host: ben, members: [me.state.self, ben, cyd] })
    me.feed({ type: 'host-changed', host: me.state.self, members: [me.state.self, ben, cyd] })
    const waits = me.effects.flatMap(it =>
      it.type === 'timer' && it.timer.kind === 'regroup' ? [it.timer] : [],
    )
    expect(waits).toEqual([{ kind: 'regroup', term: 2 }])
    me.feed({ type: 'timer', timer: { kind: 'regroup', term: 1 } })
    expect(names(me)).toEqual(['Me', 'Ben', 'Cyd'])
    me.feed({ type: 'timer', timer: { kind: 'regroup', term: 2 } })
    expect(names(me)).toEqual(['Me'])
  })
  test('keeps what is written for a host that has fallen asleep, until it comes back as a guest', () => {
    const me = guest()
    me.feed(saying('before'))
    me.feed({ type: 'link-steady', peer: host, steady: false })
    me.feed({ type: 'host-changed', host: me.state.self, members: [me.state.self, ben, cyd] })
    expect(names(me)).toEqual(['Me', 'Ben', 'Cyd'])
    me.feed(saying('after'))
    const again = peerId('host-2')
    me.feed({ type: 'peer-joined', peer: again })
    me.feed({ type: 'link-opened', peer: again })
    me.hear(again, { kind: 'knock', password: '', member: stayOf('hanna') })
    me.hear(again, { kind: 'introduce', person: able('Hanna') })
    const said = me.effects.flatMap(it =>
      it.type === 'send' && it.over === again && it.message.kind === 'chat' ? [it.message.text] : [],
    )
    expect(said).toEqual(['before', 'after'])
  })
  test('says again what the old host has not acknowledged', () => {
    const me = guest()
    me.feed(saying('did you get this?'))
    me.feed({ type: 'link-closed', peer: host })
    me.feed({ type: 'host-changed', host: me.state.self, members: [me.state.self, ben] })
    me.feed(saying('and this?'))
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'knock', password: '', member: stayOf('ben') })
    me.hear(ben, { kind: 'introduce', person: able('Ben') })
    const said = me.effects.flatMap(it =>
      it.type === 'send' && it.message.kind === 'chat' ? [it.message.text] : [],
    )
    expect(said).toEqual(['did you get this?', 'and this?'])
  })
  test('is the same person in the call', () => {
    const me = guest()
    me.feed({ type: 'call-announce', own: { streams: [], media: null } })
    me.hear(host, { kind: 'join-call', reply: true }, '2')
    me.feed({ type: 'host-changed', host: me.state.self, members: [me.state.self, ben, cyd] })
    expect([...me.state.call.members.keys()]).toEqual([stayOf('ben')])
    expect(me.state.call.own).not.toBeNull()
  })
})

describe('whoever stays a guest', () => {
  const waiting = (): Alone => {
    const me = guest()
    me.feed({ type: 'link-closed', peer: host })
    me.feed({ type: 'host-changed', host: ben, members: [ben, me.state.self, cyd] })
    return me
  }

  test('waits for the new host, who alone may open a link', () => {
    const me = waiting()
    expect(me.state.host).toBe(ben)
    me.feed({ type: 'incoming-offer', peer: cyd })
    expect([...me.state.links.keys()]).toEqual([ben])
    me.feed({ type: 'incoming-offer', peer: ben })
    me.feed({ type: 'link-opened', peer: ben })
    expect(me.effects).toMatchObject([{ type: 'send', message: { kind: 'knock', member: me.state.stay } }])
    me.hear(ben, { kind: 'admitted', id: memberId('4'), host: stayOf('ben') }, '0')
    expect(numberOf(me.state, me.state.stay)).toBe('4')
    expect(hostOf(me.state)).toBe(stayOf('ben'))
    expect(names(me)).toEqual(['Me', 'Ben', 'Cyd'])
    expect(notices(me)).toEqual(['left Hanna', 'host-changed Ben'])
  })
  test('can go on writing, and offers its files to the new host', () => {
    const me = guest()
    const file = { id: fileId('f'), name: 'f', size: 1, media: '' }
    me.feed({ type: 'offer-files', files: [file], id: saying('').id })
    me.feed({ type: 'host-changed', host: ben, members: [ben, me.state.self] })
    me.feed(saying('meanwhile'))
    expect(me.state.timeline.at(-1)).toMatchObject({ text: 'meanwhile', delivery: 'pending' })
    me.feed({ type: 'incoming-offer', peer: ben })
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'admitted', id: memberId('1'), host: stayOf('ben') }, '0')
    expect(sent(me.effects, ben)).toEqual(expect.arrayContaining(['introduce', 'chat', 'file-announced']))
    const texts = me.effects.flatMap(it =>
      it.type === 'send' && it.message.kind === 'chat' ? [it.message.text] : [],
    )
    expect(texts).toContain('meanwhile')
  })
  test('goes on waiting while nobody can be the host, and the room has not ended', () => {
    const me = guest()
    me.feed({ type: 'host-changed', host: null, members: [me.state.self] })
    expect([me.state.ended, me.state.host, names(me)]).toEqual([false, null, ['Me']])
    me.feed({ type: 'host-changed', host: ben, members: [me.state.self, ben] })
    expect(me.state.host).toBe(ben)
  })
  test.each([
    ['the same again', host, 'hanna', []],
    ['another, whose name is not known yet', ben, 'ben', ['host-changed']],
  ] as const)('is not told to wait once there is a host, %s', (_, next, name, told) => {
    const me = guest()
    me.feed({ type: 'host-changed', host: null, members: [me.state.self] })
    expect(notices(me).at(-1)).toBe('host-awaited')
    me.feed({ type: 'host-changed', host: next, members: [me.state.self, next] })
    me.feed({ type: 'incoming-offer', peer: next })
    me.feed({ type: 'link-opened', peer: next })
    me.hear(next, { kind: 'admitted', id: memberId('1'), host: stayOf(name) }, '0')
    me.hear(next, { kind: 'roster', members }, '-1')
    expect(notices(me).filter(it => it.startsWith('host'))).toEqual(told)
  })
  test('hears that the same host is there again where somebody has written meanwhile', () => {
    const me = guest()
    me.feed({ type: 'host-changed', host: null, members: [me.state.self] })
    me.feed({ type: 'password-attempts', count: 5 })
    me.feed({ type: 'host-changed', host, members: [me.state.self, host] })
    me.feed({ type: 'incoming-offer', peer: host })
    me.feed({ type: 'link-opened', peer: host })
    me.hear(host, { kind: 'admitted', id: memberId('1'), host: stayOf('hanna') }, '0')
    expect(notices(me).at(-1)).toMatch(/^host-changed/)
  })
  test.each([false, true])(
    'hears that a host has closed its page first (and something was said: %s)',
    said => {
      const me = guest()
      me.feed({ type: 'host-changed', host: ben, members: [host, ben, me.state.self, cyd] })
      me.feed({ type: 'incoming-offer', peer: ben })
      me.feed({ type: 'link-opened', peer: ben })
      me.hear(ben, { kind: 'admitted', id: memberId('4'), host: stayOf('ben') }, '0')
      const others = [
        { ...able('Hanna'), id: memberId('5'), member: stayOf('hanna') },
        { ...able('Ben'), id: memberId('0'), member: stayOf('ben') },
      ]
      me.hear(ben, { kind: 'roster', members: others }, '-1')
      if (said) me.feed(saying('still here?'))
      me.hear(ben, { kind: 'lost', id: memberId('5') }, '-1')
      expect(notices(me)).toEqual(
        said ? ['host-changed Ben', 'left Hanna'] : ['left Hanna', 'host-changed Ben'],
      )
      const keys = me.state.timeline.map(({ key }) => key)
      expect(keys).toEqual([...keys].sort((a, b) => a - b))
      expect(new Set(keys).size).toBe(keys.length)
    },
  )
  test('whoever becomes the host hears so after the one before has closed its page', () => {
    const me = guest()
    me.feed({ type: 'host-changed', host: me.state.self, members: [host, me.state.self, ben] })
    me.now += 5_000
    me.feed({ type: 'peer-left', peer: host })
    expect(notices(me)).toEqual(['left Hanna', 'host-now'])
  })
  test('is told nothing of a host whose page is loaded anew', () => {
    const me = guest()
    me.feed({ type: 'host-changed', host: ben, members: [host, ben, me.state.self, cyd] })
    me.feed({ type: 'incoming-offer', peer: ben })
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'admitted', id: memberId('4'), host: stayOf('ben') }, '0')
    expect(notices(me)).toEqual(['host-changed Ben'])
    me.feed({ type: 'host-changed', host, members: [host, ben, me.state.self, cyd] })
    me.feed({ type: 'incoming-offer', peer: host })
    me.feed({ type: 'link-opened', peer: host })
    me.hear(host, { kind: 'admitted', id: memberId('1'), host: stayOf('hanna') }, '0')
    expect(notices(me)).toEqual([])
    expect(names(me)).toEqual(['Me', 'Ben', 'Cyd', 'Hanna'])
    // What was read was the notice.
    me.feed(saying('new'))
    expect(me.state.timeline.at(-1)?.key).toBe(2)
  })
  test('is told of both where somebody has said something in between', () => {
    const me = guest()
    me.feed({ type: 'host-changed', host: me.state.self, members: [host, ben, me.state.self, cyd] })
    me.feed(saying('I am the host'))
    me.feed({ type: 'host-changed', host, members: [host, ben, me.state.self, cyd] })
    me.feed({ type: 'incoming-offer', peer: host })
    me.feed({ type: 'link-opened', peer: host })
    me.hear(host, { kind: 'admitted', id: memberId('1'), host: stayOf('hanna') }, '0')
    expect(notices(me)).toEqual(['host-now', 'host-changed Hanna'])
  })
  test('that was out of touch while the host changed has not seen the star end', () => {
    const me = guest()
    me.feed({ type: 'server-lost' })
    me.feed({ type: 'link-closed', peer: host })
    const known = { host: ben, members: [ben, me.state.self, cyd], complete: true }
    me.feed({ type: 'server-found', self: me.state.self, known })
    expect([me.state.ended, me.state.host]).toEqual([false, ben])
    expect(names(me)).toEqual(['Me', 'Ben', 'Cyd'])
  })
  test('hears the same twice and does nothing the second time', () => {
    const me = waiting()
    const before = me.state
    me.feed({ type: 'host-changed', host: ben, members: [ben, me.state.self, cyd] })
    expect(me.state).toBe(before)
  })
})

test('a host whose place is taken back is a guest, and has left nobody', () => {
  const me = new Alone('star')
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  me.hear(ben, { kind: 'knock', password: '', member: stayOf('ben') })
  me.hear(ben, { kind: 'introduce', person: able('Ben') })
  me.feed({ type: 'host-changed', host: ben, members: [me.state.self, ben] })
  expect([me.state.role, me.state.host, names(me)]).toEqual(['guest', ben, ['Me', 'Ben']])
  expect(me.effects).toContainEqual({ type: 'hang-up', peer: ben })
})

test('a host whose place is taken offers its own files alone to the next, and says its own words again', () => {
  const me = new Alone('star')
  for (const [peer, name] of [
    [ben, 'Ben'],
    [cyd, 'Cyd'],
  ] as const) {
    me.feed({ type: 'peer-joined', peer })
    me.feed({ type: 'link-opened', peer })
    me.hear(peer, { kind: 'knock', password: '', member: stayOf(name.toLowerCase()) })
    me.hear(peer, { kind: 'introduce', person: able(name) })
  }
  const file = (name: string) => ({ id: fileId(name), name, size: 1, media: '' })
  me.feed({ type: 'offer-files', files: [file('mine')], id: saying('').id })
  me.hear(ben, { kind: 'file-announced', file: file('bens') }, '1')
  me.feed(saying('not acknowledged'))
  me.feed({ type: 'host-changed', host: cyd, members: [me.state.self, ben, cyd] })
  me.feed({ type: 'incoming-offer', peer: cyd })
  me.feed({ type: 'link-opened', peer: cyd })
  me.hear(cyd, { kind: 'admitted', id: memberId('1'), host: stayOf('cyd') }, '0')
  const said = me.effects.flatMap(it => (it.type === 'send' ? [it.message] : []))
  expect(said.flatMap(it => (it.kind === 'file-announced' ? [it.file.name] : []))).toEqual(['mine'])
  expect(said.flatMap(it => (it.kind === 'chat' ? [it.text] : []))).toContain('not acknowledged')
})

test('a star that ends without a successor ends as before', () => {
  const me = guest()
  me.feed({ type: 'link-closed', peer: host })
  me.feed({ type: 'peer-left', peer: host })
  expect(me.state.ended).toBe(true)
})

test('in a mesh nobody becomes a host', () => {
  const me = new Alone('mesh')
  const before = me.state
  me.feed({ type: 'host-changed', host: ben, members: [ben] })
  expect(me.state).toBe(before)
})
