/**
 * Proxies in the way: one that lets a websocket open and then carries nothing, as some virus scanners do, and one
 * that puts the server below a path.
 */
import { createServer as createHttpServer, request } from 'node:http'
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

/** As nginx does with a path behind `proxy_pass`: the server is asked without it. */
const below = (path: string, address: string): Promise<string> => {
  const port = Number(new URL(address).port)
  const within = (url = '/'): string | null => (url.startsWith(path) ? `/${url.slice(path.length)}` : null)
  const server = createHttpServer((asked, answer) => {
    const url = within(asked.url)
    if (url === null) return answer.writeHead(404).end()
    const { method, headers } = asked
    const far = request(new URL(url, address), { method, headers }, given => {
      answer.writeHead(given.statusCode ?? 502, given.headers)
      given.pipe(answer)
    })
    far.on('error', () => answer.destroy())
    return asked.pipe(far)
  })
  server.on('upgrade', ({ url, headers }, near: Socket) => {
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.pipe(other)
    }
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    far.write(`GET ${within(url)} HTTP/1.1\r\n${head.join('')}\r\n`)
  })
  return listen(server)
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
  await ben.say('through')
  await ada.hears('Ben', 'through')
})

test('below a path people meet, and the app can be installed', async () => {
  const address = `${await below('/chat/', home.server().address)}/chat/`
  const ada = await home.arrive(address)
  const link = await ada.createRoom('Ada')
  expect(link.startsWith(`${address}#`)).toBe(true)
  const ben = await home.arrive(link)
  await ben.stepIn('Ben')
  await ben.say('from below')
  await ada.hears('Ben', 'from below')
  const scope = await ada.page.evaluate(async () => (await navigator.serviceWorker.ready).scope)
  expect(scope).toBe(address)
})
