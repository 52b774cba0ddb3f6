/** What a first visit costs: bytes over the network before and after the first view, and nobody else's server. */
import { expect, test } from 'vitest'
import { house } from './house.ts'

const home = house()
const kilobyte = 1_000

test('the first view is light, and comes from this server alone', async () => {
  const person = await home.arrive('about:blank')
  const { page, context } = person
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
  await page.goto(home.server().address)
  await page.getByRole('button', { name: 'Create room' }).waitFor()
  const weighed = (kind: RegExp): number =>
    [...weights].reduce((sum, [id, bytes]) => sum + (kind.test(kinds.get(id) ?? '') ? bytes : 0), 0)
  expect(weighed(/^Script$/)).toBeGreaterThan(kilobyte)
  expect(weighed(/^Script$/)).toBeLessThan(60 * kilobyte)
  await page.waitForLoadState('networkidle')
  expect(weighed(/./)).toBeLessThan(120 * kilobyte)
  expect(strangers).toEqual([])
})
