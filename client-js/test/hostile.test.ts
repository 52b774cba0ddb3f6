/** What a peer of bad will can do to a room: nothing that is not bounded, and nothing in another's name. */
import { beforeEach, describe, expect, test } from 'vitest'
import { unackedMax } from '../src/room/outbox.ts'
import { roster } from '../src/room/roster.ts'
import { entriesMax, reactionsMax } from '../src/room/timeline.ts'
import type { FileCard } from '../src/wire/file.ts'
import { fileId, hostNumber, memberId, messageId, peerId, roomItself } from '../src/wire/ids.ts'
import { noCaps, ownCaps, type PeerMessage } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { chat, saying } from './words.ts'

const person = { name: 'Eve', avatar: '', caps: noCaps }
const eve = peerId('eve')
const card = (id: string): FileCard => ({ id: fileId(id), name: id, size: 1, media: '' })
const hello: PeerMessage = { kind: 'hello', person, password: '' }

describe('in a mesh', () => {
  const me = new Alone('mesh')
  beforeEach(() => {
    me.begin()
    me.feed({ type: 'peer-joined', peer: eve })
    me.feed({ type: 'link-opened', peer: eve })
  })

  test('what is said before the introduction is not heard', () => {
    me.hear(eve, chat('psst'))
    me.hear(eve, { kind: 'moved', to: peerId('x') })
    expect(me.state.timeline).toEqual([])
    expect(me.state.links.has(eve)).toBe(true)
  })

  test('a flood is cut off, said once, and forgiven later', () => {
    me.hear(eve, hello)
    for (let count = 0; count < 5_000; count++) me.hear(eve, chat(`${count}`))
    const notices = () => me.state.timeline.filter(it => it.kind === 'notice' && it.notice === 'too-fast')
    expect(me.state.timeline.length).toBeLessThan(100)
    expect(notices()).toHaveLength(1)
    me.now = 60_000
    me.hear(eve, chat('calm'))
    expect(me.state.timeline.at(-1)).toMatchObject({ text: 'calm' })
  })

  test('no more is kept than can be shown', () => {
    me.hear(eve, hello)
    for (let count = 0; count < 3 * entriesMax.chat; count++) {
      me.now += 1_000
      me.hear(eve, chat(`${count}`))
    }
    expect(me.state.timeline.filter(it => it.kind === 'chat')).toHaveLength(entriesMax.chat)
    expect(new Set(me.state.timeline.map(it => it.key)).size).toBe(me.state.timeline.length)
  })

  test('a burst of files is cut off, and wipes no conversation', () => {
    me.hear(eve, hello)
    me.feed(saying('kept'))
    for (let count = 0; count < 50; count++) {
      const files = Array.from({ length: 20 }, (_, at) => card(`${count} ${at}`))
      me.hear(eve, { ...chat(`${count}`), files })
    }
    const shown = me.state.timeline.filter(it => it.kind === 'file')
    expect(shown.length).toBeLessThanOrEqual(entriesMax.file)
    expect(me.effects.filter(it => it.type === 'file')).toEqual([])
    expect(me.state.timeline.some(it => it.kind === 'chat' && it.text === 'kept')).toBe(true)
    expect(me.state.timeline.filter(it => it.kind === 'notice' && it.notice === 'too-fast')).toHaveLength(1)
  })

  test('files and notices push out their like, and nothing that was said', () => {
    me.hear(eve, hello)
    me.feed(saying('kept'))
    for (let count = 0; count < 1_000; count++) {
      me.now += 60_000
      me.hear(eve, { ...chat(''), files: [card(`${count}`)] })
      me.feed({ type: 'server-lost' })
      me.feed({ type: 'rejoined' })
    }
    const kinds = me.state.timeline.map(({ kind }) => kind)
    expect(kinds.filter(kind => kind === 'file')).toHaveLength(entriesMax.file)
    expect(kinds.filter(kind => kind === 'notice')).toHaveLength(entriesMax.notice)
    expect(me.state.timeline.some(it => it.kind === 'chat' && it.text === 'kept')).toBe(true)
  })

  test('a flood of renames is cut off', () => {
    me.hear(eve, hello)
    let changes = 0
    for (let count = 0; count < 5_000; count++) {
      const before = me.state.members
      me.hear(eve, { ...hello, person: { ...person, name: `Eve ${count}` } })
      if (before !== me.state.members) changes += 1
    }
    expect(changes).toBeLessThan(100)
    me.now = 60_000
    me.hear(eve, { ...hello, person: { ...person, name: 'calm' } })
    expect(roster(me.state).map(it => it.name)).toEqual(['Me', 'calm'])
  })

  test('whoever takes a name that somebody has is told apart, however it is spelt', () => {
    const names = ['Eve', 'eve', 'E\u200dve', 'Ｅve', 'me', 'Eve 2']
    for (const [at, name] of names.entries()) {
      const peer = peerId(`n${at}`)
      me.feed({ type: 'peer-joined', peer })
      me.feed({ type: 'link-opened', peer })
      me.hear(peer, { ...hello, person: { ...person, name } })
      me.hear(peer, chat('hi'))
    }
    const said = me.state.timeline.flatMap(it => (it.kind === 'chat' ? [it.name] : []))
    expect(said).toEqual(['Eve', 'eve 2', 'E\u200dve 3', 'Ｅve 4', 'me 2', 'Eve 2 2'])
    const froms = me.state.timeline.flatMap(it => (it.kind === 'chat' ? [it.from] : []))
    expect(new Set(froms).size).toBe(names.length)
  })

  test('nobody takes over an id that is somebody’s', () => {
    me.hear(eve, hello)
    me.feed({ type: 'peer-joined', peer: peerId('bob') })
    me.hear(eve, { kind: 'moved', to: peerId('bob') })
    me.hear(eve, { kind: 'moved', to: peerId('me') })
    expect([...me.state.links.keys()]).toEqual(['eve', 'bob'])
    expect(me.effects).toEqual([])
  })

  test('more links than a room can need are not opened', () => {
    for (let count = 0; count < 200; count++) {
      me.feed({ type: 'peer-joined', peer: peerId(`p${count}`) })
      me.feed({ type: 'incoming-offer', peer: peerId(`q${count}`) })
    }
    expect(me.state.links.size).toBe(40)
  })

  test('a rename changes the name and nothing else', () => {
    me.hear(eve, hello)
    const before = me.state.timeline.length
    me.hear(eve, { ...hello, person: { name: 'Adam', avatar: '', caps: noCaps } })
    expect(roster(me.state).map(it => it.name)).toEqual(['Me', 'Adam'])
    expect(me.state.timeline).toHaveLength(before)
  })
})

