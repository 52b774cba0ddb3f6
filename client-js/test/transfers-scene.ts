/**
 * Pages that send each other files in memory: channels are lists, disks and files are byte arrays, and time passes when
 * told.
 */
import { createHash } from 'node:crypto'
import {
  type ChannelId,
  type Download,
  type DownloadKey,
  type FilesEffect,
  type FilesEvent,
  type FilesState,
  noFiles,
  type PeerRoute,
  type Transport,
  type Upload,
} from '../src/files/state.ts'
import { step } from '../src/files/step.ts'
import type { FileCard, FileSignal } from '../src/wire/file.ts'
import {
  type FileChannelMessage,
  parseFileChannelMessage,
  writeFileChannelMessage,
} from '../src/wire/file-channel.ts'
import { type FileId, fileId, type MemberId, memberId } from '../src/wire/ids.ts'

type Bytes = Uint8Array<ArrayBuffer>
/** One end of a channel: which page's, and the other end. */
type End = { readonly page: Page; readonly channel: ChannelId; far: End | null; open: boolean }

export const sha = (bytes: Bytes): string => createHash('sha256').update(bytes).digest('hex')

export const same = (one: Bytes | undefined, other: Bytes | undefined): boolean =>
  one !== undefined && other !== undefined && Buffer.compare(one, other) === 0

/** Bytes in which every place looks different, so that a shifted or doubled piece shows. */
export const pattern = (size: number, seed = 1): Bytes => {
  const bytes = new Uint8Array(size)
  let value = seed
  const words = new Uint32Array(bytes.buffer, 0, Math.floor(size / 4))
  for (let at = 0; at < words.length; at++) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0
    words[at] = value
  }
  for (let at = words.length * 4; at < size; at++) bytes[at] = at
  return bytes
}

/** A file being written, piece by piece. */
type Slot = { readonly pieces: Bytes[]; size: number }

const whole = ({ pieces, size }: Slot): Bytes => {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.byteLength
  }
  return bytes
}

export class Page {
  name: MemberId
  readonly scene: Scene
  state: FilesState = noFiles
  /** What is written but not known to be right, and what is. */
  readonly disk = new Map<DownloadKey, Slot>()
  readonly kept = new Map<string, Bytes>()
  readonly files = new Map<FileId, Bytes>()
  readonly ends = new Map<ChannelId, End>()
  readonly said: { to: MemberId; signal: FileSignal }[] = []
  /** A disk that is slow writes nothing before it is told to. */
  slow = false
  full = false
  readonly unwritten: (() => void)[] = []
  hashLie: string | null = null
  readonly secret: string

  constructor(scene: Scene, name: string) {
    this.scene = scene
    this.name = memberId(name)
    this.secret = name
  }

  feed(event: FilesEvent): void {
    const { state, effects } = step(this.state, event, this.scene.now)
    this.state = state
    for (const effect of effects) this.#carryOut(effect)
  }

  share(bytes: Bytes, claim: Partial<FileCard> = {}): FileCard {
    const id = fileId(`${this.name}-file-${this.files.size}`)
    const card: FileCard = { id, name: 'a.bin', size: bytes.byteLength, media: '', ...claim }
    this.files.set(card.id, bytes)
    this.feed({ type: 'share', file: card })
    this.scene.offer(this, card)
    return card
  }

  /** Known to the others under another id from now on; what it shares is still the same. */
  comesBackAs(name: string): void {
    this.name = memberId(name)
  }

  get incoming(): Download[] {
    return [...this.state.downloads.values()]
  }

  get outgoing(): Upload[] {
    return [...this.state.uploads.values()]
  }

  only(): Download {
    const [it] = this.incoming
    if (!it) throw new Error('nothing is offered')
    return it
  }

  accept(): DownloadKey {
    const { key } = this.only()
    this.feed({ type: 'accept', key })
    this.scene.settle()
    return key
  }

  /** The disk does all that it has been asked to do, and what follows from that. */
  write(): void {
    for (let next = this.unwritten.shift(); next; next = this.unwritten.shift()) {
      next()
      this.scene.settle()
    }
  }

