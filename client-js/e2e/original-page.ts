/**
 * A page that speaks as the original frontend does, in a mesh and as a star's guest, with the libraries that it has: it comes by
 * an invitation, chats and calls. What it says is in docs/protocol.md under "Between peers".
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { contextIn } from './engines.ts'

type Fields = Readonly<Record<string, unknown>>
type Frame = { readonly type: number; readonly data: Fields }
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
  /** Of the chat. */
  readonly heard: unknown[]
  readonly told: string[]
  readonly videos: Map<string, HTMLVideoElement>
  chat: (msg: string) => void
  call: () => Promise<void>
}

/** Runs in the page. */
const behave = ([room, password, username]: readonly string[]): void => {
  const peers = new Map<unknown, SimplePeer>()
  const [heard, told]: [unknown[], string[]] = [[], []]
  const videos = new Map<string, HTMLVideoElement>()
  const avatarLoc = '/public/defaults/User.jpg'
  /** What a mesh and a star number differently. */
  const inMesh = { chat: 1, call: 2, streams: 2, want: 4 }
  const inStar = { chat: 2, call: 7, streams: 4, want: 6 }
  let types: typeof inMesh = inMesh
  let own = ''
  let stream: MediaStream | null = null
  const frame = (type: number, data: object, target = own): string =>
    JSON.stringify(types === inStar ? { target, idata: { type, data } } : { type, data })
  const say = (type: number, data: object): void => {
    for (const peer of peers.values()) peer.send(frame(type, data))
  }
  const announce = (peer: SimplePeer, special: unknown): void => {
    if (!stream) return
    const streams = { possibilities: { dataType: 'Set', value: [stream.id] }, primaryStream: stream.id }
    peer.send(frame(types.call, { type: 0, special }))
    peer.send(frame(types.call, { type: types.streams, special: streams }))
  }
  const want = (peer: SimplePeer, { primaryStream }: Fields, owner?: string): void => {
    if (typeof primaryStream !== 'string') return
    const special = types === inStar ? { StreamID: primaryStream } : primaryStream
    peer.send(frame(types.call, { type: types.want, special }, owner))
  }
  const takeCall = (peer: SimplePeer, { type, special }: Fields, source?: string): void => {
    if (type === 0 && special === false) announce(peer, true)
    if (type === types.streams) want(peer, special as Fields, source)
    if (type === types.want && stream) peer.addStream(stream)
  }
  const take = (peer: SimplePeer, { type, data }: Frame, source?: string): void => {
    if (type === types.chat) heard.push(data['msg'])
    if (type === types.call) takeCall(peer, data, source)
    if (types === inMesh) return
    if (type === 0) {
      own = String(data['id'])
      peer.send(frame(1, { user: { username, id: own, avatarLoc } }))
    }
    if (type === 4)
      for (const [id, streams] of data['value'] as [string, Fields][]) if (id !== own) want(peer, streams, id)
  }
  const socket = io({ path: '/api/signaling/' })
  const meet = (target: unknown): SimplePeer => {
    const peer = new SimplePeer({ initiator: false, trickle: true })
    peers.set(target, peer)
    peer.on('signal', (signal: object) => socket.emit('SIGNAL', { room, target, signal }))
    peer.on('connect', () => {
      if (types === inStar) return peer.send(frame(0, { pwd: password }))
      peer.send(frame(0, { user: { username, id: own, avatarLoc }, pwd: password, init: true }))
    })
    peer.on('data', (data: Uint8Array) => {
      const said = JSON.parse(new TextDecoder().decode(data))
      take(peer, said.idata ?? said, said.source)
    })
    peer.on('stream', (theirs: MediaStream) => {
      const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true })
      document.body.append(video)
      video.srcObject = theirs
      videos.set(theirs.id, video)
    })
    return peer
  }
  socket.on('connect', () => socket.emit('GET-ID', { requestId: '0' }))
  socket.on('GET-ID', ({ userID }) => {
    own = String(userID)
    socket.emit('JOIN-ROOM', { requestId: '1', room, password })
  })
  socket.on('JOIN-ROOM', ({ type }) => {
    if (type === 1) types = inStar
  })
  socket.on('SIGNAL', ({ source, signal }) => (peers.get(source) ?? meet(source)).signal(signal))
  for (const event of ['DISCONNECTEDUSER', 'TYPEERROR']) socket.on(event, () => told.push(event))
  const call = async (): Promise<void> => {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true })
    for (const peer of peers.values()) announce(peer, types === inStar ? {} : false)
  }
  const chat = (msg: string): void => say(types.chat, { msg, files: [] })
  Object.assign(globalThis, { original: { heard, told, videos, chat, call } })
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
    return this.page.evaluate(msg => original.chat(msg), text)
  }

  async hears(text: string): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => original.heard)).toContain(text)
  }

  /** With microphone and camera. */
  call(): Promise<void> {
    return this.page.evaluate(() => original.call())
  }

  /** New pictures come of so many others. A host may find out only after a while how much a page takes that tells it nothing. */
  async watches(count = 1): Promise<void> {
    const frames = () =>
      this.page.evaluate(() =>
        [...original.videos].map(([id, it]) => [id, it.getVideoPlaybackQuality().totalVideoFrames] as const),
      )
    const before = new Map(await frames())
    const moving = async () => (await frames()).filter(([id, now]) => now > (before.get(id) ?? 0) + 5).length
    await expect.poll(moving, { timeout: 200_000 }).toBe(count)
  }

  /** Errors, and that somebody has gone. */
  told(): Promise<string[]> {
    return this.page.evaluate(() => original.told)
  }
}
