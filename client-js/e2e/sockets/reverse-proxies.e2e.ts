/**
 * Real clients through real proxies, with the files that docs/deployment.md shows: every transport, whom the server takes for the
 * client, and what `p2pchat-server doctor` says of each and of each with a line missing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Fronted, isThere, replaced, type Setup, setups, startBehind } from '../reverse-proxy.ts'
import { Client, kinds, path } from './client.ts'
import { until } from './until.ts'

/** As many sessions as one address may have. */
const sessionsMax = 12
const limits = { P2PCHAT_LIMITS__ADDRESS_SESSIONS_MAX: String(sessionsMax) }

const doctor = async ({ address, caFile }: Fronted): Promise<{ code: number; report: string }> => {
  const env = { ...process.env, SSL_CERT_FILE: caFile }
  const asked = spawn(process.env['SERVER_BIN'] ?? '', ['doctor', address], { env })
  let report = ''
  for (const stream of [asked.stdout, asked.stderr]) stream.on('data', bytes => (report += String(bytes)))
  const [code] = await once(asked, 'close')
  return { code, report }
}

describe.each(Object.values<Setup>(setups))('behind $title', setup => {
  describe.skipIf(!isThere(setup))('with its program installed', () => {
    let fronted: Fronted | null = null
    beforeAll(async () => {
      fronted = await startBehind(setup, limits)
    })
    afterAll(async () => {
      await fronted?.stop()
    })
    const here = (): Fronted => {
      if (!fronted) throw new Error('the proxy has not been started')
      return fronted
    }
    const below = setup.below ?? ''

    test.each(kinds)('two meet and hear each other: $version over $way', async kind => {
      const { address, ca } = here()
      const enter = (): Promise<Client> => Client.introduced(new URL(address).origin, kind, { below, ca })
      const [ada, ben] = await Promise.all([enter(), enter()])
      const room = await ada.create(0)
      await ben.join(room)
      // Longer than what a proxy takes at once.
      const long = 'x'.repeat(200_000)
      ada.signal(ben.id, room, long)
      await until(() => ben.signals.length === 1, 'the signal')
      ben.signal(ada.id, room, 'heard')
      await until(() => ada.signals.length === 1, 'the answer')
      expect([ben.signals, ada.signals]).toEqual([[long], ['heard']])
    })

    test('limits count for people by their own addresses, whatever they say of themselves', async () => {
      const { port, ca } = here()
      const where = { host: '127.0.0.1', port, headers: { host: `localhost:${port}` }, agent: false } as const
      const open = async (localAddress: string, said: Readonly<Record<string, string>>): Promise<number> => {
        const ask = setup.tls === 'none' ? requestPlain : requestSecure
        const asked = ask({
          ...where,
          headers: { ...where.headers, ...said },
          path: `${below}${path}?EIO=4&transport=polling`,
          localAddress,
          ca,
          servername: 'localhost',
        })
        asked.end()
        const [answer] = (await once(asked, 'response')) as [IncomingMessage]
        answer.resume()
        return answer.statusCode ?? 0
      }
      for (let n = 0; n < sessionsMax; n += 1) expect(await open('127.0.0.2', {})).toBe(200)
      const forged = { 'x-forwarded-for': '198.51.100.1', 'x-real-ip': '198.51.100.1' }
      for (const said of [{}, forged, { forwarded: 'for=198.51.100.1' }])
        expect(await open('127.0.0.2', said)).toBe(429)
      expect(await open('127.0.0.3', {})).toBe(200)
      // A websocket counts for the same one.
      const scheme = setup.tls === 'none' ? 'ws' : 'wss'
      const socket = new WebSocket(`${scheme}://localhost:${port}${below}${path}?EIO=4&transport=websocket`, {
        ca,
        localAddress: '127.0.0.2',
        family: 4,
      })
      onTestFinished(() => socket.terminate())
      const [error] = await once(socket, 'error')
      expect(String(error)).toContain('429')
    })

    test('the address without the slash at its end leads to the page', async () => {
      const { port, address, ca } = here()
      const ask = setup.tls === 'none' ? requestPlain : requestSecure
      const asked = ask({ host: 'localhost', port, path: below === '' ? '/' : below, ca, agent: false })
      asked.end()
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      answer.resume()
      const { location } = answer.headers
      expect(answer.statusCode).toBe(below === '' ? 200 : 308)
      if (below !== '') expect(new URL(location ?? '', address).href).toBe(address)
    })

    test('the doctor has nothing to mend', async () => {
      const { code, report } = await doctor(here())
      expect(report).not.toContain('FAULT')
      expect(code).toBe(0)
      // TURN too comes through whatever passes TLS on.
      if (setup.tls === 'server') expect(report).toMatch(/good +relay by TLS/)
      // Who passes bytes on hands every header on.
      if (setup.proxyProtocol !== true) expect(report).toContain('hands on every header')
    })
  })
})

const without = (line: string) => (text: string) => replaced(text, line, '')

/** A line that is missing or too much, and the header that does not arrive then. */
const broken: readonly (readonly [header: string, setup: Setup, edit: (text: string) => string])[] = [
  ['Host', setups.nginx, without('proxy_set_header Host $http_host;')],
  ['X-Forwarded-For', setups.nginx, without('proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;')],
  ['X-Forwarded-Proto', setups.nginx, without('proxy_set_header X-Forwarded-Proto $scheme;')],
  ['Upgrade', setups.nginx, without('proxy_set_header Upgrade $http_upgrade;')],
  ['Connection', setups.nginx, without('proxy_set_header Connection $connection_upgrade;')],
  ['X-Forwarded-For', setups.haproxy, without('option forwardfor')],
  [
    'X-Forwarded-Proto',
    setups.haproxy,
    without('http-request set-header X-Forwarded-Proto https if { ssl_fc }'),
  ],
  ['Host', setups.caddy, text => replaced(text, 'flush_interval -1', 'header_up Host inner.example')],
  [
    'X-Forwarded-For',
    setups.caddy,
    text => replaced(text, 'flush_interval -1', 'header_up -X-Forwarded-For'),
  ],
]

describe.each(broken)('where %s does not arrive', (header, setup, edit) => {
  test.skipIf(!isThere(setup))(`the doctor names it behind ${setup.title}`, async () => {
    const fronted = await startBehind({ ...setup, edit })
    onTestFinished(fronted.stop)
    const { code, report } = await doctor(fronted)
    const named = report.split('\n').filter(line => line.startsWith('FAULT  proxy'))
    expect(named).toEqual([expect.stringContaining(` ${header} does not arrive as it should`)])
    for (const program of ['nginx:', 'Caddy:', 'HAProxy:']) expect(report).toContain(program)
    expect(code).toBe(1)
  })
})
