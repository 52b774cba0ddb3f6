/** What a browser keeps of the rooms that it was in. */
import { describe, expect, test } from 'vitest'
import { type KnownRoom, parseRooms, withoutRoom, withRoom } from '../src/app/known-rooms.ts'
import { roomId } from '../src/wire/ids.ts'
import type { RoomCard } from '../src/wire/server.ts'

const card: RoomCard = {
  id: roomId('r'),
  name: 'tea',
  password: 'p',
  peersMax: 5,
  kind: 'star',
  key: 'kkkkkkkkkkkkkkkkkkkk_-',
  owner: 'mine',
}

describe('rooms that a browser knows', () => {
  const at = (id: string, time: number): readonly KnownRoom[] =>
    withRoom([], { ...card, id: roomId(id) }, false, time)

  test('the last one stands first, each once, with what proves that it was made here', () => {
    const rooms = withRoom(withRoom([], card, true, 1), { ...card, name: 'more tea', owner: null }, false, 2)
    expect(rooms).toEqual([{ ...card, name: 'more tea', created: true, at: 2 }])
    expect(withRoom(at('a', 1), card, false, 2).map(({ id }) => id)).toEqual(['r', 'a'])
    expect(withoutRoom(rooms, card.id)).toEqual([])
  })
  test('are twelve at most, and none that nothing opens', () => {
    let rooms: readonly KnownRoom[] = []
    for (let count = 0; count < 20; count++)
      rooms = withRoom(rooms, { ...card, id: roomId(`${count}`) }, false, count)
    expect(rooms).toHaveLength(12)
    expect(withRoom([], { ...card, key: null }, true, 1)).toEqual([])
  })
  test('are read as they were stored, and without what makes no sense', () => {
    const rooms = withRoom([], card, true, 1)
    expect(parseRooms(JSON.stringify(rooms))).toEqual(rooms)
    expect(parseRooms(JSON.stringify([{ ...rooms[0], key: 'short' }, 7, {}]))).toEqual([])
    for (const stored of [null, '', '{', '{}']) expect(parseRooms(stored)).toEqual([])
  })
})
