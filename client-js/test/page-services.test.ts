/** What the app asks of the browser around the page, where the browser refuses, answers late, or never does. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

class Page extends EventTarget {
  visibilityState = 'visible'
}

beforeEach(() => {
  vi.resetModules()
  vi.stubGlobal('document', new Page())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

const lockable = (releases: () => Promise<void> = async () => undefined) => {
  const grants: (() => void)[] = []
  let held = 0
  vi.stubGlobal('navigator', {
    wakeLock: {
      request: () =>
        new Promise(resolve =>
          grants.push(() => {
            held += 1
            const lock = Object.assign(new EventTarget(), {
              release: async () => {
                held -= 1
                await releases()
              },
            })
            resolve(lock)
          }),
        ),
    },
  })
  return { grants, held: () => held }
}

test('the screen is kept on by one lock at most, and by none in the end', async () => {
  const { grants, held } = lockable()
  const { keepAwakeWhile } = await import('../src/app/awake.ts')
  keepAwakeWhile(true)
  keepAwakeWhile(false)
  keepAwakeWhile(true)
  for (const grant of grants) grant()
  await soon()
  expect(held()).toBe(1)
  keepAwakeWhile(false)
  await soon()
  expect(held()).toBe(0)
})

test('a lock that is granted when nobody wants it any more is given back', async () => {
  const { grants, held } = lockable(() => Promise.reject(new Error('gone')))
  const { keepAwakeWhile } = await import('../src/app/awake.ts')
  keepAwakeWhile(true)
  keepAwakeWhile(false)
  for (const grant of grants) grant()
  await soon()
  expect(held()).toBe(0)
})

test.each([
  ['is missing', undefined],
  [
    'throws',
    {
      writeText: () => {
        throw new Error()
      },
    },
  ],
  ['rejects', { writeText: () => Promise.reject(new Error()) }],
  ['never answers', { writeText: () => new Promise(() => undefined) }],
])('a text is copied by a selection where the clipboard %s', async (_what, clipboard) => {
  vi.useFakeTimers()
  const field = { select: () => undefined, remove: () => undefined }
  const asked: string[] = []
  vi.stubGlobal('HTMLElement', class {})
  vi.stubGlobal('navigator', { clipboard })
  vi.stubGlobal(
    'document',
    Object.assign(new Page(), {
      createElement: () => field,
      querySelector: () => null,
      body: { append: () => undefined },
      execCommand: (what: string) => asked.push(what) > 0,
    }),
  )
  const { copy } = await import('../src/app/page-services.ts')
  const copied = copy('text')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await copied).toBe(true)
  expect(asked).toEqual(['copy'])
})

test.each([
  [
    'throws',
    () => {
      throw new Error()
    },
  ],
  ['rejects', () => Promise.reject(new Error())],
])('notifications are off where asking for them %s', async (_what, requestPermission) => {
  vi.stubGlobal('Notification', { permission: 'default', requestPermission })
  const { alerts } = await import('../src/app/alerts.ts')
  expect(await alerts.mayNotify()).toBe(false)
})

test('a test of the speaker fails, and is no error, where there is no audio', async () => {
  vi.stubGlobal('AudioContext', () => {
    throw new DOMException('', 'NotSupportedError')
  })
  const { chime } = await import('../src/call/chime.ts')
  expect(await chime('')).toBe(false)
})

test('the service worker hands on what it cannot keep', async () => {
  const listeners = new Map<string, (event: unknown) => void>()
  vi.stubGlobal('addEventListener', (kind: string, listener: (event: unknown) => void) =>
    listeners.set(kind, listener),
  )
  vi.stubGlobal('location', { href: 'https://a.example/sw.js' })
  const refuse = () => Promise.reject(new DOMException('', 'QuotaExceededError'))
  vi.stubGlobal('caches', { open: refuse, match: refuse })
  vi.stubGlobal('fetch', async () => new Response('<p>', { headers: { 'content-type': 'text/html' } }))
  await import('../src/offline/worker.ts')
  const ask = async (path: string, mode: string): Promise<string> => {
    let answer: Promise<Response> | undefined
    listeners.get('fetch')?.({
      request: { method: 'GET', mode, url: `https://a.example${path}` },
      respondWith: (given: Promise<Response>) => {
        answer = given
      },
    })
    return (await answer)?.text() ?? 'nothing'
  }
  expect(await ask('/', 'navigate')).toBe('<p>')
  expect(await ask('/assets/a.js', 'cors')).toBe('<p>')
})

test('every notification makes itself heard, also in the place of another', async () => {
  const shown: (NotificationOptions & { renotify?: boolean })[] = []
  class Shown extends EventTarget {
    static readonly permission = 'granted'
    constructor(_title: string, options: NotificationOptions) {
      super()
      shown.push(options)
    }
  }
  vi.stubGlobal('Notification', Shown)
  const { alerts } = await import('../src/app/alerts.ts')
  alerts.notify('Ben', 'hi')
  alerts.notify('Ben', 'ho')
  expect(shown.map(({ tag, renotify }) => [tag, renotify])).toEqual([
    ['p2pchat', true],
    ['p2pchat', true],
  ])
})

test('whether a device is allowed is unknown where the browser never answers', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('navigator', { permissions: { query: () => new Promise(() => undefined) } })
  const { browserMedia } = await import('../src/call/browser.ts')
  const asked = browserMedia.permission('microphone')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await asked).toBe('unknown')
})
