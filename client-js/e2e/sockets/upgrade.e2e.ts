/** Between client and server stands something that lets no websocket through: the client goes on polling. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Client, type Kind, kinds } from './client.ts'
import { lobby } from './lobby.ts'
import { until } from './until.ts'

const address = lobby()

/** What becomes of a websocket: turned into a plain request, ended after the server agreed, or without a byte since. */
type Hindrance = 'refused' | 'broken' | 'mute'
type Middlebox = {
  readonly address: string
  /** Websockets that the server agreed to, and those of them that have ended. */
  readonly agreed: () => number
  readonly ended: () => number
}

const middlebox = async (hindrance: Hindrance): Promise<Middlebox> => {
  const { hostname, port } = new URL(address())
  const sockets = new Set<Socket>()
  let agreed = 0
  let ended = 0

  const hinder = (near: Socket, far: Socket, head: string): void => {
    if (hindrance === 'refused') {
      far.write(head.replace(/^(upgrade|connection): .*\r\n/gim, ''))
      far.pipe(near)
      return
    }
    far.write(head)
    far.once('data', answer => {
      agreed += 1
      if (hindrance === 'broken') near.end(answer, () => far.destroy())
      else near.write(answer)
      // Whoever gives a websocket up may say so first, and wait for an answer that never comes.
      far.once('data', () => far.destroy())
    })
    far.once('close', () => {
      ended += 1
      near.destroy()
    })
    near.resume()
  }
  const server = createServer(near => {
    const far = connect(Number(port), hostname)
    sockets.add(near).add(far)
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy())
    near.once('data', first => {
      const head = first.toString('latin1')
      if (head.includes('transport=websocket')) return hinder(near, far, head)
      far.write(first)
      near.pipe(far)
      far.pipe(near)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port to be had')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { address: `http://127.0.0.1:${bound.port}`, agreed: () => agreed, ended: () => ended }
}

/** Longer than any answer takes, shorter than the server waits for an upgrade. */
const answerMs = 8_000

const converse = async (client: Client): Promise<void> => {
  const rooms = client.told('CREATE-ROOM').length
  client.say('GET-ID', { requestId: 'id' })
  client.say('CREATE-ROOM', { requestId: 'room', maxUsers: 2, name: '', password: '', type: 0 })
  await until(() => client.told('CREATE-ROOM').length > rooms, 'a room', answerMs)
  expect(client.transport).toBe('polling')
  expect(client.ends).toEqual([])
}

describe.each(kinds.filter(it => it.way === 'upgrade'))('$version', (kind: Kind) => {
  test('polls where a websocket is refused', async () => {
    const { address: through } = await middlebox('refused')
    await converse(new Client(through, kind))
  })

  test('goes on polling when its websocket breaks before it is used', async () => {
    const box = await middlebox('broken')
    const client = new Client(box.address, kind)
    await until(() => box.agreed() > 0 && box.ended() > 0, 'a websocket to break')
    await converse(client)
  })

  test('goes on polling while and after its websocket carries nothing', async () => {
    const box = await middlebox('mute')
    const client = new Client(box.address, kind)
    await until(() => box.agreed() > 0, 'a websocket')
    await converse(client)
    await until(() => box.ended() > 0, 'the server to give the websocket up')
    await converse(client)
  })
})
