/** Rooms, as real clients see them: who enters, who is told, and when a room ends. */
import { describe, expect, test } from 'vitest'
import { kinds } from './client.ts'
import { caughtUp, lobby, three } from './lobby.ts'
import { until } from './until.ts'

const address = lobby()
const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe.each(kinds)('$version over $way', kind => {
  test('a mesh: everyone hears of everyone, and nobody is its host', async () => {
    const [ada, ben, cyd] = await three(address(), kind)
    const made = await ada.ask('CREATE-ROOM', { maxUsers: 2, name: 'Room', password: 'pw', type: 0 })
    expect(Object.keys(made.body)).toEqual([
      'roomID',
      'requestID',
      'name',
      'maxUsers',
      'curUsers',
      'password',
    ])
    expect(made.body).toMatchObject({ name: 'Room', maxUsers: 2, curUsers: 1, password: 'pw' })
    expect(made.body['roomID']).toMatch(uuidV4)
    const room = String(made.body['roomID'])

    expect(await ben.ask('JOIN-ROOM', { room: 'none', password: 'pw' })).toMatchObject({
      event: 'TYPEERROR',
      body: { type: 3 },
    })
    expect(await ben.ask('JOIN-ROOM', { room, password: '' })).toMatchObject({
      event: 'TYPEERROR',
      body: { type: 1 },
    })
    const joined = await ben.ask('JOIN-ROOM', { room, password: 'pw' })
    expect(Object.keys(joined.body)).toEqual(['requestID', 'name', 'maxUsers', 'curUsers', 'type'])
    expect(joined.body).toMatchObject({ name: 'Room', maxUsers: 2, curUsers: 2, type: 0 })
    await until(() => ada.told('JOIN-ROOM').length === 1, 'news of Ben')
    expect(ada.told('JOIN-ROOM')).toEqual([{ from: { userID: ben.id, roomID: room } }])

    expect(await cyd.ask('JOIN-ROOM', { room, password: 'pw' })).toMatchObject({
      event: 'TYPEERROR',
      body: { type: 2 },
    })
    expect(await ada.ask('UPDATE-ROOM', { room, maxUsers: 3, name: 'Other', password: 'pw' })).toMatchObject({
      event: 'TYPEERROR',
      body: { type: 4 },
    })

    ben.close()
    await until(() => ada.told('DISCONNECTEDUSER').length === 1, 'Ben to be gone')
    expect(ada.told('DISCONNECTEDUSER')).toEqual([{ userID: ben.id, roomID: room }])
    expect(await cyd.join(room)).toMatchObject({ event: 'JOIN-ROOM', body: { curUsers: 2 } })
  })

  test('a star: its host alone hears of guests, may change it, and takes it along', async () => {
    const [ada, ben, cyd] = await three(address(), kind)
    const room = await ada.create(1)
    const joined = await ben.join(room)
    expect(Object.keys(joined.body)).toEqual(['requestID', 'name', 'maxUsers', 'curUsers', 'type', 'spec'])
    expect(joined.body).toMatchObject({ curUsers: 2, type: 1, spec: ada.id })
    await cyd.join(room)
    await caughtUp(cyd, ben, room)
    await caughtUp(cyd, ada, room)
    expect(ada.told('JOIN-ROOM')).toEqual(
      [ben, cyd].map(({ id }) => ({ from: { userID: id, roomID: room } })),
    )
    expect(ben.told('JOIN-ROOM')).toHaveLength(1)

    const wish = { room, maxUsers: 5, name: 'New', password: 'new' }
    const updated = await ada.ask('UPDATE-ROOM', wish)
    expect(Object.keys(updated.body)).toEqual(['requestID', 'password', 'name', 'maxUsers', 'curUsers'])
    expect(updated.body).toMatchObject({ password: 'new', name: 'New', maxUsers: 5, curUsers: 3 })
    expect(await ben.ask('UPDATE-ROOM', wish)).toMatchObject({ event: 'TYPEERROR', body: { type: 4 } })
    expect(ben.told('UPDATE-ROOM')).toEqual([])

    cyd.close()
    await until(() => ada.told('DISCONNECTEDUSER').length === 1, 'Cyd to be gone')
    await caughtUp(ada, ben, room)
    expect(ben.told('DISCONNECTEDUSER')).toEqual([])

    ada.leave(room)
    await until(() => ben.told('DISCONNECTEDUSER').length === 1, 'the end of the star')
    await until(() => ada.told('DISCONNECTEDUSER').length === 2, 'the end of the star, for its host')
    const end = { userID: ada.id, roomID: room }
    expect(ben.told('DISCONNECTEDUSER')).toEqual([end])
    expect(ada.told('DISCONNECTEDUSER')).toEqual([{ userID: cyd.id, roomID: room }, end])
    expect(await ben.ask('JOIN-ROOM', { room, password: 'new' })).toMatchObject({
      event: 'TYPEERROR',
      body: { type: 3 },
    })
  })

  test('a star ends with the connection of its host', async () => {
    const [ada, ben, cyd] = await three(address(), kind)
    const room = await ada.create(1)
    await ben.join(room)
    await cyd.join(room)
    ada.close()
    for (const guest of [ben, cyd]) {
      await until(() => guest.told('DISCONNECTEDUSER').length === 1, 'the end of the star')
      expect(guest.told('DISCONNECTEDUSER')).toEqual([{ userID: ada.id, roomID: room }])
    }
  })

  test.each([
    { type: 0 as const, shape: 'mesh' },
    { type: 1 as const, shape: 'star' },
  ])('who left a $shape is out of it, and may come again', async ({ type }) => {
    const [ada, ben, cyd] = await three(address(), kind)
    const room = await ada.create(type)
    await ben.join(room)
    await cyd.join(room)
    ben.leave(room)
    await until(() => ada.told('DISCONNECTEDUSER').length === 1, 'Ben to be gone')
    ben.signal(ada.id, room, 'from outside')
    ada.signal(ben.id, room, 'to the outside')
    // Once this is answered the server has dealt with both; on two connections only an answer tells.
    await Promise.all([ada, ben].map(it => it.create(0)))
    // Leaving twice counts once.
    ben.leave(room)
    expect(await ben.join(room)).toMatchObject({ event: 'JOIN-ROOM', body: { curUsers: 3 } })
    await caughtUp(ben, ada, room)
    await caughtUp(ada, ben, room)
    expect(ada.signals).toHaveLength(1)
    expect(ben.signals).toHaveLength(1)
    expect(ada.told('JOIN-ROOM').at(-1)).toEqual({ from: { userID: ben.id, roomID: room } })

    ben.close()
    await until(() => ada.told('DISCONNECTEDUSER').length === 2, 'Ben to be gone again')
    await caughtUp(cyd, ada, room)
    expect(ada.told('DISCONNECTEDUSER')).toHaveLength(2)
  })
})
