/** A star through the server as its room knows it: sealed while everybody can, what goes how, and what is believed. */
import { beforeEach, describe, expect, test } from 'vitest'
import { canSpeak } from '../src/room/chat.ts'
import { canOffer } from '../src/room/file.ts'
import { roster } from '../src/room/roster.ts'
import { isSealed, passageOf } from '../src/room/sealing.ts'
import { createRoomState, type RoomEvent, type RoomState } from '../src/room/state.ts'
import { step } from '../src/room/step.ts'
import { fileId, type MemberId, memberId, peerId, roomId, streamId } from '../src/wire/ids.ts'
import { type ListedMember, noCaps, ownCaps, type PeerMessage, type Person } from '../src/wire/peer.ts'
import { stayOf } from './scene.ts'
import { saying } from './words.ts'

const host = peerId('host')
const sealing = { ...ownCaps, sealed: true }
const person = (name: string, caps = sealing): Person => ({ name, avatar: '', caps })
const listed = (name: string, number: string, caps = sealing): ListedMember => ({
  ...person(name, caps),
  id: memberId(number),
  member: stayOf(name.toLowerCase()),
})
const server: ListedMember = {
  ...person('Server', { ...ownCaps, server: true }),
  id: memberId('0'),
  member: stayOf('srv'),
}
const [ben, orla] = [listed('Ben', '2'), listed('Orla', '3', noCaps)]
const bens = stayOf('ben')

let state: RoomState
let effects: ReturnType<typeof step>['effects'] = []
let at = 0

const feed = (event: RoomEvent): void => {
  const next = step(state, event, at)
  state = next.state
  effects = next.effects
}
const hear = (message: PeerMessage, source: string, sealed?: true): void =>
  feed({
    type: 'received',
    via: host,
    received: { source: memberId(source), message, ...(sealed && { sealed }) },
  })
const enter = (able: boolean, ...others: ListedMember[]): void => {
  const card = { id: roomId('r'), name: 'room', password: '', peersMax: 8, kind: 'server' } as const
  state = createRoomState({ card, host }, peerId('me'), 'Me', stayOf('me'), able)
  at = 0
  feed({ type: 'incoming-offer', peer: host })
  feed({ type: 'link-opened', peer: host })
  hear({ kind: 'admitted', id: memberId('1'), ...(server.member && { host: server.member }) }, '0')
  hear({ kind: 'roster', members: [...others, server] }, '-1')
}
const introduce = (who: ListedMember, number: string): void =>
  hear({ kind: 'introduce', person: who, ...(who.member && { member: who.member }) }, number)
const notices = (): string[] =>
  state.timeline.flatMap(it =>
    it.kind === 'notice' && 'name' in it ? [`${it.notice} ${it.name}`.trim()] : [],
  )
const texts = (): string[] => state.timeline.flatMap(it => (it.kind === 'chat' ? [it.text] : []))
const agree = (...members: MemberId[]): void =>
  feed({ type: 'sealing-status', agreed: new Set(members), failing: new Set() })
const chat = (text: string): PeerMessage => ({ kind: 'chat', text, id: saying('').id, replyTo: null })
const typing: PeerMessage = { kind: 'typing', on: true }
const sent = () => effects.flatMap(it => (it.type === 'send' ? [it] : []))
const passages = (): string[] =>
  sent().map(it => `${it.message.kind} ${passageOf(state, it.source, it.message, it.to ?? null)}`)

beforeEach(() => enter(true, ben))

