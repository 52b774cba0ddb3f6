/** A room's id follows from its key, and the key of a room with a name in its link from that name. */
import { describe, expect, test } from 'vitest'
import { plannedRoom } from '../src/app/plans.ts'
import { linkNameOf } from '../src/base/link-name.ts'
import { parseNamed, roomOfKey } from '../src/core/room-keys.ts'
import type { CreateForm } from '../src/ui/model.ts'
import { isKey } from '../src/wire/ids.ts'
import { namedBy, parseInvitation, writeInvitation } from '../src/wire/invitation.ts'
import { namedInPasted } from '../src/wire/pasted.ts'

const page = 'https://chat.example.org/below/'
const read = (address: string) => parseNamed(namedBy(address) ?? '')

test('an id follows from its key as it does on the server', () => {
  const key = 'AAAAAAAAAAAAAAAAAAAAAA'
  expect(roomOfKey(key, null)).toBe('003a90e2-3712-8a12-bc07-6c057f805b30')
  expect(roomOfKey(key, '000102030405060708090a0b0c0d0e0f')).toBe('ee924209-8073-8193-aebe-b7a824ef3020')
})

describe('a name in a link', () => {
  test.each([
    ['team-tea', 'team-tea'],
    ['Team Tea', 'team-tea'],
    ['  TEAM   tea!  ', 'team-tea'],
    ['team_tea', 'team-tea'],
    ['Ada’s room', 'ada-s-room'],
    ['--a--', 'a'],
    // Composed and not, and accents that lower case takes apart.
    ['Café', 'caf\u00e9'],
    ['Cafe\u0301', 'caf\u00e9'],
    ['İstanbul', 'i\u0307stanbul'],
    ['ÄÖÜ', 'äöü'],
    ['Straße', 'straße'],
    ['नमस्ते', 'नमस्ते'],
    ['茶会 2', '茶会-2'],
    ['a'.repeat(60), 'a'.repeat(60)],
  ])('%j is %j', (typed, name) => {
    expect(linkNameOf(typed)).toBe(name)
    expect(linkNameOf(name)).toBe(name)
  })
  test.each(['', '  ', '!?', '🫖', '-', 'a'.repeat(61), '..', '/'])('%j is none', typed => {
    expect(linkNameOf(typed)).toBeNull()
  })

  test('leads everybody to one room, however it is typed, and every other name to another', () => {
    const room = read(`${page}#/team-tea`)?.room
    expect(room).toMatch(/^[\da-f]{8}-[\da-f]{4}-8/)
    for (const typed of ['Team%20Tea', 'TEAM-TEA', 'team%2Dtea', 'team-tea.', 'team-tea)', 'team%zz'])
      expect(read(`${page}#/${typed}`)?.room === room, typed).toBe(typed !== 'team%zz')
    expect(read(`${page}#/team-te`)?.room).not.toBe(room)
    expect(isKey(read(`${page}#/team-tea`)?.key)).toBe(true)
  })

  test('is all that is in the link of a usual room, and nothing in it is lost on the way', () => {
    const usual = { name: 'Team tea', kind: 'mesh', peersMax: 8, password: '' } as const
    const room = read(`${page}#/Team Tea`)
    if (!room) throw new Error('no name')
    const card = { ...usual, id: room.room, key: room.key ?? null, linkName: room.linkName ?? null }
    expect(writeInvitation(page, card)).toBe(`${page}#/team-tea`)
    expect(read(`${page}#/team-tea`)).toMatchObject({
      password: null,
      restore: { name: 'team-tea', kind: 'mesh', peersMax: 8 },
    })
    const link = writeInvitation(page, { ...card, kind: 'star', peersMax: 20, password: 'a+b &?#/é.' })
    expect(link).toMatch(/#\/team-tea\?pwd=[^#]*&kind=star&max=20$/)
    expect(read(link)).toMatchObject({
      room: room.room,
      password: 'a+b &?#/é.',
      restore: { kind: 'star', peersMax: 20 },
    })
    const foreign = writeInvitation(page, { ...card, linkName: '茶会' })
    expect(foreign).toBe(`${page}#/%E8%8C%B6%E4%BC%9A`)
    expect(read(foreign)?.linkName).toBe('茶会')
  })

  test('is found in what somebody pastes, and no other link is taken for one', () => {
    for (const text of [
      `${page}#/team-tea`,
      `Come to ${page}#/team-tea, please.`,
      `<${page}#/team-tea>`,
      `${page}%23/team-tea`,
    ])
      expect(parseNamed(namedInPasted(text) ?? '')?.linkName, text).toBe('team-tea')
    for (const text of [page, `${page}#`, `${page}#/`, `${page}#room=r&pwd=/x`, 'team-tea', ''])
      expect(namedInPasted(text), text).toBeNull()
    expect(parseInvitation(`${page}#/team-tea`)).toBeNull()
    expect(namedInPasted(`${page}#/${'a'.repeat(1_000_000)}`)?.length).toBeLessThan(20_000)
  })
})

describe('a room that is planned', () => {
  const form: CreateForm = { name: '', kind: 'mesh', password: 'pw', peersMax: 5, named: false }

  test('has a key and an owner of its own, from which its id follows', async () => {
    const [one, other] = [await plannedRoom(form, 'Tea'), await plannedRoom(form, 'Tea')]
    expect(one).toMatchObject({ name: 'Tea', password: 'pw', peersMax: 5, kind: 'mesh' })
    expect(one?.id).toBe(roomOfKey(one?.key ?? '', one?.founder ?? null))
    expect(one?.ownerKeys?.privateKey).toBeTruthy()
    expect(one?.id).not.toBe(other?.id)
  })
  test('can have a name in its link, and then has no owner', async () => {
    const room = await plannedRoom({ ...form, named: true }, 'Team tea')
    expect(room).toMatchObject({
      linkName: 'team-tea',
      name: 'Team tea',
      id: read(`${page}#/team-tea`)?.room,
    })
    expect(room?.ownerKeys).toBeUndefined()
    expect(await plannedRoom({ ...form, named: true }, '🫖')).toBeNull()
  })
})
