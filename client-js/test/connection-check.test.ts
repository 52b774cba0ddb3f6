/** The connection check where there is little to find: what it still tells, and what it does not blame. */
import { afterEach, expect, test, vi } from 'vitest'
import { type Checked, checkConnection } from '../src/core/connection-check.ts'
import { askHosting } from '../src/core/http.ts'
import type { IceServer } from '../src/wire/ice.ts'
import type { Refusal } from '../src/wire/refusal.ts'

afterEach(() => void vi.unstubAllGlobals())

const found = async (
  refusal: Refusal | null,
  page?: string,
  iceServers: readonly IceServer[] = [],
): Promise<string[]> => {
  const told: Checked[] = []
  await checkConnection({
    transport: () => 'polling',
    inRoom: async done => {
      if (refusal === null) await done()
      return refusal
    },
    iceServers: () => iceServers,
    ...(page === undefined ? {} : { page }),
    told: checked => told.push(checked),
  })
  return told.map(({ step, outcome, detail }) => `${step} ${outcome} ${detail}`.trimEnd())
}

const devices = (permission: PermissionState): void => {
  const listed = [{ kind: 'audioinput' }, { kind: 'videoinput' }]
  vi.stubGlobal('navigator', {
    mediaDevices: { enumerateDevices: async () => listed },
    permissions: { query: async () => ({ state: permission }) },
  })
  vi.stubGlobal('isSecureContext', true)
}

test('a server that is away is the last that is told, and the relay is not blamed', async () => {
  devices('granted')
  expect(await found('unreachable')).toEqual([
    'secure good',
    'microphone good',
    'camera good',
    'server fault',
  ])
})
test('a server where we may make no room is not away, and its relay is not blamed', async () => {
  for (const refusal of ['not-invited-create', 'bad-invitation', 'wrong-server-password'] as const) {
    devices('granted')
    const relay = { urls: ['turn:t.example', 'turns:t.example'], username: 'u', credential: 'c' }
    expect((await found(refusal, undefined, [relay])).slice(3)).toEqual([
      'server good polling',
      'stun absent',
      'udp skipped turn:t.example',
      'tcp absent',
      'tls skipped turns:t.example',
    ])
  }
})
test('devices that the site may not use do not work', async () => {
  devices('denied')
  expect((await found(null)).slice(1, 4)).toEqual(['microphone fault', 'camera fault', 'server good polling'])
})
test('a browser that gives nothing of all this is told so, step by step', async () => {
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('isSecureContext', false)
  expect(await found(null)).toEqual([
    'secure fault',
    'microphone fault',
    'camera fault',
    'server good polling',
    'stun absent',
    'udp absent',
    'tcp absent',
    'tls absent',
  ])
})

const proxyLines = async (answer: unknown): Promise<{ asked: string[]; lines: string[] }> => {
  devices('granted')
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: URL) => {
    asked.push(url.href)
    return new Response(JSON.stringify(answer), { status: answer === 404 ? 404 : 200 })
  })
  const lines = await found(null, 'https://example.org/chat/?a#room=b&password=c')
  return { asked, lines: lines.filter(line => line.startsWith('proxy')) }
}

test('what a proxy forgets is told with what mends it, and nothing of the invitation is said', async () => {
  const missing = { header: 'Upgrade', kind: 'missing', nginx: 'n;', caddy: 'c', haproxy: 'h' }
  const untrusted = { ...missing, header: 'X-Forwarded-For', kind: 'untrusted' }
  const { asked, lines } = await proxyLines({ proxied: true, faults: [missing, untrusted, 7, {}] })
  expect(asked).toEqual([
    'https://example.org/chat/proxy-check?page=https%3A%2F%2Fexample.org%2Fchat%2F&websocket=no',
  ])
  expect(lines).toEqual([
    'proxy fault Upgrade\nnginx:\nn;\nCaddy:\nc\nHAProxy:\nh',
    'proxy fault X-Forwarded-For\nhttp.trusted_proxies = ["…"]',
  ])
})

test.each([
  [{ hosting: { peersMax: 12 } }, 12],
  [{ hosting: null }, null],
  [{ hosting: { peersMax: 1 } }, null],
  [{ hosting: { peersMax: '12' } }, null],
  ['nonsense', null],
])('whether rooms can go through the server it says beside the page: %j', async (answer, peersMax) => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (question: URL) => {
    asked.push(String(question))
    return Response.json(answer)
  })
  expect(await askHosting('https://example.org/chat/#pwd=secret')).toBe(peersMax)
  expect(asked).toEqual(['https://example.org/chat/features'])
  vi.stubGlobal('fetch', async () => new Response('not found', { status: 404 }))
  expect(await askHosting('https://example.org/')).toBeNull()
  vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('no network')))
  expect(await askHosting('https://example.org/')).toBeNull()
})

test('a proxy that forgets nothing is good, and where there is none nothing is said', async () => {
  expect((await proxyLines({ proxied: true, faults: [] })).lines).toEqual(['proxy good'])
  for (const answer of [{ proxied: false, faults: [] }, 404, null, [], 'x', { proxied: true }])
    expect((await proxyLines(answer)).lines).toEqual([])
})