describe('a room', () => {
  test('is sealed while everybody’s page can, from the first moment on', () => {
    expect([state.sealing.mode, isSealed(state), notices()]).toEqual(['sealed', true, []])
    introduce(listed('Cyd', '4'), '4')
    expect([state.sealing.mode, notices()]).toEqual(['sealed', ['joined Cyd']])
  })

  test('is not when somebody’s page cannot, which is said first', () => {
    introduce(orla, '3')
    expect([state.sealing.mode, notices()]).toEqual(['opening', ['joined Orla', 'unsealed Orla']])
    expect(effects).toContainEqual({ type: 'timer', timer: { kind: 'unseal' }, ms: 2_000 })
    expect(canSpeak(state)).toBe(false)
    feed({ type: 'typing', on: true })
    expect(passages()).toEqual(['typing sealed'])
    feed({ type: 'timer', timer: { kind: 'unseal' } })
    expect([state.sealing.mode, isSealed(state), canSpeak(state)]).toEqual(['open', false, true])
    feed(saying('for Orla too'))
    expect(passages()).toEqual(['chat plain'])
  })

  test('is sealed again when that one has gone, which is said too', () => {
    introduce(orla, '3')
    feed({ type: 'timer', timer: { kind: 'unseal' } })
    hear({ kind: 'lost', id: memberId('3') }, '-1')
    expect(state.sealing.mode).toBe('sealed')
    expect(notices()).toEqual(['joined Orla', 'unsealed Orla', 'left Orla', 'sealed'])
    feed({ type: 'timer', timer: { kind: 'unseal' } })
    expect(state.sealing.mode).toBe('sealed')
  })

  test('into which we come while it is not says so at once', () => {
    enter(true, ben, orla)
    expect([state.sealing.mode, notices()]).toEqual(['open', ['unsealed Orla']])
  })

  test('is not sealed by a page that cannot, which says so', () => {
    enter(false, ben)
    expect([state.sealing.mode, notices()]).toEqual(['open', ['unsealed-here']])
    introduce(orla, '3')
    hear({ kind: 'lost', id: memberId('3') }, '-1')
    expect([state.sealing.mode, notices()]).toEqual(['open', ['unsealed-here', 'joined Orla', 'left Orla']])
    feed(saying('hello'))
    expect(passages()).toEqual(['chat plain'])
  })

  test('whose page fails sends and takes nothing any more', () => {
    feed({ type: 'sealing-failed' })
    expect([state.sealing.mode, notices()]).toEqual(['failed', ['sealing-failed']])
    expect([canSpeak(state), canOffer(state)]).toEqual([false, false])
    hear(chat('open'), '2')
    hear(chat('sealed'), '2', true)
    feed(saying('never'))
    expect(texts()).toEqual([])
    expect(passageOf(state, stayOf('me'), chat('x'), null)).toBe('dropped')
    introduce(orla, '3')
    expect(state.sealing.mode).toBe('failed')
  })

  test('of another kind knows nothing of it', () => {
    const card = { id: roomId('r'), name: 'room', password: '', peersMax: 8, kind: 'mesh' } as const
    state = createRoomState({ card, host: null }, peerId('me'), 'Me')
    expect(state.sealing.mode).toBe('none')
    expect(passageOf(state, stayOf('me'), chat('x'), null)).toBe('plain')
    feed({ type: 'sealing-failed' })
    expect(state.sealing.mode).toBe('none')
  })

  test('says when keys cannot be agreed on, or are others than before', () => {
    feed({ type: 'sealing-status', agreed: new Set(), failing: new Set([bens]) })
    feed({ type: 'sealing-status', agreed: new Set(), failing: new Set([bens]) })
    feed({ type: 'key-changed', member: bens })
    feed({ type: 'key-changed', member: stayOf('nobody') })
    expect(notices()).toEqual(['keys-missing Ben', 'key-changed Ben'])
    expect(roster(state).map(it => it.seal)).toEqual(['agreed', 'failing'])
    agree(bens)
    expect(roster(state).map(it => it.seal)).toEqual(['agreed', 'agreed'])
  })
})

