/** How soon the app can be used on a slow phone: a processor four times slower, and Lighthouse's slow 4G. */
import { expect, test } from 'vitest'
import { house } from '../e2e/house.ts'
import { alternate, rounds, table } from './report.ts'

const home = house()

/** Lighthouse's mobile profile as it is applied by the browser's own throttle. */
const slow4g = { offline: false, latency: 562.5, downloadThroughput: 184_320, uploadThroughput: 86_400 }
const slowdown = 4

/** From asking for the page until a press on its button is answered, in milliseconds. */
const usable = async (): Promise<number> => {
  const person = await home.arrive('about:blank', { width: 390, height: 844 })
  const { page, context } = person
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', slow4g)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  const began = performance.now()
  await page.goto(home.server().address, { waitUntil: 'commit' })
  await page.getByRole('button', { name: 'Create room' }).click()
  await page.getByText('Enter your name first.').waitFor()
  const took = performance.now() - began
  await person.close()
  return took
}

/** The same for a page with nothing on it, which is what the network alone costs. */
const bare = async (): Promise<number> => {
  const person = await home.arrive('about:blank')
  const { page, context } = person
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', slow4g)
  const began = performance.now()
  await page.goto(`${home.server().address}/health`)
  const took = performance.now() - began
  await person.close()
  return took
}

test('load', async () => {
  const [app, empty]: [number[], number[]] = [[], []]
  await alternate(
    rounds,
    async () => void app.push(await usable()),
    async () => void empty.push(await bare()),
  )
  const against = { what: 'one request', values: empty }
  process.stdout.write(`${table([{ what: 'usable on a slow phone', unit: 'ms', values: app, against }])}\n`)
  expect(app).toHaveLength(rounds)
})
