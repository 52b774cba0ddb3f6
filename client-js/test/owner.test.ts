/** A room's owner: whose word is believed, and what follows from it in the others' pages. */
import { beforeEach, describe, expect, test } from 'vitest'
import { fingerprintOf, isSignedRight, makeOwnerKeys, signAct } from '../src/core/owner-keys.ts'
import { OwnerVoice } from '../src/core/owner-voice.ts'
import { roster } from '../src/room/roster.ts'
import type { RoomOwner } from '../src/room/state.ts'
import { type MemberId, memberId, peerId, roomId } from '../src/wire/ids.ts'
import { parseInvitation, writeInvitation } from '../src/wire/invitation.ts'
import {
  type OwnerKeys,
  type Ownership,
  parseOwnerKeys,
  parseOwnership,
  parseSigned,
  type SignedAct,
} from '../src/wire/owner.ts'
import { type OwnerAct, parseAct, writeAct } from '../src/wire/owner-act.ts'
import { ownCaps } from '../src/wire/peer.ts'
import { parseCreated, writeCreate } from '../src/wire/room-requests.ts'
import { Alone } from './alone.ts'
import { Scene, stayOf } from './scene.ts'

const room = roomId('r')
const keysOf = async (): Promise<OwnerKeys> => {
  const keys = await makeOwnerKeys()
  if (!keys) throw new Error('no cryptography')
  return keys
}
const printOf = async ({ publicKey }: OwnerKeys): Promise<string> => (await fingerprintOf(publicKey)) ?? ''
const signed = async (keys: OwnerKeys, number: number, act: OwnerAct, about = room): Promise<SignedAct> => {
  const it = await signAct(keys, writeAct({ room: about, number, act }))
  if (!it) throw new Error('not signed')
  return it
}
const end: OwnerAct = { type: 'end', reason: '' }

describe('signatures', () => {
  test('are right for the text and the key that they were made with alone', async () => {
    const [keys, others] = [await keysOf(), await keysOf()]
    const right = await signed(keys, 1, end)
    expect(await isSignedRight(right)).toBe(true)
    const wrong = [
      { ...right, act: right.act.replace('1', '2') },
      { ...right, key: others.publicKey },
      { ...right, key: 'A'.repeat(87) },
      { ...right, signature: 'A'.repeat(86) },
      { ...right, signature: '' },
    ]
    for (const it of wrong) expect(await isSignedRight(it)).toBe(false)
  })
  test('are those that the server checks', async () => {
    // The same values stand in the server's own test.
    const known = {
      act: '{"room":"r","number":5,"type":"end"}',
      key: 'BKpU8TTYtyqdA2x-DsGzJbDU6DnyagB_FXImuOOfju3eUA1c4jpopyEIE9dAXTWtfPQrE72YBH4Ynt6gv10K3a0',
      signature: 'GvqZ4sxwwkvjpQcA4pBFjH-iZVEC_4o31fgH7r5jy0uPEOO4Xzahfi_2u3gmCfCAX-AklemL6civ4ifxJyqCwQ',
    }
    expect(await isSignedRight(known)).toBe(true)
    expect(await fingerprintOf('key')).toBe('cea16a572e4b7140653efcd9e2ed27f8')
  })
})

