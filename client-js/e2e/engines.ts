/** The browsers: how Chromium and Firefox are started for tests, and whose turn it is where a test meets in both. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, firefox } from 'playwright-core'
import { afterAll, beforeEach, onTestFinished } from 'vitest'

export type Look = {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly locale?: string
  /** Fingers, and no pointer that hovers. */
  readonly touch?: boolean
}

export type Engine = 'chromium' | 'firefox'

/** The engines of the people of a test, in the order in which they come, over and over. vitest.e2e.config.ts sets it. */
const engines = (process.env['ENGINES'] ?? 'chromium').split(',').map((name): Engine => {
  if (name === 'chromium' || name === 'firefox') return name
  throw new Error(`ENGINES names ${name}, which is neither chromium nor firefox`)
})

/** Of the first person, the second, and so on. */
export const engineOf = (nth: number): Engine => engines[nth % engines.length] ?? 'chromium'

export const executableOf = (engine: Engine): string =>
  engine === 'firefox'
    ? (process.env['FIREFOX'] ?? '/usr/bin/firefox-esr')
    : (process.env['CHROMIUM'] ?? '/usr/bin/chromium')

/** `dark`: what the system prefers; Firefox takes it once, for all its pages. */
type Wish = {
  readonly engine?: Engine
  readonly dark?: boolean
  readonly devices?: boolean
  readonly cameras?: number
  readonly allow?: boolean
  readonly further?: readonly string[]
  /** In place of the one that is used otherwise. */
  readonly executable?: string
  /** It takes every certificate, also where it is a connection of WebRTC that shows it. */
  readonly trusting?: boolean
}

/**
 * `devices`: made-up ones, with so many cameras (Firefox has one); without, there are those of the machine, which has
 * none. `allow`: pages get what they ask for.
 */
export const launch = (wish: Wish = {}): Promise<Browser> =>
  (wish.engine ?? engineOf(0)) === 'firefox' ? launchFirefox(wish) : chromium.launch(chromiumOptions(wish))

/** On a computer that can fall asleep: no process of this browser does anything until it is woken. */
export type Sleeper = { readonly browser: Browser; readonly sleep: () => void; readonly wake: () => void }

export const launchSleeper = async (): Promise<Sleeper> => {
  const server = await chromium.launchServer(chromiumOptions({}))
  const browser = await chromium.connect(server.wsEndpoint())
  const { pid } = server.process()
  if (pid === undefined) throw new Error('the browser has not started')
  onTestFinished(async () => {
    signal('SIGCONT')
    await server.close()
  })
  // All of a browser's processes are one group.
  const signal = (name: NodeJS.Signals): boolean => process.kill(-pid, name)
  return { browser, sleep: () => signal('SIGSTOP'), wake: () => signal('SIGCONT') }
}

const folders = new WeakMap<Browser, string>()

/** Where a Firefox puts what its pages save: it does not tell Playwright of it. Undefined for others. */
export const downloadsOf = (browser: Browser | null): string | undefined =>
  browser ? folders.get(browser) : undefined

const launchFirefox = async (wish: Wish): Promise<Browser> => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-downloads-'))
  const options = { ...firefoxOptions(wish), downloadsPath: folder }
  const browser = await (wish.trusting === true ? launchTrusting(options) : firefox.launch(options))
  browser.on('disconnected', () => rmSync(folder, { recursive: true, force: true }))
  folders.set(browser, folder)
  return browser
}

/** As somebody has it who opens a window that is not private: what is stored lies on the disk, in `folder`. */
export const launchProfile = (folder: string, wish: Wish = {}): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { ...chromiumOptions(wish), locale: 'en-GB' })

/** Firefox takes every certificate for a whole session alone, which is that of a profile of its own. */
const launchTrusting = async (options: ReturnType<typeof firefoxOptions>): Promise<Browser> => {
  const context = await firefox.launchPersistentContext('', { ...options, ignoreHTTPSErrors: true })
  const browser = context.browser()
  if (!browser) throw new Error('the session has no browser')
  return browser
}

/**
 * Where two browsers share a small machine, each with several pages that encode, decode and draw without hardware, made-up
 * cameras give so many pictures a second. Otherwise it is the browser's own: 20 in Chromium, 30 in Firefox.
 */
