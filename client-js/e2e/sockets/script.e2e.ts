/** The client script that the server hands out: the library's own file, and it speaks to the server. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { path, textOf } from './client.ts'
import { lobby } from './lobby.ts'
import { until } from './until.ts'

const address = lobby()

const library = dirname(createRequire(import.meta.url).resolve('socket.io-client/package.json'))

const served = async (name: string): Promise<string> => {
  const answer = await fetch(`${address()}${path}${name}`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^(text|application)\/javascript\b/)
  return answer.text()
}

test.each(['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js'])(
  '%s is served as JavaScript, and is the file of the library',
  async name => {
    expect(await served(name)).toBe(await readFile(join(library, 'dist', name), 'utf8'))
  },
)

const options = { path, transports: ['websocket'], forceNew: true, reconnection: false }

/** What a page would do with the library: `io` is all that it needs of it. */
const conversation = `
  const socket = io(address, options)
  socket.on('GET-ID', it => { heard.push(it); socket.close() })
  socket.on('connect_error', it => { heard.push({ userID: 0, error: String(it) }) })
  socket.emit('GET-ID', { requestId: '0' })
`
/** Of a browser, as much as the library touches on a websocket. */
const page = (heard: unknown[]): object => {
  const globals = { WebSocket, setTimeout, clearTimeout, queueMicrotask, TextEncoder, TextDecoder, URL }
  const listening = { addEventListener: () => undefined, removeEventListener: () => undefined }
  const window = { ...globals, ...listening, console, heard, options, address: address() }
  return createContext(Object.assign(window, { self: window, window }))
}

test.each(['socket.io.js', 'socket.io.min.js'])('%s runs as a plain script', async name => {
  const heard: unknown[] = []
  const context = page(heard)
  runInContext(await served(name), context)
  runInContext(conversation, context)
  await until(() => heard.length > 0, 'an id')
  expect(textOf(heard[0], 'userID')).not.toBe('')
})

test('socket.io.esm.min.js exports io', async () => {
  const heard: unknown[] = []
  const context = page(heard)
  // A module's one export statement, as a plain script would have it.
  const exported = /export\{([^}]*)\};?/
  const module = await served('socket.io.esm.min.js')
  const local = /(?:^|,)(\w+) as io(?:,|$)/.exec(exported.exec(module)?.[1] ?? '')?.[1]
  expect(local).toBeDefined()
  runInContext(`${module.replace(exported, '')}\n;{ const io = ${local}; ${conversation} }`, context)
  await until(() => heard.length > 0, 'an id')
  expect(textOf(heard[0], 'userID')).not.toBe('')
})