describe('what is sent', () => {
  const file = { id: fileId('f'), name: 'plan.txt', size: 3, media: '' }
  const signal = { kind: 'error', from: 1, to: 2, error: '' } as const

  test('goes sealed, but for who is there and calls', () => {
    feed(saying('hello'))
    expect(passages()).toEqual(['chat sealed'])
    feed({ type: 'typing', on: true })
    expect(passages()).toEqual(['typing sealed'])
    feed({ type: 'send-topic', topic: 't', data: 1 })
    expect(passages()).toEqual(['topic sealed'])
    feed({ type: 'offer-files', files: [file], id: saying('').id })
    expect(passages()).toEqual(['file-announced dropped', 'chat sealed'])
    feed({ type: 'withdraw-file', file: file.id })
    expect(passages()).toEqual(['file-withdrawn sealed'])
    feed({
      type: 'call-announce',
      own: { streams: [{ id: streamId('s'), kind: 'camera', hint: 'motion', sound: true }], media: null },
    })
    expect(passages()).toEqual(['join-call plain', 'streams plain'])
  })

  test('for one goes sealed to whoever can, also while others cannot', () => {
    for (const open of [false, true]) {
      if (open) enter(true, ben, orla)
      feed({ type: 'send-file-signal', to: bens, signal })
      expect(passages()).toEqual(['file-signal sealed-for'])
    }
    feed({ type: 'send-file-signal', to: stayOf('orla'), signal })
    expect(passages()).toEqual(['file-signal plain'])
    enter(false, ben)
    feed({ type: 'send-file-signal', to: bens, signal })
    expect(passages()).toEqual(['file-signal plain'])
  })

  test('goes to nobody who cannot while the room is sealed', () => {
    introduce(orla, '3')
    feed({ type: 'send-file-signal', to: stayOf('orla'), signal })
    expect(passages()).toEqual(['file-signal dropped'])
  })

  test('once sealed goes in no other way, when it is said again in a room that is sealed no more', () => {
    feed(saying('between us'))
    introduce(orla, '3')
    feed({ type: 'timer', timer: { kind: 'unseal' } })
    feed({ type: 'link-closed', peer: host })
    feed({ type: 'incoming-offer', peer: host })
    feed({ type: 'link-opened', peer: host })
    hear({ kind: 'admitted', id: memberId('1'), ...(server.member && { host: server.member }) }, '0')
    expect(passages()).toContain('chat sealed')
    const [said] = state.timeline.filter(it => it.kind === 'chat')
    if (said?.kind !== 'chat' || said.id === null) throw new Error('not said')
    feed({ type: 'timer', timer: { kind: 'delivery', id: said.id } })
    feed({ type: 'send-again', message: said.id })
    expect(passages()).toEqual(['chat sealed'])
  })

  const saidTo = (): string[] =>
    sent().flatMap(({ message, to }) => (message.kind === 'chat' && to === bens ? [message.text] : []))

  test('while somebody was away is said to them when they are back, as long as they are who they were', () => {
    introduce(listed('Cyd', '4'), '4')
    agree(bens, stayOf('cyd'))
    feed(saying('long before'))
    at = 100_000
    hear({ kind: 'lost', id: memberId('2') }, '-1')
    agree(stayOf('cyd'))
    feed(saying('while Ben sleeps'))
    at = 200_000
    introduce(ben, '5')
    expect(saidTo()).toEqual([])
    agree(bens, stayOf('cyd'))
    expect([saidTo(), passages().filter(it => it.startsWith('chat'))]).toEqual([
      ['while Ben sleeps'],
      ['chat sealed-for'],
    ])
    agree(stayOf('cyd'))
    agree(bens, stayOf('cyd'))
    expect(saidTo()).toEqual([])
  })

  test('while somebody was away is not said to who shows another key, nor after an hour', () => {
    for (const comes of ['another key', 'late']) {
      enter(true, ben, listed('Cyd', '4'))
      agree(bens, stayOf('cyd'))
      hear({ kind: 'lost', id: memberId('2') }, '-1')
      agree(stayOf('cyd'))
      feed(saying('while Ben is away'))
      at = comes === 'late' ? 3_600_001 : 1_000
      introduce(ben, '5')
      if (comes !== 'late') feed({ type: 'key-changed', member: bens })
      agree(bens, stayOf('cyd'))
      expect(saidTo()).toEqual([])
    }
  })

  test.each(['before', 'after'])(
    'while somebody was away is not said to whom the owner removed %s they went',
    when => {
      enter(true, ben, listed('Cyd', '4'))
      agree(bens, stayOf('cyd'))
      const goes = (): void => hear({ kind: 'lost', id: memberId('2') }, '-1')
      if (when === 'after') goes()
      const act = { type: 'remove', peer: peerId('ben'), member: bens, reason: '' } as const
      feed({ type: 'owner-act', act, owner: { member: null, ours: false, locked: false, waits: false } })
      if (when === 'before') goes()
      agree(stayOf('cyd'))
      feed(saying('without Ben'))
      introduce(ben, '5')
      agree(bens, stayOf('cyd'))
      expect(saidTo()).toEqual([])
    },
  )

  test('before everybody is back at a server that was started anew waits until they are', () => {
    const chats = (): string[] => passages().filter(it => it.startsWith('chat'))
    state = { ...state, regrouping: { members: new Set([bens]), callers: new Set() } }
    feed(saying('are you there'))
    expect(chats()).toEqual([])
    introduce(ben, '2')
    expect(chats()).toEqual(['chat sealed'])
  })

  test('is nothing while nobody is there who could open it', () => {
    enter(true)
    expect(canSpeak(state)).toBe(false)
    introduce(ben, '2')
    expect(canSpeak(state)).toBe(true)
  })
})

