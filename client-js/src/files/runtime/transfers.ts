/**
 * The transfers of one room as they run: feeds events to `step`, and carries its effects out with channels, files and
 * timers.
 */
import { randomToken } from '../../base/random.ts'
import { SideConnectionRuntime } from '../../legacy/index.ts'
import { type FileCard, type FileSignal, filesMax } from '../../wire/file.ts'
import { type FileId, fileId, type MemberId } from '../../wire/ids.ts'
import { openOffer } from '../download.ts'
import type {
  ChannelId,
  Download,
  DownloadKey,
  FilesEffect,
  FilesEvent,
  FilesState,
  PeerRoute,
  ShareItem,
  UploadKey,
} from '../state.ts'
import { step } from '../step.ts'
import { ChannelGate } from './channel-gate.ts'
import { FileChannel, type FileChannelPorts } from './file-channel.ts'
import type { Place, StoreId } from './file-stores.ts'
import { type FileReport, FileWorker } from './file-worker.ts'
import { KeptFiles } from './kept-files.ts'
import type { ConnectPeer } from './peer-conn.ts'
import { persist, type ResumableFile, ResumeStore } from './resume-store.ts'
import { bundled, packItem, Sources } from './sources.ts'

export { sweepStorage } from './resume-store.ts'
export type { Place, ShareItem }

export type TransferPorts = {
  /** The room's id, to which resume records belong. */
  readonly room: string
  /** What is known before anything happens here. */
  readonly initial: FilesState
  /** An earlier page of ours has received a part of this file. */
  readonly resumable: (file: FileCard, ownerName: string) => void
  /** A channel to that member, if there is a way. */
  readonly openChannel: (member: MemberId) => Promise<RTCDataChannel | null>
  readonly connect: ConnectPeer
  readonly sendSignal: (to: MemberId, signal: FileSignal) => void
  /** Resolves when little waits to be sent to that member. */
  readonly whenDrained: (to: MemberId) => Promise<void>
  /** Shown to everybody who is there. */
  readonly offer: (files: readonly FileCard[]) => void
  readonly withdraw: (file: FileId) => void
  readonly now: () => number
  /** A part of this module could not be loaded. */
  readonly partFailed: () => void
  readonly changed: (state: FilesState) => void
  /** Whole, checked, and to be saved; `blob` is null where it lies already where the person wanted it. */
  readonly saved: (file: Download, blob: Blob | null) => void
}

/** Progress is shown so often; everything else at once. */
const showMs = 250

const quiet: ReadonlySet<FilesEvent['type']> = new Set(['channel-bytes', 'stored', 'read', 'channel-drained'])

export class TransferRuntime {
  readonly #ports: TransferPorts
  readonly #sideConnections: SideConnectionRuntime
  readonly #worker: FileWorker
  readonly #channels = new Map<ChannelId, FileChannel>()
  readonly #sources = new Sources()
  readonly #resumeStore: ResumeStore
  readonly #stores = new Map<DownloadKey, StoreId>()
  readonly #places = new Map<DownloadKey, Place>()
  readonly #kept: KeptFiles
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  readonly #gate = new ChannelGate()
  readonly #queue: FilesEvent[] = []
  #state: FilesState
  #calls = 0
  #showing: ReturnType<typeof setTimeout> | null = null
  #over = false

