/**
 * The installed app: it starts without a network, is never older than the network has it, and leaves nothing behind.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launch } from './engines.ts'
import { FolderServer } from './folder.ts'

const built = process.env['CLIENT_DIST'] ?? new URL('../dist', import.meta.url).pathname

let browser: Browser
let server: FolderServer
let context: BrowserContext
beforeAll(async () => {
  browser = await launch()
})
beforeEach(async () => {
  server = new FolderServer(built)
  await server.start()
  context = await browser.newContext({ locale: 'en-GB' })
})
afterEach(async () => {
  await context.close()
  await server.remove()
})
afterAll(() => browser.close())

/** Somebody who has been here once, so that the worker is in charge. */
const visit = async (): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(server.address)
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller)
      await new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve))
  })
  return page
}

const cacheNames = (page: Page): Promise<string[]> => page.evaluate(() => caches.keys())

/** Another build: one file has another name and another content, and the worker knows. */
const deploy = (): void => {
  const path = (name: string): string => join(server.folder, name)
  const entry = readdirSync(path('assets')).find(name => /^index-.*\.js$/.test(name))
  if (entry === undefined) throw new Error('no entry')
  const next = 'index-Deploy2x.js'
  const replaced = (name: string, from: string | RegExp, to: string): void =>
    writeFileSync(path(name), readFileSync(path(name), 'utf8').replace(from, to))
  renameSync(path(`assets/${entry}`), path(`assets/${next}`))
  replaced(`assets/${next}`, /^/, 'document.documentElement.dataset.deployed = "2";')
  replaced('index.html', entry, next)
  replaced('sw.js', /(?<=[`'"])[0-9a-f]{12}(?=[`'"])/, 'deploy2x')
}

test('without a network the app starts and says what is wrong', async () => {
  const page = await visit()
  await server.stop()
  await page.goto(`${server.address}/#room=x&pwd=y`)
  await page.reload()
  await page.getByText('Server unreachable').waitFor()
  await page.goto(`${server.address}/?room=abc&pwd=secret`)
  await page.getByRole('heading', { name: 'You are invited' }).waitFor()
  const kept = await page.evaluate(async () => {
    const names = await caches.keys()
    const all = await Promise.all(names.map(async name => (await caches.open(name)).keys()))
    return all.flat().map(({ url }) => new URL(url).pathname + new URL(url).search)
  })
  expect(kept).toContain('/')
  expect(kept.join()).not.toContain('secret')
})

test('on a network that says nothing the page is there all the same', async () => {
  const page = await visit()
  server.silent = true
  await page.reload()
  await page.getByRole('button', { name: 'Create room' }).waitFor()
  server.silent = false
})

test('a new build is there with the next load, beside a page of the old one, whose files are kept until it is closed', async () => {
  const old = await visit()
  const [before] = await cacheNames(old)
  deploy()
  const fresh = await context.newPage()
  await fresh.goto(server.address)
  await fresh.locator('html[data-deployed="2"]').waitFor()
  await fresh.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.update()
    while (!registration?.waiting)
      await new Promise(resolve =>
        registration?.installing?.addEventListener('statechange', resolve, { once: true }),
      )
  })
  expect(await cacheNames(fresh)).toContain(before)
  // What the old page has not loaded yet comes from the old files.
  expect(await old.locator('html[data-deployed="2"]').count()).toBe(0)
  await old.close()
  await fresh.close()
  const later = await context.newPage()
  await later.goto(server.address)
  await later.locator('html[data-deployed="2"]').waitFor()
  await expect.poll(() => cacheNames(later)).toEqual(['p2pchat-deploy2x'])
})

test('what a browser asks of an app is there', async () => {
  const page = await visit()
  const manifest = await page.evaluate(async () => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="manifest"]')
    const found = await (await fetch(link?.href ?? '')).json()
    const sizes = await Promise.all(
      found.icons
        .filter(({ type }: { type: string }) => type === 'image/png')
        .map(async ({ src, sizes }: { src: string; sizes: string }) => {
          const { width, height } = await createImageBitmap(await (await fetch(src)).blob())
          return [sizes, `${width}x${height}`]
        }),
    )
    return { found, sizes }
  })
  expect(manifest.found).toMatchObject({ name: 'P2PChat', display: 'standalone', start_url: './' })
  for (const [said, is] of manifest.sizes) expect(is).toBe(said)
  const devtools = await context.newCDPSession(page)
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors')
  // A browser in private mode, as a test's is, installs nothing.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter(it => it !== 'in-incognito')).toEqual([])
})