const sharedPicturesPerSecond = 10
const isShared = process.env['ENGINES']?.includes(',') === true

const chromiumOptions = ({
  devices = true,
  cameras = 1,
  allow = true,
  further = [],
  executable,
  trusting = false,
}: Wish) => ({
  executablePath: executable ?? executableOf('chromium'),
  args: [
    '--no-sandbox',
    // Otherwise addresses hide behind names that a machine without multicast cannot resolve.
    '--disable-features=WebRtcHideLocalIpsWithMdns',
    ...(devices
      ? [
          `--use-fake-device-for-media-stream=device-count=${cameras}${isShared ? `,fps=${sharedPicturesPerSecond}` : ''}`,
        ]
      : []),
    `--use-fake-ui-for-media-stream${allow ? '' : '=deny'}`,
    ...(trusting ? ['--ignore-certificate-errors'] : []),
    ...further,
  ],
})

/** `moz-firefox` is Playwright's name for a Firefox as Mozilla builds it, spoken to by WebDriver BiDi. */
const firefoxOptions = ({ dark = false, devices = true, allow = true, executable }: Wish) => ({
  channel: 'moz-firefox',
  executablePath: executable ?? executableOf('firefox'),
  firefoxUserPrefs: {
    'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1,
    // A mouse, which a machine without a screen need not have: fine (2), and it hovers (4).
    'ui.primaryPointerCapabilities': 6,
    'ui.allPointerCapabilities': 6,
    'media.navigator.streams.fake': devices,
    ...(isShared && { 'media.navigator.video.default_fps': sharedPicturesPerSecond }),
    'media.navigator.permission.disabled': allow,
    // Otherwise no sound is worked on where a machine has nothing to play it with.
    'media.cubeb.force_mock_context': true,
    'media.getusermedia.camera.deny': !allow,
    'media.getusermedia.microphone.deny': !allow,
    // Otherwise addresses hide behind names that a machine without multicast cannot resolve.
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    // A machine without a network has no other address.
    'media.peerconnection.ice.loopback': true,
  },
})

/**
 * A Firefox without a window has no screen to share. The stream that comes in its place is a canvas that changes all
 * the time; from there on everything is the browser's own.
 */
const screenOfCanvas = (): void => {
  // A page without https has no devices.
  if (!navigator.mediaDevices) return
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
    const pen = canvas.getContext('2d')
    if (!pen) throw new Error('nothing to draw with')
    let turn = 0
    setInterval(() => {
      turn += 1
      pen.fillStyle = `hsl(${turn * 7} 80% 50%)`
      pen.fillRect(0, 0, canvas.width, canvas.height)
    }, 50)
    return canvas.captureStream(20)
  }
}

/** Engines report what a policy forbids in different ways; this is the same in all of them. */
const tellForbidden = (): void => {
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    console.error(`Content Security Policy: ${violatedDirective} forbids ${blockedURI}`),
  )
}

/** What a page is waited for. */
const patienceMs = 60_000

/** What one person has: nothing stored, and nothing shared with others. */
export const contextIn = async (browser: Browser, look: Look = {}): Promise<BrowserContext> => {
  const { width = 1280, height = 800, dark = false, locale = 'en-GB', touch = false } = look
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: touch,
    isMobile: touch,
    locale,
  })
  context.setDefaultTimeout(patienceMs)
  await context.addInitScript(tellForbidden)
  if (browser.browserType().name() === 'firefox') await context.addInitScript(screenOfCanvas)
  return context
}

/**
 * The browser of whoever comes next. Each is started when somebody first needs it, and ended after the tests of the
 * file.
 */
export const browsers = (wish: Wish = {}): ((look?: Look) => Promise<Browser>) => {
  const open = new Map<string, Promise<Browser>>()
  let arrived = 0
  beforeEach(() => {
    arrived = 0
  })
  afterAll(async () => {
    await Promise.all([...open.values()].map(async browser => (await browser).close()))
  })
  return ({ dark = false } = {}) => {
    const engine = engineOf(arrived++)
    const key = `${engine} ${engine === 'firefox' && dark}`
    const browser = open.get(key) ?? launch({ ...wish, engine, dark })
    open.set(key, browser)
    return browser
  }
}
