/** The server goes away and comes back on its port: clients return by themselves. */
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../server.ts'
import { Client, kinds } from './client.ts'
import { caughtUp } from './lobby.ts'
import { until } from './until.ts'

test.each(kinds)('$version over $way comes back after a restart', async kind => {
  const server = await startServer()
  onTestFinished(() => server.stop())
  const enter = (): Promise<Client> => Client.introduced(server.address, kind, { reconnects: true })
  const [ada, ben] = await Promise.all([enter(), enter()])
  const room = await ada.create(0)
  await ben.join(room)
  await server.stop()
  await until(() => [ada, ben].every(it => it.ends.length > 0), 'both to notice')
  for (const { ends } of [ada, ben]) expect(ends[0]).toMatch(/^transport (close|error)$/)
  await server.start()
  await until(() => [ada, ben].every(it => it.isConnected), 'both to be back')
  await Promise.all([ada.introduce(), ben.introduce()])
  expect(await ben.join(room)).toMatchObject({ event: 'TYPEERROR', body: { type: 3 } })
  const next = await ada.create(0)
  expect(await ben.join(next)).toMatchObject({ event: 'JOIN-ROOM', body: { curUsers: 2 } })
  await caughtUp(ada, ben, next)
})
