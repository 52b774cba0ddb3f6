/** A proxy in the way that lets a websocket open and then carries nothing, as some virus scanners do. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { house } from './house.ts'

const home = house()

let proxy: Server | null = null
const open = new Set<Socket>()
afterEach(async () => {
  for (const socket of open) socket.destroy()
  open.clear()
  await new Promise(resolve => (proxy ? proxy.close(resolve) : resolve(null)))
  proxy = null
})

/** Passes everything on but websockets, of which nothing comes out at the other end. */
const swallow = async (address: string): Promise<{ address: string; swallowed: () => number }> => {
  const port = Number(new URL(address).port)
  let swallowed = 0
  const server = createServer(near => {
    open.add(near)
    near.on('error', () => near.destroy())
    near.once('data', first => {
      if (/^upgrade: websocket/im.test(first.toString('latin1'))) {
        swallowed += 1
        return
      }
      const far = connect(port, '127.0.0.1')
      open.add(far)
      far.on('error', () => near.destroy())
      far.write(first)
      near.pipe(far)
      far.pipe(near)
    })
  })
  return { address: await listen(server), swallowed: () => swallowed }
}

const listen = async (server: Server): Promise<string> => {
  proxy = server
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port to be had')
  return `http://127.0.0.1:${bound.port}`
}

test('where websockets carry nothing, the page gets through by polling', async () => {
  const { address, swallowed } = await swallow(home.server().address)
  const ada = await home.arrive(address)
  await ada.page.getByText('Connected to the server').waitFor()
  expect(swallowed()).toBeGreaterThan(0)
  const ben = await home.arrive(await ada.createRoom('Ada'))
  await ben.page.getByText('Connected to the server').waitFor()
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ben.say('through')
  await ada.hears('Ben', 'through')
})