  constructor(ports: TransferPorts) {
    this.#ports = ports
    this.#state = ports.initial
    this.#worker = new FileWorker(report => this.#reported(report), ports.partFailed)
    this.#sideConnections = new SideConnectionRuntime(ports.connect, event => this.#feed(event))
    this.#resumeStore = new ResumeStore(ports.room, (store, text) =>
      this.#worker.order({ op: 'record', store, text }),
    )
    this.#kept = new KeptFiles({
      save: ports.saved,
      remove: store => this.#resumeStore.discard(store),
      now: ports.now,
    })
    this.#worker.start()
    void this.#resumeStore.find(file => this.#foundResumable(file), ports.now())
  }

  get state(): FilesState {
    return this.#state
  }

  setRoutes(routes: ReadonlyMap<MemberId, PeerRoute>): void {
    this.#gate.keepOnly(routes)
    this.#feed({ type: 'routes', routes })
  }

  offered(owner: MemberId, file: FileCard): void {
    this.#feed({ type: 'offered', owner, file })
  }

  withdrawn(owner: MemberId, file: FileId, lost: boolean): void {
    this.#feed({ type: 'withdrawn', owner, file, lost })
  }

  signalled(from: MemberId, signal: FileSignal): void {
    this.#feed({ type: 'signal', from, signal })
  }

  /** Somebody has opened a file channel. Its first message says what for. */
  acceptChannel(member: MemberId, dataChannel: RTCDataChannel): void {
    const identify = this.#over ? null : this.#gate.admit(member, performance.now())
    if (!identify) return dataChannel.close()
    this.#calls += 1
    const channel = `called ${this.#calls}`
    let identified = false
    const ports = this.#channelPorts(channel)
    const held = new FileChannel({
      ...ports,
      message: message => {
        if (identified) return ports.message(message)
        identified = true
        identify()
        this.#feed({ type: 'channel-requested', channel, member, message, resumeToken: randomToken() })
      },
      closed: () => {
        identify()
        ports.closed()
      },
    })
    this.#channels.set(channel, held)
    held.attach(dataChannel)
  }

  /** Offers these to everybody in the room. Gives the names of folders that could not be packed. */
  async share(items: readonly ShareItem[]): Promise<readonly string[]> {
    const all = bundled(items)
    const shared = await Promise.all(all.map(item => this.#share(item)))
    const cards = shared.filter(card => card !== null)
    for (let from = 0; !this.#over && from < cards.length; from += filesMax)
      this.#ports.offer(cards.slice(from, from + filesMax))
    if (cards.length < all.length) this.#ports.partFailed()
    return all.filter((_, index) => shared[index] === null).map(({ name }) => name)
  }

  unshare(file: FileId): void {
    this.#sources.delete(file)
    this.#ports.withdraw(file)
    this.#feed({ type: 'unshare', file })
  }

  accept(key: DownloadKey, place: Place = { kind: 'private' }): void {
    this.#places.set(key, place)
    const size = this.#state.downloads.get(key)?.size ?? 0
    if (place.kind === 'private') void persist(size)
    this.#feed({ type: 'accept', key })
  }

  decline(key: DownloadKey): void {
    this.#feed({ type: 'decline', key })
  }

  pause(key: DownloadKey | UploadKey, on: boolean): void {
    this.#feed({ type: 'pause', key, on })
  }

  cancel(key: DownloadKey | UploadKey): void {
    this.#feed({ type: 'cancel', key })
  }

  /** What has come and was kept by us, to be saved or shown once more. */
  blobOf(key: DownloadKey): Blob | null {
    return this.#kept.blobOf(key)
  }

  /** What we share ourselves, to be shown. */
  sourceOf(file: FileId): Blob | null {
    return this.#sources.blobOf(file)
  }

  close(): void {
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#showing !== null) clearTimeout(this.#showing)
    for (const channel of this.#channels.values()) channel.close()
    this.#channels.clear()
    this.#sideConnections.close()
    this.#worker.close()
    this.#kept.close()
    this.#resumeStore.close()
  }

  async #share(item: ShareItem): Promise<FileCard | null> {
    const packed = await packItem(item)
    if (!packed) return null
    const { name, media, content } = packed
    const file: FileCard = { id: fileId(randomToken()), name, size: content.size, media }
    this.#sources.add(file.id, content)
    this.#feed({ type: 'share', file })
    return file
  }

  /** What an effect leads to waits its turn. */
  #feed(event: FilesEvent): void {
    if (this.#over) return
    this.#queue.push(event)
    if (this.#queue.length > 1) return
    for (let next: FilesEvent | undefined = event; next; next = this.#queue[0]) {
      try {
        this.#take(next)
      } finally {
        this.#queue.shift()
      }
    }
  }

  #take(event: FilesEvent): void {
    const { state, effects } = step(this.#state, event, this.#ports.now())
    const changed = state !== this.#state
    this.#state = state
    for (const effect of effects) this.#carryOut(effect)
    if (changed) this.#show(quiet.has(event.type) && effects.length < 3)
  }

  #show(later: boolean): void {
    if (later) {
      this.#showing ??= setTimeout(() => this.#show(false), showMs)
      return
    }
    if (this.#showing !== null) clearTimeout(this.#showing)
    this.#showing = null
    this.#ports.changed(this.#state)
  }

  #carryOut(effect: FilesEffect): void {
    switch (effect.type) {
      case 'open-channel':
        return void this.#openChannel(effect.channel, effect.member)
      case 'send':
        return this.#channels.get(effect.channel)?.send(effect.message)
      case 'send-bytes':
        return this.#channels.get(effect.channel)?.sendBytes(effect.bytes)
      case 'close-channel': {
        this.#channels.get(effect.channel)?.close()
        this.#channels.delete(effect.channel)
        return
      }
      case 'read':
        return void this.#read(effect.key, effect.file, effect.at, effect.bytes)
      case 'hash':
        return void this.#hash(effect.file)
      case 'send-signal':
        return this.#ports.sendSignal(effect.to, effect.signal)
      case 'side-open':
      case 'side-signal':
      case 'side-send':
      case 'side-send-bytes':
      case 'side-await-drain':
      case 'side-close':
        return this.#sideConnections.carryOut(effect)
      case 'await-drain':
        return void this.#awaitDrain(effect.key, effect.to, effect.ms)
      case 'timer':
        return this.#setTimer(effect.ms, () => this.#feed({ type: 'timer', timer: effect.timer }))
      default:
        return this.#store(effect)
    }
  }

  #store(
    effect: Extract<
      FilesEffect,
      { type: 'open-store' | 'write' | 'check' | 'save-resume-record' | 'keep' | 'discard' }
    >,
  ): void {
    const { key } = effect
    const store = this.#stores.get(key) ?? randomToken()
    this.#stores.set(key, store)
    const it = this.#state.downloads.get(key)
    if (!it) return
    switch (effect.type) {
      case 'open-store': {
        const place = this.#places.get(key) ?? { kind: 'private' }
        this.#resumeStore.hold(store)
        return this.#worker.order({ op: 'open', store, place, bytes: it.size })
      }
      case 'write':
        return this.#worker.write(store, effect.bytes, it.received === it.size)
      case 'check':
        return this.#worker.order({ op: 'check', store })
      case 'save-resume-record': {
        const { file, ownerName, resumeToken } = it
        const inPrivate = (this.#places.get(key)?.kind ?? 'private') === 'private'
        if (resumeToken !== null && inPrivate)
          this.#resumeStore.write(store, { file, ownerName, resumeToken })
        return
      }
      case 'keep':
        void this.#resumeStore.remove(store)
        return this.#worker.order({ op: 'keep', store })
      case 'discard':
        this.#stores.delete(key)
        void this.#resumeStore.remove(store)
        this.#resumeStore.release(store)
        return this.#worker.order({ op: 'discard', store })
    }
  }

  #foundResumable({ store, stored, file, ownerName, resumeToken }: ResumableFile): void {
    if (this.#over) return
    const offer = openOffer(this.#state, file)
    // Begun anew before the page that had a part of it was gone.
    const begun = [...this.#state.downloads.values()].some(it => it !== offer && it.file.id === file.id)
    if (begun) return this.#resumeStore.release(store)
    this.#stores.set(offer?.key ?? `in ${this.#state.next}`, store)
    this.#feed({ type: 'resumable', file, ownerName, resumeToken, stored })
    if (!offer) this.#ports.resumable(file, ownerName)
  }

  async #openChannel(channel: ChannelId, member: MemberId): Promise<void> {
    // What is said meanwhile waits in it.
    const held = new FileChannel(this.#channelPorts(channel))
    this.#channels.set(channel, held)
    const dataChannel = await this.#ports.openChannel(member)
    if (dataChannel) return held.attach(dataChannel)
    if (this.#channels.delete(channel)) this.#feed({ type: 'channel-closed', channel })
  }

  #channelPorts(channel: ChannelId): FileChannelPorts {
    return {
      opened: () => this.#feed({ type: 'channel-opened', channel }),
      message: message => this.#feed({ type: 'channel-message', channel, message }),
      bytes: bytes => this.#feed({ type: 'channel-bytes', channel, bytes }),
      drained: () => this.#feed({ type: 'channel-drained', channel }),
      closed: () => {
        this.#channels.delete(channel)
        this.#feed({ type: 'channel-closed', channel })
      },
    }
  }

  async #awaitDrain(key: UploadKey, to: MemberId, ms: number): Promise<void> {
    await Promise.all([
      this.#ports.whenDrained(to),
      new Promise<void>(resolve => this.#setTimer(ms, resolve)),
    ])
    this.#feed({ type: 'queue-drained', key })
  }

  #setTimer(ms: number, due: () => void): void {
    if (ms <= 0) return due()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      due()
    }, ms)
    this.#timers.add(timer)
  }

  async #read(key: UploadKey, file: FileId, at: number, bytes: number): Promise<void> {
    this.#feed({ type: 'read', key, at, bytes: await this.#sources.read(file, at, bytes) })
  }

  async #hash(file: FileId): Promise<void> {
    this.#feed({ type: 'hashed', file, digest: await this.#sources.digest(file) })
  }

  #reported(report: FileReport): void {
    const key = [...this.#stores].find(([, store]) => store === report.store)?.[0]
    if (key === undefined) return
    switch (report.op) {
      case 'opened':
        return this.#feed({ type: 'store-opened', key, stored: report.stored })
      case 'stored':
        return this.#feed({ type: 'stored', key, bytes: report.bytes })
      case 'checked':
        return this.#feed({ type: 'checked', key, digest: report.digest })
      case 'failed':
        return this.#feed({ type: 'store-failed', key, why: report.why })
      case 'kept': {
        this.#feed({ type: 'kept', key, here: report.blob !== null })
        const it = this.#state.downloads.get(key)
        if (it && report.blob) this.#kept.add(it, report.blob, report.store)
        else if (it) this.#ports.saved(it, null)
        return
      }
    }
  }
}
