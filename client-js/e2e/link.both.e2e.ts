/** Our link against the real simple-peer, in both roles: words, and a sound each way. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from './engines.ts'

let browser: Browser
let server: Server
let address: string

/** The page's script, bundled in memory. */
const bundle = async (): Promise<string> => {
  const entry = new URL('pages/link.ts', import.meta.url).pathname
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'link' } },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('nothing was built')
  return output.output[0].code
}

beforeAll(async () => {
  const simplePeer = readFileSync(createRequire(import.meta.url).resolve('simple-peer/simplepeer.min.js'))
  const files: Readonly<Record<string, { type: string; body: string | Buffer }>> = {
    '/': {
      type: 'text/html',
      body: '<script src="/simplepeer.min.js"></script><script type="module" src="/link.js"></script>',
    },
    '/simplepeer.min.js': { type: 'text/javascript', body: simplePeer },
    '/link.js': { type: 'text/javascript', body: await bundle() },
  }
  server = createServer((request, response) => {
    const file = files[request.url ?? '']
    response.writeHead(file ? 200 : 404, { 'Content-Type': file?.type ?? 'text/plain' })
    response.end(file?.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
  browser = await launch()
})
afterAll(async () => {
  await browser.close()
  server.close()
})

const both = {
  data: { here: { from: 'them' }, there: { from: 'us', text: 'grüß dich' } },
  reachedThere: true,
  reachedHere: true,
  survived: true,
  rounds: true,
  takenForAnother: { own: 0, foreign: true },
  nullCandidates: 0,
}
const asks = ['answer', 'candidate', 'renegotiate', 'transceiverRequest']

test.each([
  ['we open', true, { ourTypes: ['candidate', 'offer', 'renegotiate'], theirTypes: asks }],
  ['simple-peer opens', false, { ourTypes: asks, theirTypes: ['candidate', 'offer'] }],
])('%s', async (_name, weOpen, types) => {
  const page = await browser.newPage()
  await page.goto(address)
  await page.waitForFunction('typeof meet === "function"')
  expect(await page.evaluate(`meet(${weOpen})`)).toEqual({ ...both, ...types })
  await page.close()
})

test('two of ours whom the network loses find another way, on the same connection', async () => {
  const page = await browser.newPage()
  await page.goto(address)
  await page.waitForFunction('typeof mend === "function"')
  expect(await page.evaluate('mend()')).toEqual({
    heard: 'still here',
    anew: [true, true],
    steady: [
      [false, true],
      [false, true],
    ],
    connections: 2,
    rounds: [1, 2],
    closed: 0,
  })
  await page.close()
})

test.each([[[0]], [[1]], [[0, 1]], [[1, 0]]])('two of ours send to each other, begun by %j', async who => {
  const page = await browser.newPage()
  await page.goto(address)
  await page.waitForFunction('typeof cross === "function"')
  const all = who.map(() => true)
  expect(await page.evaluate(`cross(${JSON.stringify(who)})`)).toMatchObject({
    seen: all,
    seenAgain: all,
    closed: 0,
  })
  await page.close()
})

test('a host that takes them gets a picture in three sizes, each over a line of its own that is used again', async () => {
  const page = await browser.newPage()
  await page.goto(address)
  await page.waitForFunction('typeof layered === "function"')
  expect(await page.evaluate('layered()')).toEqual({
    asked: 2,
    askedAgain: 0,
    sections: 2,
    several: 2,
    sizes: [
      [1, 2, 4],
      [1, 2, 4],
    ],
    tuned: true,
    active: [
      [false, true, true],
      [true, true, true],
    ],
    closed: 0,
  })
  await page.close()
})