describe('what comes', () => {
  test('unsealed is not shown while the room is sealed, whoever says it', () => {
    for (const source of ['2', '0', '-1']) hear(chat('from the server'), source)
    hear(typing, '2')
    hear({ kind: 'file-withdrawn', file: fileId('f'), lost: false }, '2')
    expect([texts(), state.typing.size, effects]).toEqual([[], 0, []])
    hear(chat('sealed'), '2', true)
    hear(typing, '2', true)
    expect([texts(), state.typing.size]).toEqual([['sealed'], 1])
  })

  test('sealed from somebody who is not here is not shown', () => {
    hear(chat('ghost'), '9', true)
    expect(texts()).toEqual([])
  })

  test('sealed says nothing about who is there and calls', () => {
    hear({ kind: 'lost', id: memberId('2') }, '-1', true)
    hear({ kind: 'roster', members: [] }, '-1', true)
    hear({ kind: 'introduce', person: person('Eve') }, '2', true)
    hear({ kind: 'join-call', reply: false }, '2', true)
    expect([roster(state).map(it => it.name), state.call.members.size]).toEqual([['Me', 'Ben'], 0])
  })

  test('from whoever cannot seal is shown as soon as it has been said that they cannot', () => {
    introduce(orla, '3')
    hear(chat('from the past'), '3')
    expect(texts()).toEqual(['from the past'])
  })

  test('for us alone is taken sealed only, from whoever can', () => {
    const direct: PeerMessage = {
      kind: 'direct',
      to: null,
      id: 'd',
      signal: { type: 'renegotiate', renegotiate: true },
    }
    enter(true, ben, orla)
    const taken = (): number => effects.filter(it => it.type === 'file').length
    hear(direct, '2')
    expect(taken()).toBe(0)
    hear(direct, '2', true)
    expect(taken()).toBe(1)
    hear(direct, '3')
    expect(taken()).toBe(1)
  })
})

describe('what was said and offered before', () => {
  const earlier = { id: saying('').id, replyTo: null, name: 'Ben', text: 'before you came', at: 0 }

  test('is asked for of members, under seal, once keys are agreed on', () => {
    expect(state.history.phase).toBe('wanted')
    agree(bens)
    expect(sent()).toContainEqual({
      type: 'send',
      over: host,
      source: stayOf('me'),
      message: { kind: 'ask-history' },
      to: bens,
    })
    expect(passages()).toEqual(['ask-history sealed-for'])
    hear({ kind: 'history', messages: [{ ...earlier, text: 'from the host' }] }, '0', true)
    hear({ kind: 'history', messages: [{ ...earlier, text: 'open' }] }, '2')
    expect(texts()).toEqual([])
    hear({ kind: 'history', messages: [earlier] }, '2', true)
    expect(state.timeline).toMatchObject([{ text: 'before you came', sharedBy: 'Ben' }])
  })

  test('is asked for of the next when the first has nothing to tell', () => {
    enter(true, ben, listed('Cyd', '4'))
    agree(bens, stayOf('cyd'))
    hear({ kind: 'history', messages: [] }, '2', true)
    expect(sent()).toMatchObject([{ message: { kind: 'ask-history' }, to: stayOf('cyd') }])
  })

  test('is asked for by nobody who was the first', () => {
    enter(true)
    introduce(ben, '2')
    agree(bens)
    expect(sent()).toEqual([])
  })

  test('is told once to each, under seal, by whoever shares it', () => {
    feed({ type: 'share-history', on: true })
    feed(saying('for later'))
    hear({ kind: 'ask-history' }, '2', true)
    const [answer] = sent()
    expect(answer).toMatchObject({
      to: bens,
      message: { kind: 'history', messages: [{ text: 'for later' }] },
    })
    expect(passages()).toEqual(['history sealed-for'])
    hear({ kind: 'ask-history' }, '2', true)
    expect(sent()).toEqual([])
    introduce(listed('Cyd', '4'), '4')
    hear({ kind: 'ask-history' }, '4', true)
    expect(sent()).toHaveLength(1)
  })

  test('goes to whoever has come, of ours what is offered and what is not any more', () => {
    const file = { id: fileId('f'), name: 'plan.txt', size: 3, media: '' }
    feed({ type: 'offer-files', files: [file, { ...file, id: fileId('g') }], id: saying('').id })
    feed({ type: 'withdraw-file', file: file.id })
    agree(bens)
    const told = sent().filter(it => it.message.kind !== 'ask-history')
    expect(told.map(it => [it.to, it.message.kind])).toEqual([
      [bens, 'file-withdrawn'],
      [bens, 'file-announced'],
      [bens, 'chat'],
    ])
    agree(bens)
    expect(sent().filter(it => it.message.kind === 'chat')).toEqual([])
  })
})
