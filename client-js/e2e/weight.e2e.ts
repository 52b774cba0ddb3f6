/** What a first visit costs: bytes over the network before and after the first view, and nobody else's server. */
import { expect, test } from 'vitest'
import { house } from './house.ts'

const home = house()
const kilobyte = 1_000

/** A first visit until nothing more comes; `weighed` is what responses of a kind took on the wire, headers included. */
const firstVisit = async ({ online }: { online: boolean }) => {
  const { page, context } = await home.arrive('about:blank')
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  const kinds = new Map<string, string>()
  const weights = new Map<string, number>()
  const strangers: string[] = []
  const { origin } = new URL(home.server().address)
  devtools.on('Network.responseReceived', ({ requestId, type, response }) => {
    kinds.set(requestId, type)
    if (response.url.startsWith('http') && new URL(response.url).origin !== origin)
      strangers.push(response.url)
  })
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    weights.set(requestId, encodedDataLength)
  })
  if (!online) {
    await page.routeWebSocket(/.*/, socket => socket.close())
    await page.route('**/api/signaling/**', route => route.abort())
  }
  await page.goto(home.server().address)
  await page.getByRole('button', { name: 'Create room' }).waitFor()
  if (online) await page.getByText('Connected to the server').waitFor()
  await page.waitForLoadState('networkidle')
  const weighed = (kind: RegExp): number =>
    [...weights].reduce((sum, [id, bytes]) => sum + (kind.test(kinds.get(id) ?? '') ? bytes : 0), 0)
  return { weighed, strangers }
}

test('the first view needs little script', async () => {
  // What follows once there is a server to talk to is none of the first view's.
  const { weighed } = await firstVisit({ online: false })
  expect(weighed(/^Script$/)).toBeGreaterThan(kilobyte)
  expect(weighed(/^Script$/)).toBeLessThan(60 * kilobyte)
})

test('a first visit is light, and comes from this server alone', async () => {
  const { weighed, strangers } = await firstVisit({ online: true })
  expect(weighed(/./)).toBeLessThan(120 * kilobyte)
  expect(strangers).toEqual([])
})
