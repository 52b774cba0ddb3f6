/** What a page leaves for the next one, what a browser keeps of rooms, and how fit a device is to be a host. */
import { describe, expect, test } from 'vitest'
import { type KnownRoom, parseRooms, withoutRoom, withRoom } from '../src/app/known-rooms.ts'
import { parseTabState, writeTabState } from '../src/app/tab-state.ts'
import { fitnessOf } from '../src/core/host-fitness.ts'
import { parseStay, type Stay, writeStay } from '../src/core/stay.ts'
import { memberId, messageId, roomId } from '../src/wire/ids.ts'
import { ownCaps } from '../src/wire/peer.ts'
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
const stay: Stay = {
  member: memberId('mmmmmmmmmmmmmmmmmmmm_-'),
  name: 'Ada',
  card,
  created: true,
  hosting: true,
  guests: [{ id: memberId('bbbbbbbbbbbbbbbbbbbb_-'), name: 'Ben', avatar: 'a', caps: ownCaps }],
  timeline: [
    {
      kind: 'chat',
      key: 1,
      at: 5,
      name: 'Ben',
      text: 'hi',
      own: false,
      from: memberId('ben'),
      id: messageId('a'),
      replyTo: null,
      delivery: 'sent',
      reactions: [],
      sharedBy: null,
    },
  ],
  call: { microphone: true, camera: false },
}
const record = { token: 't', received: 1, sent: 2 }

describe('what a page leaves', () => {
  test('is what the next one finds', () => {
    expect(parseTabState(writeTabState(record, stay, 1_000), 2_000)).toEqual({ record, stay })
  })
  test('brings nobody back into a call after a minute, and into a room after ten', () => {
    const stored = writeTabState(record, stay, 0)
    expect(parseTabState(stored, 60_000).stay?.call).toEqual(stay.call)
    expect(parseTabState(stored, 60_001).stay).toEqual({ ...stay, call: null })
    expect(parseTabState(stored, 600_001)).toMatchObject({ record, stay: null })
  })
  test('is nothing where there was nothing', () => {
    expect(writeTabState(null, null, 0)).toBeNull()
    expect(parseTabState(null, 0)).toEqual({ record: null, stay: null })
  })
  test.each(['', '{', '[]', '7', '{"at":0,"stay":"{"}', '{"stay":{"member":"x"}}'])(
    '%s is nothing',
    stored => {
      expect(parseTabState(stored, 0)).toMatchObject({ record: null, stay: null })
    },
  )
  test('is a stay only with an id, a name and a room', () => {
    const fields = JSON.parse(writeStay(stay)) as Record<string, unknown>
    for (const missing of ['member', 'name', 'card'])
      expect(parseStay(JSON.stringify({ ...fields, [missing]: undefined }))).toBeNull()
    expect(parseStay(JSON.stringify({ ...fields, timeline: [7, { text: 'x' }], call: 'yes' }))).toMatchObject(
      {
        timeline: [],
        call: null,
      },
    )
  })
  test('says of what was on its way that it has not arrived', () => {
    const [entry] = stay.timeline
    const pending = { ...stay, timeline: [{ ...entry, delivery: 'pending' }] } as Stay
    expect(parseStay(writeStay(pending))?.timeline).toMatchObject([{ delivery: 'undelivered' }])
  })
})

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

test('a computer on mains is a better host than a phone in a pocket, and every device better than none', () => {
  const desk = fitnessOf({ userAgent: 'X11; Linux', hardwareConcurrency: 8 }, { charging: true, level: 1 })
  const laptop = fitnessOf({ userAgent: 'X11; Linux' }, { charging: false, level: 0.8 })
  const phone = fitnessOf(
    { userAgent: 'Android Mobile', connection: { type: 'cellular' } },
    { charging: false, level: 0.2 },
  )
  expect(desk).toBe(100)
  expect(laptop).toBeLessThan(desk)
  expect(phone).toBeLessThan(laptop)
  expect(phone).toBeGreaterThan(0)
  expect(fitnessOf({}, null, 500_000)).toBeLessThan(fitnessOf({}, null, 20_000_000))
})
