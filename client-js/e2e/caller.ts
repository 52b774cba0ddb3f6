/** Owns people on a bare page of the core, who call each other: what they do, and what they can see. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { expect } from 'vitest'
import type { Call } from '../src/call/call.ts'
import type { CallChoices, CallState } from '../src/call/state.ts'
import type { CallerPage, Shown } from './pages/caller.ts'

let bundled: Promise<string> | null = null

/** The page's script; the core itself it takes from the server, as anybody's page does. */
const script = (): Promise<string> => {
  bundled ??= build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: {
        entry: new URL('pages/caller.ts', import.meta.url).pathname,
        formats: ['es'],
        fileName: 'caller',
      },
    },
  }).then(built => {
    const [output] = Array.isArray(built) ? built : [built]
    if (!output || !('output' in output)) throw new Error('nothing was built')
    return output.output[0].code
  })
  return bundled
}

const started = { caller: Promise.resolve({} as CallerPage) }
declare const caller: (typeof started)['caller']

export const both: CallChoices = { microphone: { on: true }, camera: { on: true } }
export const soundOnly: CallChoices = { microphone: { on: true }, camera: { on: false } }

export class Caller {
  readonly page: Page
  readonly context: BrowserContext
  readonly name: string

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name
    this.context = context
    this.page = page
  }

  static async arrive(browser: Browser, server: string, name: string, init?: string): Promise<Caller> {
    const context = await browser.newContext({ viewport: { width: 800, height: 600 } })
    if (init !== undefined) await context.addInitScript(init)
    const page = await context.newPage()
    const body = await script()
    await page.route('**/bare.html', route =>
      route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/caller.js"></script>' }),
    )
    await page.route('**/caller.js', route => route.fulfill({ contentType: 'text/javascript', body }))
    await page.goto(`${server}/bare.html`)
    await page.waitForFunction('globalThis.caller !== undefined')
    return new Caller(name, context, page)
  }

  enter(whereto: string | { name: string; kind: 'mesh' | 'star' }): Promise<string> {
    return this.page.evaluate(async ([where, name]) => (await caller).enter(where, name), [
      whereto,
      this.name,
    ] as const)
  }

  /** Any of the call's commands. */
  async do<Name extends keyof Call>(
    name: Name,
    ...given: Call[Name] extends (...given: infer Given) => unknown ? Given : never
  ): Promise<void> {
    await this.page.evaluate(
      async ([command, values]) => {
        const call = (await caller).call()
        await (call[command] as (...values: unknown[]) => unknown).apply(call, values)
      },
      [name, given as unknown[]] as const,
    )
  }

  join(choices: CallChoices = both): Promise<void> {
    return this.do('join', choices)
  }

  state(): Promise<CallState> {
    return this.page.evaluate(async () => JSON.parse(JSON.stringify((await caller).state())) as CallState)
  }

  shown(): Promise<Shown[]> {
    return this.page.evaluate(async () => (await caller).shown())
  }

  /** Waits until exactly these people's pictures move here, as many streams of each as are named. */
  async watches(...names: string[]): Promise<void> {
    const before = new Map((await this.shown()).map(({ id, time }) => [id, time]))
    await expect
      .poll(
        async () => {
          const shown = await this.shown()
          for (const { id, time } of shown) if (!before.has(id)) before.set(id, time)
          const moving = shown.filter(
            it => it.width > 0 && it.hasVideo && it.time > (before.get(it.id) ?? it.time),
          )
          return moving.map(it => it.owner).sort()
        },
        { timeout: 20_000, message: `${this.name} watches ${names}` },
      )
      .toEqual([...names].sort())
  }

  async hears(...names: string[]): Promise<void> {
    await expect
      .poll(
        async () =>
          (await this.shown())
            .filter(it => it.hasAudio)
            .map(it => it.owner)
            .sort(),
        {
          timeout: 20_000,
          message: `${this.name} hears ${names}`,
        },
      )
      .toEqual([...names].sort())
  }

  close(): Promise<void> {
    return this.context.close()
  }
}
