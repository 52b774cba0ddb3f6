/**
 * The service worker, which makes the app installable and lets it start without a network, so that the app itself can
 * say that there is none. It never decides what is current: the page comes from the network whenever there is one, and
 * names its files by their content. A new worker therefore need not take over from an old one while pages are open; it
 * waits until they are closed, and then drops what the old one cached.
 */
import { assetsIn, cachePolicy } from './cache-policy.ts'

/** Of the worker's global scope only what is used here: its types and the page's exclude each other. */
type Lasting = Event & { waitUntil: (done: Promise<unknown>) => void }
type Fetching = Lasting & { readonly request: Request; respondWith: (answer: Promise<Response>) => void }
type Pressed = Lasting & { readonly notification: Notification }
type Tab = { focus: () => Promise<unknown> }
type Scope = {
  addEventListener(kind: 'install' | 'activate', listener: (event: Lasting) => void): void
  addEventListener(kind: 'fetch', listener: (event: Fetching) => void): void
  addEventListener(kind: 'notificationclick', listener: (event: Pressed) => void): void
  readonly clients: {
    claim: () => Promise<void>
    matchAll: (options: { type: 'window'; includeUncontrolled: boolean }) => Promise<readonly Tab[]>
    openWindow: (address: string) => Promise<unknown>
  }
}
const scope = globalThis as unknown as Scope

/** Set when the app is built: another build is another worker with a cache of its own. */
const build: string = '__BUILD__'
const prefix = 'p2pchat-'
const cacheName = `${prefix}${build}`
/** Where the worker itself is, and all that it keeps. */
const folder = new URL('./', location.href).href
/** The page under one name, whatever invitation stands behind it in the address. */
const page = folder

const isPage = (answer: Response): boolean =>
  answer.ok && (answer.headers.get('content-type') ?? '').startsWith('text/html')

const fill = async (): Promise<void> => {
  const cache = await caches.open(cacheName)
  const answer = await fetch(page, { cache: 'no-cache' })
  if (!isPage(answer)) return
  const text = await answer.clone().text()
  await cache.put(page, answer)
  await cache.addAll(assetsIn(text))
}

const dropOthers = async (): Promise<void> => {
  const names = await caches.keys()
  await Promise.all(
    names.filter(it => it.startsWith(prefix) && it !== cacheName).map(it => caches.delete(it)),
  )
}

/** A server that is down behind a proxy is no network either. */
const fromNetwork = async (request: Request): Promise<Response> => {
  const kept = async (): Promise<Response | undefined> => {
    try {
      return await (await caches.open(cacheName)).match(page)
    } catch {
      return undefined
    }
  }
  const network = fetch(request).catch(() => null)
  const answer = await Promise.race([network, keptAfterSilence(network, kept)])
  if (!answer) return (await kept()) ?? Response.error()
  if (isPage(answer)) await keep(page, answer)
  return answer.status >= 500 ? ((await kept()) ?? answer) : answer
}

/** On a network that says nothing, the page as it was is better than a white one. Without one there is only waiting. */
const keptAfterSilence = async (
  network: Promise<Response | null>,
  kept: () => Promise<Response | undefined>,
): Promise<Response | null> => {
  await new Promise(resolve => setTimeout(resolve, silentMs))
  return (await kept()) ?? network
}

const silentMs = 5_000

/** A full disk or a browser that keeps nothing costs the next start without a network, not what is here now. */
const keep = async (under: RequestInfo, answer: Response): Promise<void> => {
  try {
    await (await caches.open(cacheName)).put(under, answer.clone())
  } catch {
    // See above.
  }
}

const fromKept = async (request: Request): Promise<Response> => {
  const found = await caches.match(request).catch(() => undefined)
  if (found) return found
  const answer = await fetch(request)
  if (answer.ok) await keep(request, answer)
  return answer
}

const toFront = async (): Promise<void> => {
  const [tab] = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
  await (tab ? tab.focus() : scope.clients.openWindow(page))
}

scope.addEventListener('install', event => event.waitUntil(fill()))
scope.addEventListener('activate', event => event.waitUntil(dropOthers().then(() => scope.clients.claim())))
scope.addEventListener('fetch', event => {
  const kept = cachePolicy(event.request, folder)
  if (kept === 'page') event.respondWith(fromNetwork(event.request))
  if (kept === 'asset') event.respondWith(fromKept(event.request))
})
scope.addEventListener('notificationclick', event => {
  event.notification.close()
  event.waitUntil(toFront())
})
