/** The relay of the server, as browsers use it when they may use nothing else: over UDP, over TCP, and over TLS on the port of HTTPS. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from './engines.ts'
import type { RelayLogin } from './pages/relay.ts'
import { freePort, type Server, startServer } from './server.ts'
import { Client, isObject } from './sockets/client.ts'

const folder = mkdtempSync(join(tmpdir(), 'p2pchat-relay-'))
let server: Server
let browser: Browser
let httpsPort: number
let script: string

/** The page's script, bundled in memory. */
const bundle = async (): Promise<string> => {
  const entry = new URL('pages/relay.ts', import.meta.url).pathname
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['iife'], name: 'relay', fileName: 'relay' } },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('nothing was built')
  return output.output[0].code
}

beforeAll(async () => {
  const [key, cert, settings] = ['key.pem', 'cert.pem', 'config.toml'].map(it => join(folder, it)) as [
    string,
    string,
    string,
  ]
  const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost'
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...made.split(' '), ...names], { stdio: 'ignore' })
  httpsPort = await freePort()
  writeFileSync(
    settings,
    `[http]
listeners = [{ port = ${httpsPort}, protocols = ["p2pchat"], tls = true }]
[tls]
key_path = "${key}"
cert_path = "${cert}"
`,
  )
  server = await startServer('--config', settings)
  script = await bundle()
  browser = await launch({ trusting: true })
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Way = 'udp' | 'tcp' | 'tls'

/** What the server gives a client for its relay, with the url of one way alone. Over plain HTTP it names none for TLS. */
const loginOf = async (client: Client, way: Way): Promise<RelayLogin> => {
  const { body } = await client.ask('GET-ID', {})
  client.id = String(body['userID'])
  const servers: unknown = body['iceServers']
  const turn = Array.isArray(servers) ? servers.find(it => isObject(it) && 'username' in it) : undefined
  if (!isObject(turn) || !Array.isArray(turn['urls'])) throw new Error(`no relay in ${JSON.stringify(body)}`)
  const tls = `turns:localhost:${httpsPort}?transport=tcp`
  const urls = way === 'tls' ? tls : turn['urls'].map(String).find(it => it.endsWith(`=${way}`))
  return { urls: urls ?? '', username: String(turn['username']), credential: String(turn['credential']) }
}

const member = (): Client => new Client(server.address, { version: 'newest', way: 'websocket' })

/** The two, over their ways, in a page of their own. */
const meet = async (one: RelayLogin, other: RelayLogin): Promise<unknown> => {
  const page = await browser.newPage()
  await page.evaluate(script)
  const result = await page.evaluate(`relayed(${JSON.stringify(one)}, ${JSON.stringify(other)})`)
  await page.close()
  return result
}

test.each<Way>(['udp', 'tcp', 'tls'])('two in a room meet over %s', async way => {
  const [ann, bob] = [member(), member()]
  const logins = [await loginOf(ann, way), await loginOf(bob, way)] as const
  await bob.join(await ann.create(0))
  expect(await meet(...logins)).toMatchObject({
    heard: ['from the callee', 'from the caller'],
    relayProtocols: [`relay ${way}`, `relay ${way}`],
  })
})

test('two meet though one comes over udp and the other over tls', async () => {
  const [ann, bob] = [member(), member()]
  const logins = [await loginOf(ann, 'udp'), await loginOf(bob, 'tls')] as const
  await bob.join(await ann.create(0))
  expect(await meet(...logins)).toMatchObject({ relayProtocols: ['relay udp', 'relay tls'] })
})

test('who is in no room is refused, and the browser is told so', async () => {
  const [ann, bob] = [member(), member()]
  const logins = [await loginOf(ann, 'udp'), await loginOf(bob, 'udp')] as const
  expect(await meet(...logins)).toMatchObject({
    heard: [],
    errors: expect.arrayContaining([expect.stringContaining('403')]),
  })
})