  #carryOut(effect: FilesEffect): void {
    const { scene } = this
    switch (effect.type) {
      case 'open-store': {
        const { key } = effect
        const slot = this.disk.get(key) ?? { pieces: [], size: 0 }
        this.disk.set(key, slot)
        return scene.post(() => this.feed({ type: 'store-opened', key, stored: slot.size }))
      }
      case 'write':
        return this.#write(effect.key, effect.bytes)
      case 'check': {
        const { key } = effect
        return this.#onDisk(key, slot => this.feed({ type: 'checked', key, digest: sha(whole(slot)) }))
      }
      case 'keep': {
        const it = this.state.downloads.get(effect.key)
        const slot = this.disk.get(effect.key)
        if (it && slot) this.kept.set(it.file.id, whole(slot))
        this.disk.delete(effect.key)
        return
      }
      case 'discard':
        this.disk.delete(effect.key)
        return
      case 'open-channel':
        return scene.openChannel(this, effect.channel, effect.member)
      case 'send':
        return this.#toFar(effect.channel, (page, channel) =>
          page.hear(channel, writeFileChannelMessage(effect.message)),
        )
      case 'send-bytes': {
        const { channel, bytes } = effect
        this.#toFar(channel, (page, far) =>
          page.feed({ type: 'channel-bytes', channel: far, bytes: bytes.slice() }),
        )
        return scene.post(() => this.feed({ type: 'channel-drained', channel }))
      }
      case 'close-channel':
        return scene.closeChannel(this, effect.channel)
      case 'read': {
        const { key, at, bytes } = effect
        const file = this.files.get(effect.file)
        const read = file && at + bytes <= file.byteLength ? file.slice(at, at + bytes) : null
        return scene.post(() => this.feed({ type: 'read', key, at, bytes: read }))
      }
      case 'hash': {
        const { file } = effect
        const bytes = this.files.get(file)
        const digest = this.hashLie ?? (bytes ? sha(bytes) : null)
        return scene.post(() => this.feed({ type: 'hashed', file, digest }))
      }
      case 'send-signal':
        this.said.push(effect)
        return scene.say(this, effect.to, effect.signal)
      case 'await-drain':
        return scene.later(effect.ms, () => this.feed({ type: 'queue-drained', key: effect.key }))
      case 'timer':
        return scene.later(effect.ms, () => this.feed({ type: 'timer', timer: effect.timer }))
    }
  }

  hear(channel: ChannelId, frame: string): void {
    const message = parseFileChannelMessage(frame)
    const end = this.ends.get(channel)
    if (!message || !end) return
    if (channel.startsWith('called') && !end.open) return this.#calledWith(end, message)
    this.feed({ type: 'channel-message', channel, message })
  }

  #calledWith(end: End, message: FileChannelMessage): void {
    end.open = true
    const member = end.far?.page.name
    if (member !== undefined)
      this.feed({
        type: 'channel-requested',
        channel: end.channel,
        member,
        message,
        resumeToken: `again ${this.secret}`,
      })
  }

  #write(key: DownloadKey, bytes: Bytes): void {
    this.#onDisk(key, slot => {
      if (this.full) return this.feed({ type: 'store-failed', key, why: 'no-room' })
      slot.pieces.push(bytes)
      slot.size += bytes.byteLength
      this.feed({ type: 'stored', key, bytes: slot.size })
    })
  }

  /** One after the other, as the file worker does it; what was given up meanwhile is not touched. */
  #onDisk(key: DownloadKey, then: (slot: Slot) => void): void {
    const slot = this.disk.get(key)
    if (!slot) return
    const act = (): void => {
      if (this.disk.get(key) === slot) then(slot)
    }
    if (this.slow || this.unwritten.length > 0) this.unwritten.push(act)
    else this.scene.post(act)
  }

  #toFar(channel: ChannelId, then: (page: Page, channel: ChannelId) => void): void {
    const far = this.ends.get(channel)?.far
    if (far) this.scene.post(() => far.page.ends.get(far.channel) === far && then(far.page, far.channel))
  }
}

/** Whoever is no page of ours: hears signals, and says them. */
export type Stranger = {
  readonly name: MemberId
  readonly hear: (from: MemberId, signal: FileSignal) => void
}

