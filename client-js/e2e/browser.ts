/** People in browsers: each is a browser context of their own, so nothing is shared between them. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { contextIn, type Look } from './engines.ts'

/** One person's page. What the page itself reports as wrong is kept, so that a test can say there was nothing. */
/**
 * Firefox counts among a page's errors that a server is away, also where a service worker asks it for a file, and that a
 * reload ends sockets, and files that a service worker was being asked for.
 */
const firefoxOnly =
  /Firefox can’t establish a connection|respondWith\(\) that rejected with ‘TypeError: NetworkError when|ServiceWorker intercepted the request and encountered an unexpected error|interrupted while the page was loading|WebRTC: ICE failed/

export class Person {
  readonly page: Page
  readonly context: BrowserContext
  readonly complaints: string[] = []

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.on('pageerror', error => {
      if (!firefoxOnly.test(String(error))) this.complaints.push(String(error))
    })
    page.on('console', message => {
      const policy = /content security policy/i.test(message.text())
      if (policy) this.complaints.push(message.text())
    })
  }

  static async arrive(browser: Browser, address: string, look: Look = {}): Promise<Person> {
    return Person.within(await contextIn(browser, look), address)
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
    if (Object.keys(room).some(option => option !== 'name'))
      await page.locator('.more-options summary').click()
    if (room.kind === 'star') await page.getByRole('radio', { name: /^Star/ }).check()
    if (room.kind === 'server') await page.getByRole('radio', { name: /^Through the server/ }).check()
    if (room.password !== undefined)
      await page.locator('.start-create').getByLabel('Password').fill(room.password)
    if (room.peersMax !== undefined)
      await page.getByLabel('Maximum number of people').fill(String(room.peersMax))
    await page.getByRole('button', { name: 'Create room' }).click()
    await page.getByText('Your room is ready').waitFor()
    return page.getByLabel('Link to this room').inputValue()
  }

  /** From an invitation's view. */
  async enter(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name)
    await this.page.getByRole('button', { name: 'Join room' }).click()
  }

  /** The same, where somebody is. */
  async stepIn(name: string): Promise<void> {
    await this.enter(name)
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

  /** As soon as it can be sent. */
  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text)
    await this.page.locator('.send[aria-disabled=false]').waitFor()
    // With fingers Enter makes a line.
    if (await this.page.evaluate(() => matchMedia('(hover: none) and (pointer: coarse)').matches))
      await this.page.getByRole('button', { name: 'Send', exact: true }).click()
    else await this.page.getByLabel('Message', { exact: true }).press('Enter')
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

export type RoomWish = {
  name?: string
  kind?: 'mesh' | 'star' | 'server'
  password?: string
  peersMax?: number
}
