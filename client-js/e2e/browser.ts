/** Owns the browser and its people: each person is a browser context of their own, so nothing is shared between them. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/**
 * `devices`: made-up ones, with so many cameras; without, there are those of the machine, which has none. `allow`:
 * pages get what they ask for.
 */
export const launch = (wish: Wish = {}): Promise<Browser> => chromium.launch(options(wish))

/** As somebody has it who opens a window that is not private: what is stored lies on the disk, in `folder`. */
export const launchProfile = (folder: string, wish: Wish = {}): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { ...options(wish), locale: 'en-GB' })

type Wish = {
  readonly devices?: boolean
  readonly cameras?: number
  readonly allow?: boolean
  readonly further?: readonly string[]
}

const options = ({ devices = true, cameras = 1, allow = true, further = [] }: Wish) => ({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    // Otherwise addresses hide behind names that a machine without multicast cannot resolve.
    '--disable-features=WebRtcHideLocalIpsWithMdns',
    ...(devices ? [`--use-fake-device-for-media-stream=device-count=${cameras}`] : []),
    `--use-fake-ui-for-media-stream${allow ? '' : '=deny'}`,
    ...further,
  ],
})

export type Look = {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly locale?: string
  /** Fingers, and no pointer that hovers. */
  readonly touch?: boolean
}

/** One person's page. What the page itself reports as wrong is kept, so that a test can say there was nothing. */
export class Person {
  readonly page: Page
  readonly context: BrowserContext
  readonly complaints: string[] = []

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.on('pageerror', error => this.complaints.push(String(error)))
    page.on('console', message => {
      const policy = /content security policy/i.test(message.text())
      if (policy) this.complaints.push(message.text())
    })
  }

  static async arrive(browser: Browser, address: string, look: Look = {}): Promise<Person> {
    const { width = 1280, height = 800, dark = false, locale = 'en-GB', touch = false } = look
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      hasTouch: touch,
      isMobile: touch,
      locale,
    })
    return Person.within(context, address)
  }

  static async within(context: BrowserContext, address: string): Promise<Person> {
    const person = new Person(context, await context.newPage())
    await person.page.goto(address)
    return person
  }

  async createRoom(name: string, room: RoomWish = {}): Promise<string> {
    const { page } = this
    await page.getByLabel('Your name').fill(name)
    await page.getByLabel('Room name').fill(room.name ?? 'Workshop')
    if (room.kind === 'star') await page.getByRole('radio', { name: /^Star/ }).check()
    if (room.password !== undefined) await page.getByLabel('Password').first().fill(room.password)
    if (room.peersMax !== undefined)
      await page.getByLabel('Maximum number of people').fill(String(room.peersMax))
    await page.getByRole('button', { name: 'Create room' }).click()
    await page.getByText('Your room is ready').waitFor()
    return page.getByLabel('Link to this room').inputValue()
  }

  /** From an invitation's view. */
  async stepIn(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name)
    await this.page.getByRole('button', { name: 'Join room' }).click()
    await this.log.waitFor()
  }

  get log() {
    return this.page.getByRole('log')
  }

  /** The roster's line for somebody, with how they are reached. */
  row(name: string, reach: string) {
    return this.page
      .locator('#people li')
      .filter({ has: this.page.locator('bdi', { hasText: new RegExp(`^${name}$`) }) })
      .filter({ hasText: reach })
  }

  async sees(name: string, reach = 'connected'): Promise<void> {
    await this.row(name, reach).waitFor({ state: 'attached' })
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text)
    await this.page.getByLabel('Message', { exact: true }).press('Enter')
  }

  async hears(name: string, text: string): Promise<void> {
    await this.log.getByRole('article').filter({ hasText: name }).filter({ hasText: text }).waitFor()
  }

  async isTold(words: string): Promise<void> {
    await this.log.getByText(words, { exact: false }).waitFor()
  }

  /** A host with guests is asked whether it should end the room, and says yes. */
  async leave(): Promise<void> {
    await this.page.getByRole('button', { name: 'Leave', exact: true }).click()
    const end = this.page.getByRole('button', { name: 'End room' })
    const out = this.page.getByRole('button', { name: 'Start page' })
    await end.or(out).waitFor()
    if (await end.isVisible()) await end.click()
  }

  close(): Promise<void> {
    return this.context.close()
  }
}

export type RoomWish = { name?: string; kind?: 'mesh' | 'star'; password?: string; peersMax?: number }
