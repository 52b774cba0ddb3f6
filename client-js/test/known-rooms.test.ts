/** What a browser keeps of the rooms that it was in. */
import { describe, expect, test } from 'vitest'
import { type KnownRoom, parseRooms, withoutRoom, withRoom } from '../src/app/known-rooms.ts'
import { parseRemoved } from '../src/app/removed-rooms.ts'
import { roomId } from '../src/wire/ids.ts'
import type { RoomCard } from '../src/wire/server.ts'

const card: RoomCard = {
  id: roomId('r'),
  name: 'tea',
  password: 'p',
  peersMax: 5,
  kind: 'star',
  key: 'kkkkkkkkkkkkkkkkkkkk_-',
  linkName: null,
  hostSecret: 'mine',
  founder: '0123456789abcdef0123456789abcdef',
  ownerKeys: { publicKey: 'open', privateKey: 'secret' },
}

const visited = { created: false, owns: false }
const made = { created: true, owns: true }

describe('rooms that a browser knows', () => {
  const at = (id: string, time: number): readonly KnownRoom[] =>
    withRoom([], { ...card, id: roomId(id) }, visited, time)

  test('the last one stands first, each once, with what proves that it was made here', () => {
    const guest: RoomCard = { ...card, name: 'more tea', hostSecret: null, ownerKeys: null }
    const rooms = withRoom(withRoom([], card, made, 1), guest, visited, 2)
    expect(rooms).toEqual([{ ...card, name: 'more tea', created: true, owns: false, planned: null, at: 2 }])
    expect(withRoom(at('a', 1), card, visited, 2).map(({ id }) => id)).toEqual(['r', 'a'])
    expect(withoutRoom(rooms, card.id)).toEqual([])
  })
  test('those of our own stay, whatever others one was in since, and so do their keys', () => {
    const own = (id: string, how: { created: boolean; owns: boolean }, time: number): readonly KnownRoom[] =>
      withRoom(rooms, { ...card, id: roomId(id) }, how, time)
    let rooms: readonly KnownRoom[] = []
    rooms = own('made', made, 1)
    rooms = own('handed to us', { created: false, owns: true }, 2)
    for (let count = 0; count < 100; count++) rooms = own(`${count}`, visited, count)
    const kept = parseRooms(JSON.stringify(rooms))
    expect(kept).toHaveLength(14)
    expect(kept.slice(-2)).toMatchObject([
      { id: 'handed to us', ownerKeys: card.ownerKeys },
      { id: 'made', ownerKeys: card.ownerKeys },
    ])
    for (let count = 0; count < 100; count++) rooms = own(`own ${count}`, made, count)
    expect(rooms.filter(({ created }) => created)).toHaveLength(60)
  })
  test('a planned room keeps its time and its name in the link once somebody was in it', () => {
    const planned = { from: 1_000, minutes: 30 }
    const named = { ...card, linkName: 'tea' }
    const before = withRoom([], named, { ...made, planned }, 1)
    const [room] = parseRooms(JSON.stringify(withRoom(before, named, visited, 2)))
    expect(room).toMatchObject({ planned, linkName: 'tea', created: true, at: 2 })
    const broken = [{ ...room, planned: { from: 'soon', minutes: 5 }, linkName: 7 }]
    expect(parseRooms(JSON.stringify(broken))).toMatchObject([{ planned: null, linkName: null }])
  })
  test('those of others are twelve at most, and none that nothing opens', () => {
    let rooms: readonly KnownRoom[] = []
    for (let count = 0; count < 20; count++)
      rooms = withRoom(rooms, { ...card, id: roomId(`${count}`) }, visited, count)
    expect(rooms).toHaveLength(12)
    expect(withRoom([], { ...card, key: null }, made, 1)).toEqual([])
  })
  test('are read as they were stored, and without what makes no sense', () => {
    const rooms = withRoom([], card, made, 1)
    expect(parseRooms(JSON.stringify(rooms))).toEqual(rooms)
    expect(parseRooms(JSON.stringify([{ ...rooms[0], key: 'short' }, 7, {}]))).toEqual([])
    for (const stored of [null, '', '{', '{}']) expect(parseRooms(stored)).toEqual([])
    const changed = { ...rooms[0], founder: 'me', ownerKeys: { publicKey: '<', privateKey: 5 } }
    expect(parseRooms(JSON.stringify([changed]))).toMatchObject([{ founder: null, ownerKeys: null }])
  })
  test('a room that somebody was removed from is one for a day', () => {
    const stored = JSON.stringify([{ room: 'r', at: 1_000 }, { room: 5 }, 'x', { room: 's', at: -1 }])
    expect(parseRemoved(stored, 2_000)).toEqual([{ room: 'r', at: 1_000 }])
    for (const now of [0, 1_000 + 86_400_000]) expect(parseRemoved(stored, now)).toEqual([])
    for (const broken of [null, '', '{', '{}']) expect(parseRemoved(broken, 0)).toEqual([])
  })
})
