/** Puts made-up situations onto a real page: the app's views, without rooms and servers behind them. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { emoji } from '../vite.emoji.ts'
import { contextIn, type Look } from './engines.ts'
import type { Scene } from './pages/scenes.ts'

type Files = ReadonlyMap<string, { readonly body: string | Buffer; readonly contentType: string }>

const types: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css' }

let bundled: Promise<Files> | null = null

const files = (): Promise<Files> => {
  bundled ??= build({
    configFile: false,
    logLevel: 'error',
    plugins: [emoji()],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: {
        input: { scenes: new URL('pages/scenes.ts', import.meta.url).pathname },
        output: { entryFileNames: 'assets/[name].js', assetFileNames: 'assets/[name][extname]' },
      },
    },
  }).then(built => {
    const [output] = Array.isArray(built) ? built : [built]
    if (!output || !('output' in output)) throw new Error('nothing was built')
    return new Map(
      output.output.map(file => [
        `/${file.fileName}`,
        {
          body: file.type === 'chunk' ? file.code : Buffer.from(file.source),
          contentType: types[file.fileName.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
        },
      ]),
    )
  })
  return bundled
}

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Scenes</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<link rel="stylesheet" href="/assets/scenes.css"></head>
<body><div id="app"></div><script type="module" src="/assets/scenes.js"></script></body></html>`

declare const scenes: typeof import('./pages/scenes.ts').scenes

export class Scenes {
  readonly page: Page
  readonly #context: BrowserContext

  private constructor(context: BrowserContext, shown: Page) {
    this.#context = context
    this.page = shown
  }

  static async open(browser: Browser, look: Look = {}): Promise<Scenes> {
    const context = await contextIn(browser, look)
    const shown = await context.newPage()
    const built = await files()
    await shown.route('https://scenes.invalid/**', route => {
      const { pathname } = new URL(route.request().url())
      const file = built.get(pathname)
      return route.fulfill(file ?? { body: pathname === '/' ? page : '', contentType: 'text/html' })
    })
    await shown.goto('https://scenes.invalid/')
    await shown.waitForFunction('globalThis.scenes !== undefined')
    return new Scenes(context, shown)
  }

  /** Once it is laid out, with the pictures moving. */
  async show(scene: Scene): Promise<void> {
    await this.page.evaluate(wanted => scenes.show(wanted), scene)
    await this.page.getByRole('toolbar').waitFor()
    await this.page.waitForFunction(() =>
      [...document.querySelectorAll('video')].every(video => video.readyState > 1 && video.clientWidth > 0),
    )
  }

  close(): Promise<void> {
    return this.#context.close()
  }
}
