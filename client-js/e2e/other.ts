/** Somebody on a small page of another vocabulary, at that vocabulary's own listener. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { expect, onTestFinished } from 'vitest'
import type { OtherPage } from './pages/others/peer.ts'
import type { Preset } from './sockets/hall.ts'

/** Writes the page of a vocabulary, for its listener to serve: browsers let no other page speak to this machine. */
export const dress = async (preset: Preset, folder: string): Promise<void> => {
  await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: folder,
      target: 'esnext',
      copyPublicDir: false,
      lib: {
        entry: new URL(`pages/others/${preset}.ts`, import.meta.url).pathname,
        formats: ['es'],
        fileName: () => 'other.js',
      },
    },
  })
  const page = '<!doctype html><title>Other</title><body><script type="module" src="/other.js"></script>'
  writeFileSync(join(folder, 'index.html'), page)
}

declare const other: OtherPage

export class Other {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** To the start page, with this query. */
  static async come(browser: Browser, host: string, query = ''): Promise<Other> {
    const context = await browser.newContext({ viewport: { width: 400, height: 300 } })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://${host}/${query}`)
    return new Other(page)
  }

  async isReady(): Promise<void> {
    await this.page.waitForFunction('globalThis.other !== undefined')
  }

  /**
   * Calls somebody by name, and does not wait for the offer: where the other's comes first, the connection is closed, and
   * what was asked of a closed one is never answered (WebRTC 1.0, section 4.4.1.2).
   */
  call(name: string): Promise<void> {
    return this.page.evaluate(who => void other.call?.(who), name)
  }

  /** Says it as soon as it can to so many. */
  async says(text: string, listeners: number): Promise<void> {
    const say = () => this.page.evaluate(it => other.say(it), text)
    await expect.poll(say, { message: `${text} is heard by ${listeners}` }).toBe(listeners)
  }

  async hears(...texts: string[]): Promise<void> {
    const heard = () => this.page.evaluate(() => [...new Set(other.heard)].sort())
    await expect.poll(heard).toEqual(expect.arrayContaining(texts))
  }

  /** New pictures of the other come. */
  async watches(): Promise<void> {
    await this.isReady()
    const frames = () => this.page.evaluate(() => other.frames())
    const before = await frames()
    await expect.poll(frames).toBeGreaterThan(before + 5)
  }
}