describe('what stands on the wire', () => {
  const acts: OwnerAct[] = [
    { type: 'present', member: memberId('m') },
    { type: 'present', member: null },
    { type: 'remove', peer: peerId('p'), member: memberId('m'), reason: 'too "loud"' },
    end,
    { type: 'lock', on: true },
    { type: 'mute', member: null },
    { type: 'host' },
    { type: 'wait', on: true },
    { type: 'answer', peer: peerId('p'), on: false },
    { type: 'change', name: 'tea', password: 'pw', peersMax: 5 },
    { type: 'hand-on', to: '0'.repeat(32), member: memberId('m') },
  ]
  test('is read as it was written', () => {
    for (const act of acts)
      expect(parseAct(writeAct({ room, number: 7, act }))).toEqual({ room, number: 7, act })
  })
  test('is nothing where it makes no sense', () => {
    const base = { room: 'r', number: 1 }
    const senseless = [
      null,
      [],
      {},
      { ...base },
      { ...base, type: 'dance' },
      { ...base, type: 'remove' },
      { ...base, type: 'change', name: 'n', password: 5, maxUsers: 2 },
      { ...base, type: 'hand-on', to: 'me', member: 'm' },
      { ...base, number: -1, type: 'end' },
      { ...base, number: 1.5, type: 'end' },
      { ...base, room: '', type: 'end' },
    ]
    for (const it of senseless) expect(parseAct(JSON.stringify(it))).toBeNull()
    expect(parseAct('{')).toBeNull()
    expect(parseSigned({ act: 'x'.repeat(5_000), key: 'k', signature: 's' })).toBeNull()
    expect(parseSigned({ act: '', key: 'k=', signature: 's' })).toBeNull()
    expect(parseOwnership({ founder: 'x', number: 1 })).toBeNull()
    expect(parseOwnerKeys({ publicKey: 'k', privateKey: 5 })).toBeNull()
    const long = parseAct(JSON.stringify({ ...base, type: 'end', reason: 'x'.repeat(900) }))
    expect(long?.act).toEqual({ type: 'end', reason: 'x'.repeat(200) })
  })
  test('a server that says nothing of an owner has made the room without', () => {
    const [founder, ownerKeys] = ['f'.repeat(32), { publicKey: 'k', privateKey: 's' }]
    const draft = {
      name: 'n',
      password: '',
      peersMax: 6,
      kind: 'mesh',
      founder,
      ownerKeys,
      owners: true,
    } as const
    expect(writeCreate('0', draft, null)).toMatchObject({ founder, owners: true })
    const answer = { roomID: 'r', requestID: '0', name: 'n', maxUsers: 6, curUsers: 1, password: '' }
    expect(parseCreated(answer, draft)).toMatchObject({ card: { founder: null, ownerKeys: null } })
    const owner = { founder, number: 5, locked: false }
    expect(parseCreated({ ...answer, owner }, draft)).toMatchObject({
      card: { founder, ownerKeys },
      ownership: { ...owner, presence: null, handedOn: [] },
    })
  })
  test('an invitation says whose the room is', () => {
    const founder = '0123456789abcdef'.repeat(2)
    const card = {
      id: room,
      password: '',
      key: 'A'.repeat(22),
      founder,
      name: '',
      kind: 'mesh',
      peersMax: 8,
    } as const
    const link = writeInvitation('https://chat.example.org/', card)
    expect(parseInvitation(link)).toMatchObject({ founder, key: card.key })
    expect(parseInvitation(link.replace('own=0', 'own=X'))).not.toHaveProperty('founder')
  })
})

