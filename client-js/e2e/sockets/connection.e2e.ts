/** What the connection promises besides rooms: ids, silence where nothing was asked, and namespaces. */
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Client, kinds, path, textOf } from './client.ts'
import { lobby, pair } from './lobby.ts'
import { until } from './until.ts'

const address = lobby()

describe.each(kinds)('$version over $way', kind => {
  test('an id asked for before there is a connection is given, and a second one is not', async () => {
    const client = new Client(address(), kind)
    expect(client.isConnected).toBe(false)
    client.say('GET-ID', { requestId: 'early' })
    await until(() => client.told('GET-ID').length === 1, 'an id')
    expect(client.told('GET-ID')).toMatchObject([{ requestID: 'early', userID: expect.any(String) }])
    client.say('GET-ID', { requestId: 'again' })
    await client.create(0)
    expect(client.told('GET-ID')).toHaveLength(1)
  })

  test('an acknowledgement never comes', async () => {
    const [ada, ben, room] = await pair(address(), kind)
    const acknowledged: string[] = []
    const ack = (name: string) => (): unknown => acknowledged.push(name)
    ada.say('SIGNAL', { target: ben.id, room, signal: 1 }, ack('signal'))
    ada.say('GET-ID', { requestId: 'x' }, ack('id'))
    ada.say('CREATE-ROOM', { requestId: 'y', maxUsers: 2, name: '', password: '', type: 0 }, ack('create'))
    ada.say('JOIN-ROOM', ack('join'))
    ada.say('DISCONNECTEDUSER', room, ack('leave'))
    ada.say('no such event', ack('unknown'))
    await ada.create(0)
    await until(() => ben.told('DISCONNECTEDUSER').length === 1, 'Ada to leave')
    expect(ben.told('SIGNAL')).toEqual([{ target: ben.id, room, signal: 1, source: ada.id }])
    expect(ada.told('CREATE-ROOM')).toContainEqual(expect.objectContaining({ requestID: 'y' }))
    expect(acknowledged).toEqual([])
  })

  test('another namespace is refused', async () => {
    const client = new Client(address(), kind, { namespace: '/other' })
    await until(() => client.failures.length > 0, 'a refusal')
    expect(client.failures).toEqual(['Invalid namespace'])
    expect(client.isConnected).toBe(false)
  })

  test("a peer's id opens nothing", async () => {
    const [ada, ben, room] = await pair(address(), kind)
    expect(ada.id).not.toBe(ada.socketId)
    const at = (transport: string): string => `${address()}${path}?EIO=4&transport=${transport}&sid=${ada.id}`
    const post = await fetch(at('polling'), { method: 'POST', body: `42["DISCONNECTEDUSER","${room}"]` })
    expect(post.status).toBe(400)
    expect((await fetch(at('polling'))).status).toBe(400)
    const thief = new WebSocket(at('websocket').replace('http', 'ws'))
    const outcome: string[] = []
    thief.on('open', () => outcome.push('open')).on('error', error => outcome.push(error.message))
    await until(() => outcome.length > 0, 'the thief to be turned away')
    thief.terminate()
    expect(outcome[0]).toMatch(/400/)
    ada.signal(ben.id, room, 'still here')
    await until(() => ben.signals.length === 1, 'a signal')
    expect(ada.ends).toEqual([])
  })

  test('ids are new and do not repeat', async () => {
    const [ada, ben] = await pair(address(), kind)
    const again = await Client.introduced(address(), kind)
    expect(new Set([ada.id, ben.id, again.id]).size).toBe(3)
  })
})

test('the handshake is the one that the original frontend knows', async () => {
  const opened = await (await fetch(`${address()}${path}?EIO=4&transport=polling`)).text()
  const shape: unknown = JSON.parse(opened.slice(1))
  expect(shape).toMatchObject({ upgrades: ['websocket'], pingInterval: 25_000, pingTimeout: 20_000 })
  expect(textOf(shape, 'sid')).not.toBe('')
})