describe('in a conversation', () => {
  const me = new Alone('mesh')
  const able = { ...person, caps: ownCaps }
  const mine = saying('mine')
  beforeEach(() => {
    me.begin()
    me.feed({ type: 'peer-joined', peer: eve })
    me.feed({ type: 'link-opened', peer: eve })
    me.hear(eve, { ...hello, person: able })
    me.feed(mine)
  })
  const message = () => me.state.timeline.find(it => it.kind === 'chat' && it.own)

  test('a name that is taken is not taken again', () => {
    me.hear(eve, chat('not mine', mine.id))
    expect(me.state.timeline.filter(it => it.kind === 'chat')).toMatchObject([{ text: 'mine', own: true }])
  })

  test('a flood of reactions and typing is cut off', () => {
    let changes = 0
    for (let count = 0; count < 5_000; count++) {
      const before = me.state.timeline
      me.hear(eve, { kind: 'reaction', to: mine.id, emoji: '👍', on: count % 2 === 0 })
      me.hear(eve, { kind: 'typing', on: count % 2 === 0 })
      if (before !== me.state.timeline) changes += 1
    }
    expect(changes).toBeLessThan(100)
    expect(me.state.typing.size).toBeLessThan(2)
  })

  test('a message carries so many reactions and no more', () => {
    for (let count = 0; count < 50; count++) {
      me.now += 1_000
      const emoji = String.fromCodePoint(0x1f600 + count)
      me.hear(eve, { kind: 'reaction', to: mine.id, emoji, on: true })
    }
    expect(message()).toMatchObject({ reactions: { length: reactionsMax } })
  })

  test('nobody is told of a past they did not ask for, or from somebody else', () => {
    const told = { id: null, replyTo: null, name: 'Me', text: 'forged', at: 0 }
    me.hear(eve, { kind: 'history', messages: [told] })
    expect(me.state.timeline.some(it => it.kind === 'chat' && it.text === 'forged')).toBe(false)
  })

  test('what was said takes the place of what was told under its name', () => {
    const later = new Alone('mesh')
    for (const peer of [eve, peerId('ada')]) {
      later.feed({ type: 'incoming-offer', peer })
      later.feed({ type: 'link-opened', peer })
      later.hear(peer, { ...hello, person: { ...able, name: peer } })
    }
    const told = { id: messageId('x'), replyTo: null, name: 'ada', text: 'forged', at: 0 }
    later.hear(eve, { kind: 'history', messages: [told] })
    expect(later.state.timeline.some(it => it.kind === 'chat' && it.text === 'forged')).toBe(true)
    later.hear(peerId('ada'), chat('meant', 'x'))
    const said = later.state.timeline.filter(it => it.kind === 'chat')
    expect(said).toMatchObject([{ text: 'meant', name: 'ada', sharedBy: null }])
  })

  test('the past is told once to each, however often they ask', () => {
    me.feed({ type: 'share-history', on: true })
    let bytes = 0
    for (let count = 0; count < 100; count++) {
      me.hear(eve, { kind: 'ask-history' })
      bytes += JSON.stringify(me.effects).length
    }
    expect(bytes).toBeLessThan(1_000)
    expect(me.state.timeline.filter(it => it.kind === 'notice' && it.notice === 'handed-over')).toHaveLength(
      1,
    )
  })

  test('for whoever never acknowledges, only so many messages are kept', () => {
    for (let count = 0; count < 500; count++) me.feed(saying('again'))
    expect(me.state.links.get(eve)?.unacked).toHaveLength(unackedMax)
  })

  test('typing and reactions of nobody known change nothing', () => {
    const before = me.state
    me.hear(eve, { kind: 'reaction', to: messageId('unknown') ?? mine.id, emoji: '👍', on: true })
    me.hear(eve, { kind: 'ack', id: messageId('unknown') ?? mine.id })
    expect(me.state.timeline).toBe(before.timeline)
  })
})

