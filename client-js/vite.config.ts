/** How the page is built: hashed assets, nothing inline (the server's page policy forbids it), and the files the server hands out on its own. */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { emoji } from './vite.emoji.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** What other people's pages expect from the server: socket.io's own client script, and StreamSaver's two files. */
const vendor: readonly { from: string; to: string; wanted: RegExp }[] = [
  {
    from: 'node_modules/socket.io-client/dist',
    to: 'vendor/socket.io',
    wanted: /^socket\.io(\.min|\.esm\.min|\.msgpack\.min)?\.js(\.map)?$/,
  },
  { from: 'node_modules/streamsaver', to: 'vendor/streamsaver', wanted: /^(mitm\.html|sw\.js)$/ },
]

/** What is read off names in links, and plans rooms, is wanted by few. */
export const session =
  /src\/(call(?!\/(chime|level)\.)|core(?!\/(connection-check|room-keys|sealed-session)\.)|files\/(answered|change)|legacy\/wire(?!\/side-protocol\.)|link(?!\/probe\.)|room|signaling|wire)\//
/** What the first view needs of the core: the line, and the mirror. A room session, and all that is in it, follows. */
export const line =
  /src\/(call\/(browser|devices|preview)|core\/(client|events|room-target)|files\/state|link\/browser-api|signaling\/(client|network|session)|wire\/(access|card|ice|ids|invitation|json|owner|refusal|resume|server|signal)\.)|node_modules\/(socket|engine)\.io/
const shared = /node_modules\/@?preact|src\/(ui\/|app\/(call-commands|drafts|invitations|settings)\.)/
/** What the mirror, the room, the call and the dialogs share, which the first view does without. */
const media =
  /src\/ui\/(devices|encryption-notice|file-words|panels|shortcuts|parts\/(choice|devices|dialog|invite|live|panel|popover|tabs|trouble)|views\/(preview|small-dialogs))\./

const copyVendor = (): Plugin => {
  let out = resolve(here, 'dist')
  return {
    name: 'copy-vendor',
    apply: 'build',
    configResolved: config => {
      out = resolve(config.root, config.build.outDir)
    },
    closeBundle: () => {
      for (const { from, to, wanted } of vendor) {
        const names = readdirSync(resolve(here, from)).filter(name => wanted.test(name))
        if (names.length === 0) throw new Error(`${from} holds no file that matches ${wanted}`)
        mkdirSync(join(out, to), { recursive: true })
        for (const name of names) cpSync(resolve(here, from, name), join(out, to, name))
      }
    },
  }
}

/** The library's third transport, which no server of ours has and `SignalingClient` does not ask for, is left out. */
const leaveOutWebTransport = (): Plugin => ({
  name: 'leave-out-webtransport',
  apply: 'build',
  enforce: 'pre',
  load: id => (/engine\.io-client\/.*\/webtransport\.js$/.test(id) ? 'export class WT {}' : null),
})

/** Another build is another service worker, even where the worker itself has not changed. */
const nameBuild = (): Plugin => ({
  name: 'name-build',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler: (_options, bundle) => {
      const worker = bundle['sw.js']
      if (worker?.type !== 'chunk' || !worker.code.includes('__BUILD__')) throw new Error('no worker to name')
      const index = bundle['index.html']
      const page = index?.type === 'asset' ? index.source : ''
      const hash = createHash('sha256').update(Object.keys(bundle).sort().join()).update(page).digest('hex')
      worker.code = worker.code.replace('__BUILD__', hash.slice(0, 12))
    },
  },
})

/**
 * Chromium compiles functions when they are first called, and has to read each of them once more for that: whoever joins a
 * room would wait for it. These parts are loaded while somebody types their name, and compiled with that, beside the page
 * (https://v8.dev/blog/explicit-compile-hints).
 */
const compileAhead = (): Plugin => ({
  name: 'compile-ahead',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler: (_options, bundle) => {
      for (const name of ['attach-session', 'media', 'room', 'session']) {
        const chunk = Object.values(bundle).find(it => it.type === 'chunk' && it.name === name)
        if (chunk?.type !== 'chunk') throw new Error(`no part is called ${name}`)
        chunk.code = `//# allFunctionsCalledOnLoad\n${chunk.code}`
      }
    },
  },
})

/** Names that stay, whatever is in them. */
const entryNames: Readonly<Record<string, string>> = { p2pchat: 'core/p2pchat.js', sw: 'sw.js' }

export default defineConfig({
  root: here,
  // A proxy may put the server below a path, of which neither knows.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The app and the module for others are one code: what both need lies in hashed chunks, and the module's own
      // file, whose name stays, only names them.
      preserveEntrySignatures: 'strict',
      input: {
        index: resolve(here, 'index.html'),
        p2pchat: resolve(here, 'src/core/index.ts'),
        sw: resolve(here, 'src/offline/worker.ts'),
      },
      output: {
        entryFileNames: ({ name }) => entryNames[name] ?? 'assets/[name]-[hash].js',
        codeSplitting: {
          groups: [
            // What several of the page's parts need, in one file: each file costs a kilobyte of headers.
            {
              name: 'page',
              test: id => (shared.test(id) && !media.test(id)) || id.includes('rolldown/runtime'),
              minShareCount: 2,
            },
            { name: 'line', test: line },
            { name: 'session', test: session },
            { name: 'media', test: media, minShareCount: 2 },
          ],
        },
      },
    },
  },
  plugins: [emoji(), copyVendor(), leaveOutWebTransport(), compileAhead(), nameBuild()],
})
