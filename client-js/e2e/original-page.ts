/**
 * A page that speaks in a mesh as the original frontend does, with the libraries that it has: it comes by an invitation,
 * chats and calls. What it says is in docs/protocol.md under "Between peers".
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { contextIn } from './engines.ts'

type Frame = { readonly type: number; readonly data: Readonly<Record<string, unknown>> }
type SimplePeer = {
  signal: (signal: unknown) => void
  send: (data: string) => void
  addStream: (stream: MediaStream) => void
  on: (event: string, handler: (given: never) => void) => void
}
declare const SimplePeer: new (options: { initiator: boolean; trickle: boolean }) => SimplePeer
declare const io: (options: object) => {
  on: (event: string, handler: (body: Record<string, unknown>) => void) => void
  emit: (event: string, body: object) => void
}
declare const original: {
  readonly heard: Frame[]
  readonly told: string[]
  readonly video: HTMLVideoElement
  say: (type: number, data: object) => void
  call: () => Promise<void>
}

/** Runs in the page. */
const behave = ([room, password, username]: readonly string[]): void => {
  const peers = new Map<unknown, SimplePeer>()
  const [heard, told]: [Frame[], string[]] = [[], []]
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true })
  document.body.append(video)
  let own = ''
  let stream: MediaStream | null = null
  const frame = (type: number, data: object): string => JSON.stringify({ type, data })
  const say = (type: number, data: object): void => {
    for (const peer of peers.values()) peer.send(frame(type, data))
  }
  const announce = (peer: SimplePeer, isReply: boolean): void => {
    if (!stream) return
    const streams = { possibilities: { dataType: 'Set', value: [stream.id] }, primaryStream: stream.id }
    peer.send(frame(2, { type: 0, special: isReply }))
    peer.send(frame(2, { type: 2, special: streams }))
  }
  const take = (peer: SimplePeer, said: Frame): void => {
    heard.push(said)
    if (said.type !== 2) return
    const { type, special } = said.data
    if (type === 0 && special === false) announce(peer, true)
    if (type === 2) {
      const { primaryStream } = special as { primaryStream?: string }
      if (primaryStream) peer.send(frame(2, { type: 4, special: primaryStream }))
    }
    if (type === 4 && stream) peer.addStream(stream)
  }
  const socket = io({ path: '/api/signaling/' })
  const meet = (target: unknown): SimplePeer => {
    const peer = new SimplePeer({ initiator: false, trickle: true })
    peers.set(target, peer)
    peer.on('signal', (signal: object) => socket.emit('SIGNAL', { room, target, signal }))
    peer.on('connect', () => {
      const user = { username, id: own, avatarLoc: '/public/defaults/User.jpg' }
      peer.send(frame(0, { user, pwd: password, init: true }))
    })
    peer.on('data', (data: Uint8Array) => take(peer, JSON.parse(new TextDecoder().decode(data))))
    peer.on('stream', (theirs: MediaStream) => {
      video.srcObject = theirs
    })
    return peer
  }
  socket.on('connect', () => socket.emit('GET-ID', { requestId: '0' }))
  socket.on('GET-ID', ({ userID }) => {
    own = String(userID)
    socket.emit('JOIN-ROOM', { requestId: '1', room, password })
  })
  socket.on('SIGNAL', ({ source, signal }) => (peers.get(source) ?? meet(source)).signal(signal))
  for (const event of ['DISCONNECTEDUSER', 'TYPEERROR']) socket.on(event, () => told.push(event))
  const call = async (): Promise<void> => {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true })
    for (const peer of peers.values()) announce(peer, false)
  }
  Object.assign(globalThis, { original: { heard, told, video, say, call } })
}

const { resolve } = createRequire(import.meta.url)
const libraries = [
  join(dirname(resolve('socket.io-client-4.4.1/package.json')), 'dist/socket.io.js'),
  resolve('simple-peer/simplepeer.min.js'),
]

export class OriginalPage {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** At this server, by an invitation that may name another, until the test has finished. */
  static async arrive(browser: Browser, server: string, link: string, name: string): Promise<OriginalPage> {
    const context = await contextIn(browser, { width: 400, height: 300 })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.route('**/original.html', route =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Original</title><body>' }),
    )
    await page.goto(`${server}/original.html`)
    for (const path of libraries) await page.addScriptTag({ path })
    const invitation = new URLSearchParams(new URL(link).hash.slice(1))
    await page.evaluate(behave, [invitation.get('room') ?? '', invitation.get('pwd') ?? '', name])
    return new OriginalPage(page)
  }

  say(text: string): Promise<void> {
    return this.page.evaluate(msg => original.say(1, { msg, files: [] }), text)
  }

  async hears(text: string): Promise<void> {
    const chat = () =>
      this.page.evaluate(() => original.heard.filter(it => it.type === 1).map(it => it.data['msg']))
    await expect.poll(chat).toContain(text)
  }

  /** With microphone and camera. */
  call(): Promise<void> {
    return this.page.evaluate(() => original.call())
  }

  /** New pictures of the other come. */
  async watches(): Promise<void> {
    const frames = () => this.page.evaluate(() => original.video.getVideoPlaybackQuality().totalVideoFrames)
    const before = await frames()
    await expect.poll(frames).toBeGreaterThan(before + 5)
  }

  /** Errors, and that somebody has gone. */
  told(): Promise<string[]> {
    return this.page.evaluate(() => original.told)
  }
}
