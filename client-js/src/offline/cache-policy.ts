/**
 * Decides what the service worker caches and in which order it looks: the network first for the page itself, the cache
 * first for files whose name changes with their content. Pure, and apart from the worker because a test cannot load
 * that.
 */
/**
 * `page`: as the network has it, and as it was last where there is none. `asset`: as it is kept. Null: left to the
 * browser.
 */
export type CachePolicy = 'page' | 'asset' | null

type Asked = { readonly method: string; readonly mode: string; readonly url: string }

/** Its name stays, but the cache that it is kept in belongs to one build. */
const supported = 'supported.js'

/**
 * Signalling, downloads and everything else that is not listed never pass through the worker. `folder`: the address of what
 * the server has at its top, which a proxy may have put below a path.
 */
export const cachePolicy = ({ method, mode, url }: Asked, folder: string): CachePolicy => {
  if (method !== 'GET' || !url.startsWith(folder)) return null
  const path = new URL(url).pathname.slice(new URL(folder).pathname.length)
  if (mode === 'navigate') return path === '' || path === 'index.html' ? 'page' : null
  return path.startsWith('assets/') || path === supported ? 'asset' : null
}

/** The files that a page names itself; those that come later are kept when they come. */
export const assetsIn = (page: string): string[] => [
  ...new Set(
    Array.from(page.matchAll(/"(\.\/assets\/[\w~./-]+|\.\/supported\.js)"/g), ([, path]) => path ?? ''),
  ),
]
