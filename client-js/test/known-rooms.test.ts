/** What a browser keeps of the rooms that it was in. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type KnownRoom,
  parseRooms,
  storedRooms,
  storeRooms,
  withoutRoom,
  withRoom,
} from '../src/app/known-rooms.ts'
import type { Page } from '../src/app/page.ts'
import { planCommands } from '../src/app/plan-commands.ts'
import { parseRemoved } from '../src/app/removed-rooms.ts'
import { defaultSettings } from '../src/app/settings.ts'
import type { PreviewState } from '../src/call/preview.ts'
import { makeModel } from '../src/ui/model.ts'
import { asksBeforeForgetting } from '../src/ui/views/rooms.tsx'
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
    expect(withRoom([], { ...card, key: null }, { created: true, owns: false }, 1)).toEqual([])
  })
  test('a room without a key is known for as long as it is ours, with what we manage it by', () => {
    const named = { ...card, id: roomId('tea'), key: null }
    const rooms = withRoom(at('r', 1), named, made, 2)
    expect(parseRooms(JSON.stringify(rooms))).toEqual(rooms)
    expect(rooms[0]).toMatchObject({ id: 'tea', ownerKeys: card.ownerKeys, owns: true })
    // Somebody else has made one of that name since.
    expect(withRoom(rooms, { ...named, ownerKeys: null }, visited, 3).map(({ id }) => id)).toEqual(['r'])
  })
  test('are read as they were stored, and without what makes no sense', () => {
    const rooms = withRoom([], card, made, 1)
    expect(parseRooms(JSON.stringify(rooms))).toEqual(rooms)
    const visit = withRoom([], card, visited, 1)
    expect(parseRooms(JSON.stringify([{ ...visit[0], key: 'short' }, 7, {}]))).toEqual([])
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

describe('where rooms cannot be stored', () => {
  const stored = new Map<string, string>()
  let full = false
  const storage = {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, text: string) => {
      if (full) throw new DOMException('', 'QuotaExceededError')
      stored.set(name, text)
    },
    removeItem: (name: string) => stored.delete(name),
  }
  afterEach(() => void vi.unstubAllGlobals())

  test('a planned room has its link all the same, and it is said that the next page will not know it', async () => {
    vi.stubGlobal('localStorage', storage)
    const model = makeModel(defaultSettings, {} as PreviewState)
    const page = { address: () => 'https://chat.example/' } as Page
    const commands = planCommands(model, page, storedRooms, storeRooms)
    const plan = async (name: string) => {
      const planned = await commands.planRoom(name, { from: 1_000, minutes: 30 })
      if (typeof planned === 'string') throw new Error(planned)
      return { ...planned, link: commands.linkOf(planned.room) }
    }
    const first = await plan('first')
    expect(first.kept).toBe(true)
    full = true
    const second = await plan('second')
    expect(second).toMatchObject({ kept: false, link: expect.stringContaining(second.room) })
    expect(storedRooms().map(({ name }) => name)).toEqual(['second', 'first'])
    full = false
    expect(await plan('third')).toMatchObject({ kept: true })
    expect(parseRooms(stored.get('p2pchat.rooms') ?? null)).toHaveLength(3)
    expect(storeRooms([])).toBe(true)
  })
  test('or storage is forbidden, rooms are known as long as the page lives', () => {
    vi.stubGlobal('localStorage', undefined)
    const rooms = withRoom([], card, made, 1)
    expect(storeRooms(rooms)).toBe(false)
    expect(storedRooms()).toEqual(rooms)
  })
})

test('a room is not forgotten by one press where more would be lost than the way into it', () => {
  const planned = { from: 1, minutes: 1 }
  for (const [room, asks] of [
    [{ owns: true, planned: null }, true],
    [{ owns: false, planned }, true],
    [{ owns: false, planned: null }, false],
  ] as const)
    expect(asksBeforeForgetting({ ...card, ...room })).toBe(asks)
})