describe('a page', () => {
  const stay = stayOf('me')
  let keys: OwnerKeys
  let founder: string
  let sent: SignedAct[] = []
  let acted: string[] = []
  let known: (RoomOwner | null)[] = []
  const voiceOf = (card: { founder?: string | null; ownerKeys?: OwnerKeys | null } = {}): OwnerVoice =>
    new OwnerVoice({ id: room, name: '', password: '', peersMax: 8, kind: 'mesh', founder, ...card }, stay, {
      send: async it => {
        sent.push(it)
        return true
      },
      known: it => known.push(it),
      acted: it => acted.push(it.type),
    })
  const ownership = (part: Partial<Ownership> = {}): Ownership => ({
    founder,
    number: 10,
    locked: false,
    waits: false,
    knocking: [],
    presence: null,
    handedOn: [],
    ...part,
  })
  /** Everything that was heard is judged in order, and this last. */
  const settled = (voice: OwnerVoice): Promise<boolean> => voice.act({ type: 'mute', member: null })

  beforeEach(async () => {
    keys = await keysOf()
    founder = await printOf(keys)
    sent = []
    acted = []
    known = []
  })

  test('believes the owner, in order, and each word once', async () => {
    const voice = voiceOf()
    voice.begin(ownership())
    const lock = await signed(keys, 12, { type: 'lock', on: true })
    voice.hear(await signed(keys, 11, end))
    voice.hear(lock)
    voice.hear(lock)
    voice.hear(await signed(keys, 11, { type: 'mute', member: null }))
    await settled(voice)
    expect(acted).toEqual(['end', 'lock'])
  })
  test('believes nobody else', async () => {
    const thief = await keysOf()
    const voice = voiceOf()
    voice.begin(ownership())
    const right = await signed(keys, 11, end)
    voice.hear(await signed(thief, 11, end))
    voice.hear({ ...right, signature: (await signed(thief, 11, end)).signature })
    voice.hear(await signed(keys, 11, end, roomId('other')))
    voice.hear(await signed(keys, 10, end))
    expect(await settled(voice)).toBe(false)
    expect([acted, sent]).toEqual([[], []])
  })
  test('knows no owner where the server names another than the invitation', async () => {
    const thief = await keysOf()
    const voice = voiceOf()
    voice.begin(ownership({ founder: await printOf(thief) }))
    voice.hear(await signed(thief, 11, end))
    await settled(voice)
    expect([known, acted]).toEqual([[null], []])
  })
  test('that has the keys owns the room, says so, and counts its acts on', async () => {
    const voice = voiceOf({ ownerKeys: keys })
    voice.begin(ownership())
    await voice.act(end)
    await voice.act(end)
    const said = sent.map(it => parseAct(it.act))
    expect(said.map(it => it?.number)).toEqual([11, 12, 13])
    expect(said[0]?.act).toEqual({ type: 'present', member: stay })
    expect(known).toEqual([{ ours: true, member: null, locked: false, waits: false }])
  })
  test('follows the room from its founder to its owner', async () => {
    const [second, third] = [await keysOf(), await keysOf()]
    const to = async (by: OwnerKeys, whom: OwnerKeys, number: number): Promise<SignedAct> =>
      signed(by, number, { type: 'hand-on', to: await printOf(whom), member: memberId('m') })
    const handedOn = [await to(keys, second, 2), await to(second, third, 3)]
    const voice = voiceOf()
    voice.begin(ownership({ handedOn }))
    voice.hear(await signed(keys, 11, end))
    voice.hear(await signed(third, 12, end))
    await settled(voice)
    expect(acted).toEqual(['end'])
    const lost = voiceOf()
    lost.begin(ownership({ handedOn: handedOn.slice(1) }))
    // Not the founder either, whose room it is no more.
    lost.hear(await signed(keys, 20, end))
    await settled(lost)
    expect(known.at(-1)).toBeNull()
    expect(acted).toEqual(['end'])
  })
})