export class Scene {
  readonly pages: Page[] = []
  readonly strangers: Stranger[] = []
  #mail: (() => void)[] = []
  #timers: { at: number; due: () => void }[] = []
  #channels = 0
  now = 1_000
  /** Pairs of names between which nothing goes. */
  readonly cut = new Set<string>()
  /** So many deliveries, and then the link between everybody breaks once. */
  breakAfter = Number.POSITIVE_INFINITY
  delivered = 0

  page(name: string): Page {
    const page = new Page(this, name)
    this.pages.push(page)
    this.meet()
    return page
  }

  stranger(it: Stranger): void {
    this.strangers.push(it)
    this.meet()
  }

  /** Everybody knows of everybody, as far as links go. */
  meet(): void {
    for (const page of this.pages) {
      const others: [MemberId, PeerRoute][] = [
        ...this.pages.filter(it => it !== page).map(it => this.#route(page, it.name, 'channel')),
        ...this.strangers.map(it => this.#route(page, it.name, 'legacy')),
      ]
      page.feed({ type: 'routes', routes: new Map(others) })
    }
  }

  offer(owner: Page, file: FileCard): void {
    for (const page of this.pages) if (page !== owner) page.feed({ type: 'offered', owner: owner.name, file })
    this.settle()
  }

  breakLinks(): void {
    for (const page of this.pages) for (const [channel] of [...page.ends]) this.#lose(page, channel)
  }

  separate(a: Page, b: Page): void {
    this.cut.add(`${a.name} ${b.name}`).add(`${b.name} ${a.name}`)
    this.breakLinks()
    this.meet()
    this.settle()
  }

  reunite(): void {
    this.cut.clear()
    this.meet()
    this.settle()
  }

  openChannel(from: Page, channel: ChannelId, member: MemberId): void {
    const to = this.pages.find(({ name }) => name === member)
    const near: End = { page: from, channel, far: null, open: true }
    from.ends.set(channel, near)
    if (!to || this.cut.has(`${from.name} ${member}`)) return this.post(() => this.#lose(from, channel))
    this.#channels += 1
    const far: End = { page: to, channel: `called ${this.#channels}`, far: near, open: false }
    near.far = far
    to.ends.set(far.channel, far)
    this.post(() => from.feed({ type: 'channel-opened', channel }))
  }

  /** What was said before still arrives. */
  closeChannel(page: Page, channel: ChannelId): void {
    const end = page.ends.get(channel)
    if (!end) return
    this.post(() => {
      page.ends.delete(channel)
      if (end.far) this.#lose(end.far.page, end.far.channel)
    })
  }

  #lose(page: Page, channel: ChannelId): void {
    if (page.ends.delete(channel)) page.feed({ type: 'channel-closed', channel })
  }

  say(from: Page, to: MemberId, signal: FileSignal): void {
    const stranger = this.strangers.find(({ name }) => name === to)
    const page = this.pages.find(({ name }) => name === to)
    if (stranger) this.post(() => stranger.hear(from.name, signal))
    else if (page) this.post(() => page.feed({ type: 'signal', from: from.name, signal }))
  }

  later(ms: number, due: () => void): void {
    this.#timers.push({ at: this.now + ms, due })
  }

  post(mail: () => void): void {
    this.#mail.push(mail)
  }

  settle(): void {
    for (let next = this.#mail.shift(); next; next = this.#mail.shift()) {
      next()
      this.delivered += 1
      if (this.delivered < this.breakAfter) continue
      this.breakAfter = Number.POSITIVE_INFINITY
      this.breakLinks()
    }
  }

  pass(ms: number): void {
    const end = this.now + ms
    this.settle()
    for (;;) {
      this.#timers.sort((a, b) => a.at - b.at)
      const next = this.#timers[0]
      if (!next || next.at > end) break
      this.#timers.shift()
      this.now = next.at
      next.due()
      this.settle()
    }
    this.now = end
  }

  /** What stands behind a `#` tells two apart who call themselves the same. */
  #route(from: Page, name: MemberId, transport: Transport): [MemberId, PeerRoute] {
    const none = this.cut.has(`${from.name} ${name}`)
    return [name, { name: name.split('#')[0] ?? '', transport: none ? 'none' : transport, direct: true }]
  }
}
