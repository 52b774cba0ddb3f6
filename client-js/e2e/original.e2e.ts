/**
 * A page that connects as the original frontend does: it says who it is once, and nothing more when its connection was
 * cut. The cookie that its browser returns is all that the server knows it by.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, test, vi } from 'vitest'
import { house } from './house.ts'
import { gateTo } from './sockets/gate.ts'

const script = `
  const original = { socket: io({ path: '/api/signaling/', reconnectionDelay: 100 }), heard: [], connections: 0 }
  original.socket.on('connect', () => { original.connections += 1 })
  original.socket.once('connect', () => original.socket.emit('GET-ID', { requestId: '0' }))
  original.socket.onAny((event, body) => original.heard.push({ event, body }))
`
type Heard = { readonly event: string; readonly body: Readonly<Record<string, unknown>> }
declare const original: {
  readonly socket: { readonly connected: boolean; emit(event: string, body: object): void }
  readonly heard: Heard[]
  readonly connections: number
}

const views = mkdtempSync(join(tmpdir(), 'p2pchat-views-'))
const library = dirname(createRequire(import.meta.url).resolve('socket.io-client-4.4.1/package.json'))
copyFileSync(join(library, 'dist/socket.io.js'), join(views, 'socket.io.js'))
writeFileSync(join(views, 'page.js'), script)
const scripts = '<script src="/socket.io.js"></script><script src="/page.js"></script>'
writeFileSync(join(views, 'index.html'), `<!doctype html><title>Original</title>${scripts}`)
afterAll(() => rmSync(views, { recursive: true }))

const home = house({ P2PCHAT_HTTP__VIEWS: views, P2PCHAT_SESSIONS__GRACE_S: '120' })

class Original {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  static async arrive(address: string): Promise<Original> {
    return new Original((await home.arrive(address)).page)
  }

  async emit(event: string, body: object): Promise<void> {
    await this.page.evaluate(([name, said]) => original.socket.emit(name, said), [event, body] as const)
  }

  async all(event: string): Promise<Heard['body'][]> {
    const heard = await this.page.evaluate(() => original.heard)
    return heard.filter(it => it.event === event).map(({ body }) => body)
  }

  /** The first of that name, with these fields. */
  async hears(event: string, fields: object = {}): Promise<Heard['body']> {
    const holds = (body: Heard['body']) => Object.entries(fields).every(([key, value]) => body[key] === value)
    return vi.waitUntil(async () => (await this.all(event)).find(holds), { timeout: 60_000 })
  }
}

test.each(['cut', 'lose'] as const)(
  '%s: it goes on under its id, and the others are told nothing',
  async how => {
    const ada = await Original.arrive(home.server().address)
    const adaId = (await ada.hears('GET-ID'))['userID']
    await ada.emit('CREATE-ROOM', { requestId: '1', maxUsers: 5, name: 'tea', password: '', type: 0 })
    const room = (await ada.hears('CREATE-ROOM'))['roomID']
    const gate = await gateTo(home.server().address)
    const ben = await Original.arrive(gate.address)
    const benId = (await ben.hears('GET-ID'))['userID']
    await ben.emit('JOIN-ROOM', { requestId: '1', room, password: '' })
    await ben.hears('JOIN-ROOM')
    gate[how]()
    await expect.poll(() => ben.page.evaluate(() => original.socket.connected)).toBe(false)
    gate.open()
    await expect.poll(() => ben.page.evaluate(() => original.connections)).toBe(2)
    await ben.emit('SIGNAL', { room, target: adaId, signal: { type: 'offer', sdp: 'from Ben' } })
    await ada.hears('SIGNAL', { source: benId })
    await ada.emit('SIGNAL', { room, target: benId, signal: { type: 'answer', sdp: 'from Ada' } })
    await ben.hears('SIGNAL', { source: adaId })
    const cyd = await Original.arrive(home.server().address)
    await cyd.hears('GET-ID')
    await cyd.emit('JOIN-ROOM', { requestId: '1', room, password: '' })
    expect(await cyd.hears('JOIN-ROOM')).toMatchObject({ curUsers: 3 })
    for (const person of [ada, ben]) {
      await expect.poll(() => person.all('JOIN-ROOM')).toHaveLength(2)
      expect(await person.all('DISCONNECTEDUSER')).toEqual([])
    }
    // Ben’s page was asked nothing and has said nothing of who it is.
    expect(await ben.all('GET-ID')).toHaveLength(1)
  },
)
