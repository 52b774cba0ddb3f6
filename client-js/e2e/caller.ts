/** People on a bare page of the core, who call each other: what they do, and what they can see. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { expect } from 'vitest'
import type { Call } from '../src/call/call.ts'
import type { CallChoices, CallState } from '../src/call/state.ts'
import { contextIn } from './engines.ts'
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

/** Keeps every connection and every player at hand, and breaks the connections that are open when told to. */
const watchPage = `{
  const Native = RTCPeerConnection
  globalThis.connections = []
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      super(configuration)
      connections.push(this)
      addEventListener('cut-links', () => this.close())
    }
  }
  const NativeAudio = Audio
  globalThis.players = []
  globalThis.Audio = class extends NativeAudio {
    constructor(...given) {
      super(...given)
      players.push(this)
    }
  }
}`

export class Caller {
  readonly page: Page
  readonly context: BrowserContext
  readonly name: string

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name
    this.context = context
    this.page = page
  }

  static async arrive(browser: Browser, server: string, name: string): Promise<Caller> {
    const context = await contextIn(browser, { width: 800, height: 600 })
    await context.addInitScript(watchPage)
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
    const before = new Map((await this.shown()).map(({ id, frames }) => [id, frames]))
    await expect
      .poll(
        async () => {
          const shown = await this.shown()
          for (const { id, frames } of shown) if (!before.has(id)) before.set(id, frames)
          const moving = shown.filter(
            it => it.width > 0 && it.hasVideo && it.frames > (before.get(it.id) ?? it.frames),
          )
          return moving.map(it => it.owner).sort()
        },
        { message: `${this.name} watches ${names}` },
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
          message: `${this.name} hears ${names}`,
        },
      )
      .toEqual([...names].sort())
  }

  devices(kind: MediaDeviceKind): Promise<{ id: string; label: string }[]> {
    return this.page.evaluate(async wanted => {
      const all = await navigator.mediaDevices.enumerateDevices()
      const named = all.filter(it => it.kind === wanted && it.deviceId !== 'default')
      return named.map(({ deviceId, label }) => ({ id: deviceId, label }))
    }, kind)
  }

  /** Settings of our own track, by their names. */
  track(kind: 'audio' | 'video', names: readonly string[]): Promise<unknown[]> {
    return this.page.evaluate(
      async ([of, wanted]) => {
        const track = (await caller)
          .state()
          .own.stream?.getTracks()
          .find(it => it.kind === of)
        const settings: Record<string, unknown> = { ...track?.getSettings() }
        return wanted.map(name => settings[name])
      },
      [kind, names] as const,
    )
  }

  /** The devices that our stream comes from. */
  async uses(): Promise<{ video: unknown; audio: unknown }> {
    const [[video], [audio]] = [
      await this.track('video', ['deviceId']),
      await this.track('audio', ['deviceId']),
    ]
    return { video, audio }
  }

  async unplugs(kind: 'audio' | 'video'): Promise<void> {
    await this.page.evaluate(async of => {
      const track = (await caller)
        .state()
        .own.stream?.getTracks()
        .find(it => it.kind === of)
      track?.stop()
      track?.dispatchEvent(new Event('ended'))
    }, kind)
  }

  /** What is played of the others. */
  plays(): Promise<{ volume: number; speaker: string; paused: boolean }[]> {
    return this.page.evaluate(() => {
      const { players } = globalThis as unknown as { players: (HTMLAudioElement & { sinkId: string })[] }
      const live = players.filter(it => it.srcObject !== null)
      return live.map(({ volume, sinkId, paused }) => ({ volume, speaker: sinkId, paused }))
    })
  }

  /** As the browser's own bar does. */
  async endsShare(): Promise<void> {
    await this.page.evaluate(async () => {
      for (const { stream } of (await caller).state().own.screens)
        for (const track of stream.getTracks()) {
          // Firefox hands a stopped track no events.
          track.dispatchEvent(new Event('ended'))
          track.stop()
        }
    })
  }

  /** Every connection breaks, as when a network goes. */
  async cutsLinks(): Promise<void> {
    await this.page.evaluate(() => dispatchEvent(new Event('cut-links')))
  }

  /** How many times smaller than taken each picture is sent, by the parameters in force. */
  async scales(): Promise<(number | undefined)[]> {
    return this.page.evaluate(() => {
      const { connections } = globalThis as unknown as { connections: RTCPeerConnection[] }
      const senders = connections.flatMap(it => it.getSenders()).filter(it => it.track?.kind === 'video')
      return senders.map(it => it.getParameters().encodings[0]?.scaleResolutionDownBy)
    })
  }

  /** Whether pictures leave this page, within a second. */
  async sendsPictures(): Promise<boolean> {
    return this.page.evaluate(async () => {
      const { connections } = globalThis as unknown as { connections: RTCPeerConnection[] }
      const sent = async (): Promise<number> => {
        let frames = 0
        for (const connection of connections) {
          const report = await connection.getStats()
          for (const entry of report.values())
            if (entry.type === 'outbound-rtp' && entry.kind === 'video') frames += entry.framesSent ?? 0
        }
        return frames
      }
      const before = await sent()
      await new Promise(resolve => setTimeout(resolve, 1_000))
      return (await sent()) > before
    })
  }

  close(): Promise<void> {
    return this.context.close()
  }
}
