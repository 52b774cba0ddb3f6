/** What most socket tests begin with: one server for the file, and clients that meet in a room. */
import { afterAll, beforeAll } from 'vitest'
import { type Server, startServer } from '../server.ts'
import { Client, type Kind } from './client.ts'
import { until } from './until.ts'

/** The address of a server that lives as long as the tests of one file. */
export const lobby = (): (() => string) => {
  let server: Server | null = null
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await server?.stop()
  })
  return () => {
    if (!server) throw new Error('the server has not been started')
    return server.address
  }
}

type Three = readonly [Client, Client, Client]

/** Three that know their ids, and no room yet. */
export const three = async (address: string, kind: Kind): Promise<Three> => {
  const enter = (): Promise<Client> => Client.introduced(address, kind)
  return Promise.all([enter(), enter(), enter()])
}

/** Two in one room; the first created it. */
export const pair = async (
  address: string,
  kind: Kind,
  type: 0 | 1 = 0,
): Promise<[Client, Client, string]> => {
  const enter = (): Promise<Client> => Client.introduced(address, kind)
  const [one, other] = await Promise.all([enter(), enter()])
  const room = await one.create(type)
  await other.join(room)
  return [one, other, room]
}

let words = 0

/** Once this is back, `to` has heard all that the server had for it when `from` began to speak. */
export const caughtUp = async (from: Client, to: Client, room: string): Promise<void> => {
  const word = `word ${words++}`
  from.signal(to.id, room, word)
  await until(() => to.signals.includes(word), 'a last word')
}