describe('in the room', () => {
  const owner = (member: MemberId | null): RoomOwner => ({ ours: false, member, locked: false, waits: false })
  test.each(['mesh', 'star'] as const)('of a %s, whoever is removed is out, and the others see why', kind => {
    const scene = new Scene(kind)
    for (const name of ['Ada', 'Ben', 'Cyd']) scene.enter(name)
    const { self, stay } = scene.room('Ben').state
    const act = { type: 'remove', peer: self, member: stay, reason: 'noise' } as const
    // The host's own word that somebody is lost comes behind the server's.
    for (const name of ['Ben', 'Cyd', 'Ada'])
      scene.feed(name, { type: 'owner-act', act, owner: owner(stayOf('Ada')) })
    expect(scene.room('Ben').state.closed).toEqual({ how: 'removed', reason: 'noise' })
    for (const name of ['Ada', 'Cyd']) {
      expect(scene.seen(name)).not.toHaveProperty('Ben')
      expect(scene.screen(name)).toContain('*removed Ben')
      expect(scene.screen(name)).not.toContain('*left Ben')
    }
  })
  test.each(['mesh', 'star'] as const)(
    'of a %s, who goes before that is known was removed all the same',
    kind => {
      const scene = new Scene(kind)
      for (const name of ['Ada', 'Ben', 'Cyd']) scene.enter(name)
      const { self, stay } = scene.room('Ben').state
      scene.leave('Ben')
      const act = { type: 'remove', peer: self, member: stay, reason: 'noise' } as const
      scene.feed('Cyd', { type: 'owner-act', act, owner: owner(stayOf('Ada')) })
      expect(scene.screen('Cyd')).toEqual(['*removed Ben'])
      scene.now += 60_000
      scene.feed('Ada', { type: 'owner-act', act, owner: owner(stayOf('Ada')) })
      expect(scene.screen('Ada').at(-1)).toBe('*left Ben')
    },
  )
  test.each([
    ['ended', { type: 'owner-act', act: end, owner: owner(null) }],
    ['by-server', { type: 'room-closed' }],
  ] as const)('a star that is over with its host is %s all the same', (how, event) => {
    const scene = new Scene('star')
    for (const name of ['Ada', 'Ben']) scene.enter(name)
    scene.leave('Ada')
    expect(scene.room('Ben').state).toMatchObject({ ended: true, closed: null })
    scene.feed('Ben', event)
    expect(scene.room('Ben').state.closed).toEqual({ how, reason: '' })
  })
  test('the end is one for everybody, and a lock and a change are shown', () => {
    const scene = new Scene('mesh')
    scene.enter('Ada')
    scene.enter('Ben')
    const say = (act: OwnerAct): void =>
      scene.feed('Ben', { type: 'owner-act', act, owner: { ...owner(stayOf('Ada')), locked: true } })
    say({ type: 'lock', on: true })
    say({ type: 'change', name: 'tea', password: 'new', peersMax: 3 })
    expect(scene.room('Ben').state).toMatchObject({
      owner: { locked: true },
      card: { name: 'tea', password: 'new', peersMax: 3 },
    })
    say(end)
    const { state } = scene.room('Ben')
    expect(state).toMatchObject({ ended: true, closed: { how: 'ended', reason: '' } })
    expect(scene.screen('Ben')).toEqual(['*locked Ada', '*changed Ada'])
    say({ type: 'lock', on: false })
    expect(scene.room('Ben').state).toBe(state)
  })
  test('only those who are meant are muted', () => {
    const me = new Alone('mesh')
    me.begin()
    const mutes = (member: MemberId | null, ours = false): boolean => {
      me.feed({ type: 'owner-act', act: { type: 'mute', member }, owner: { ...owner(null), ours } })
      return me.effects.some(it => it.type === 'mute')
    }
    expect([mutes(me.state.stay), mutes(null), mutes(memberId('other')), mutes(null, true)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
  test('whoever is kept out, or comes to a room that has ended, does not ask again', () => {
    const me = new Alone('mesh')
    for (const [refusal, how] of [
      ['kept-out', 'removed'],
      ['sent-away', 'sent-away'],
      ['room-ended', 'ended'],
      ['room-closed', 'by-server'],
    ] as const) {
      me.begin()
      me.feed({ type: 'rejoin-refused', refusal })
      expect(me.state.closed?.how).toBe(how)
      expect(me.effects.some(it => it.type === 'timer')).toBe(false)
    }
  })
  test('whoever waits at the door is listed until they are answered or go', () => {
    const me = new Alone('mesh')
    const knock = (name: string, on = true): void =>
      me.feed({ type: 'knock', knock: { peer: peerId(name), name }, on })
    const waiting = (): string[] => me.state.knocking.map(({ name }) => name)
    for (const name of ['ann', 'ben', 'cyd', 'ann']) knock(name)
    expect(waiting()).toEqual(['ben', 'cyd', 'ann'])
    knock('cyd', false)
    const say = (act: OwnerAct): void => me.feed({ type: 'owner-act', act, owner: owner(null) })
    say({ type: 'answer', peer: peerId('ben'), on: true })
    expect(waiting()).toEqual(['ann'])
    for (let count = 0; count < 50; count++) knock(`${count}`)
    expect(waiting()).toHaveLength(20)
    say({ type: 'wait', on: false })
    expect(waiting()).toEqual([])
  })
  test('the owner is marked among the people', () => {
    const scene = new Scene('mesh')
    scene.enter('Ada')
    scene.enter('Ben', undefined, ownCaps)
    scene.feed('Ben', { type: 'owner-known', owner: owner(stayOf('Ada')), knocking: [] })
    const marked = roster(scene.room('Ben').state).filter(it => it.owner)
    expect(marked.map(it => it.name)).toEqual(['Ada'])
  })
})