describe('at a star’s host', () => {
  const me = new Alone('star')
  beforeEach(() => {
    me.begin()
    me.feed({ type: 'peer-joined', peer: eve })
    me.feed({ type: 'link-opened', peer: eve })
  })

  test('who has not knocked is not introduced', () => {
    me.hear(eve, { kind: 'introduce', person })
    me.hear(eve, chat('hi'))
    me.hear(eve, { kind: 'ask-roster' })
    expect(me.effects).toEqual([])
    expect(roster(me.state).map(it => it.name)).toEqual(['Me', null])
  })

  test('nobody opens a link to the host', () => {
    me.feed({ type: 'incoming-offer', peer: peerId('stranger') })
    expect(me.state.links.has(peerId('stranger'))).toBe(false)
  })

  test('the welcome comes in the order the original’s guests expect', () => {
    me.hear(eve, { kind: 'knock', password: '' })
    expect(me.effects).toMatchObject([{ type: 'send', source: 'me', message: { kind: 'admitted', id: '1' } }])
    me.hear(eve, { kind: 'introduce', person })
    expect(me.effects.map(it => it.type === 'send' && [it.source, it.message.kind])).toEqual([
      [roomItself, 'roster'],
      [roomItself, 'card'],
      [roomItself, 'calls'],
    ])
    me.hear(eve, { kind: 'ask-roster' })
    expect(me.effects).toMatchObject([
      { source: roomItself, message: { kind: 'roster', members: [{ id: 'me', name: 'Me' }] } },
    ])
  })

  test('a flood is not passed on', () => {
    const bob = peerId('bob')
    for (const peer of [eve, bob]) {
      me.feed({ type: 'peer-joined', peer })
      me.feed({ type: 'link-opened', peer })
      me.hear(peer, { kind: 'knock', password: '' })
      me.hear(peer, { kind: 'introduce', person })
    }
    let relayed = 0
    for (let count = 0; count < 5_000; count++) {
      me.hear(eve, chat('x'))
      relayed += me.effects.length
    }
    expect(relayed).toBeGreaterThan(10)
    expect(relayed).toBeLessThan(100)
  })
})

describe('at a star’s guest', () => {
  const host = peerId('host')
  const me = new Alone('star', host)
  const fromHost = (message: PeerMessage, source: string): void => me.hear(host, message, source)

  beforeEach(() => {
    me.begin()
    me.feed({ type: 'incoming-offer', peer: host })
    me.feed({ type: 'link-opened', peer: host })
    fromHost({ kind: 'admitted', id: memberId('1') }, '0')
    fromHost({ kind: 'roster', members: [{ ...person, id: hostNumber }] }, '-1')
  })

  test('only the host may call', () => {
    me.feed({ type: 'incoming-offer', peer: eve })
    expect([...me.state.links.keys()]).toEqual([host])
  })

  test('a host can put words into mouths, but not into ours, and not for those who are not here', () => {
    fromHost(chat('as nobody'), '9')
    fromHost({ kind: 'typing', on: true }, '9')
    fromHost({ kind: 'typing', on: true }, '1')
    expect(me.state.timeline).toEqual([])
    expect(me.state.typing.size).toBe(0)
  })

  test('nobody is introduced as the room, or as ourselves', () => {
    fromHost({ kind: 'introduce', person }, '-1')
    fromHost({ kind: 'introduce', person }, '1')
    fromHost(chat('as you'), '1')
    expect(roster(me.state)).toHaveLength(2)
    expect(me.state.timeline).toEqual([])
  })

  test('a guest’s word does not remove another', () => {
    fromHost({ kind: 'introduce', person: { name: 'Bob', avatar: '', caps: noCaps } }, '2')
    fromHost({ kind: 'lost', id: memberId('2') }, '3')
    expect(roster(me.state)).toHaveLength(3)
    fromHost({ kind: 'lost', id: memberId('2') }, '-1')
    expect(roster(me.state)).toHaveLength(2)
  })

  test('a host that names ever more guests fills no memory', () => {
    for (let count = 2; count < 2_000; count++) fromHost({ kind: 'introduce', person }, String(count))
    expect(me.state.members.size).toBe(40)
    expect(me.state.timeline.length).toBeLessThan(100)
  })
})
