/** What the service worker keeps: the page and what it names, and nothing else that goes over the network. */
import { expect, test } from 'vitest'
import { assetsIn, cachePolicy } from '../src/offline/cache-policy.ts'

const origin = 'https://talk.example'
const asked = (url: string, mode = 'cors', method = 'GET') => cachePolicy({ url, mode, method }, `${origin}/`)

test.each([
  [`${origin}/`, 'navigate', 'page'],
  [`${origin}/?room=x&pwd=y`, 'navigate', 'page'],
  [`${origin}/index.html`, 'navigate', 'page'],
  [`${origin}/assets/index-Dn-nkQ6p.js`, 'cors', 'asset'],
  [`${origin}/supported.js`, 'no-cors', 'asset'],
  [`${origin}/vendor/streamsaver/mitm.html`, 'navigate', null],
  [`${origin}/core/p2pchat.js`, 'cors', null],
  [`${origin}/api/signaling/?EIO=4&transport=polling`, 'cors', null],
  [`${origin}/health`, 'cors', null],
  [`${origin}/sw.js`, 'same-origin', null],
  ['https://elsewhere.example/assets/x.js', 'no-cors', null],
  ['https://elsewhere.example/', 'navigate', null],
])('%s as %s is kept as %s', (url, mode, kept) => expect(asked(url, mode)).toBe(kept))

test.each([
  ['chat/', 'navigate', 'page'],
  ['chat/#room=x', 'navigate', 'page'],
  ['chat/assets/index-Dn-nkQ6p.js', 'cors', 'asset'],
  ['', 'navigate', null],
  ['assets/index-Dn-nkQ6p.js', 'cors', null],
  ['chat/api/signaling/', 'cors', null],
])('below a path %s as %s is kept as %s', (path, mode, kept) =>
  expect(cachePolicy({ url: `${origin}/${path}`, mode, method: 'GET' }, `${origin}/chat/`)).toBe(kept),
)

test('only what is asked for by GET', () => {
  expect(asked(`${origin}/assets/a.js`, 'cors', 'POST')).toBeNull()
  expect(asked(`${origin}/`, 'navigate', 'POST')).toBeNull()
})

test('the files a page names are found, each once', () => {
  const page = `<script src="./assets/index-A1.js"></script><link href="./assets/index-B2.css">
    <link rel="modulepreload" href="./assets/index-A1.js"><a href="https://x.example/assets/c.js">
    <script async src="./supported.js"></script>`
  expect(assetsIn(page)).toEqual(['./assets/index-A1.js', './assets/index-B2.css', './supported.js'])
})
