/** Owns the transfers of one visit as they run: feeds what happens to `step`, and does what it asks for with channels, files and timers. */
import { cutName, type FileCard, type FileSignal, filesMax } from '../../wire/file.ts'
import { type FileId, fileId, type MemberId } from '../../wire/ids.ts'
import { standingOffer } from '../incoming.ts'
import {
  busy,
  type FilesEffect,
  type FilesEvent,
  type FilesState,
  type Incoming,
  type IncomingKey,
  type LaneId,
  noFiles,
  type OutgoingKey,
  type Parcel,
  type Party,
} from '../state.ts'
import { step } from '../step.ts'
import { Disk } from './disk.ts'
import { type Connect, Extras } from './extras.ts'
import { Lane, type LanePorts } from './lane.ts'
import { Notes } from './notes.ts'
import type { Place, Report, SlotId } from './orders.ts'
import { type Content, Sources, whole } from './sources.ts'

export type { Parcel, Place }

export type TransferPorts = {
  /** The room's id, which says whose notes are meant. */
  readonly room: string
  /** Of a file that an earlier page of ours has half of. */
  readonly left: (file: FileCard, ownerName: string) => void
  /** A channel to that member, if there is a way. */
  readonly openChannel: (member: MemberId) => Promise<RTCDataChannel | null>
  readonly connect: Connect
  readonly say: (to: MemberId, signal: FileSignal) => void
  /** When little waits to be said to that member. */
  readonly calm: (to: MemberId) => Promise<void>
  /** Shown to everybody who is there. */
  readonly offer: (files: readonly FileCard[]) => void
  readonly withdraw: (file: FileId) => void
  readonly now: () => number
  readonly changed: (state: FilesState) => void
  /** Whole, checked, and to be saved; `blob` is null where it lies already where the person wanted it. */
  readonly kept: (file: Incoming, blob: Blob | null) => void
}

/** From one member, so many channels that have not said what they are for. */
const strangersMax = 16
/** Progress is shown so often; everything else at once. */
const showMs = 250

const quiet: ReadonlySet<FilesEvent['type']> = new Set(['lane-bytes', 'stored', 'read', 'drained'])

export class Transfers {
  readonly #ports: TransferPorts
  readonly #extras: Extras
  readonly #disk = new Disk(report => this.#reported(report))
  readonly #lanes = new Map<LaneId, Lane>()
  readonly #sources = new Sources()
  readonly #notes: Notes
  readonly #slots = new Map<IncomingKey, SlotId>()
  readonly #places = new Map<IncomingKey, Place>()
  readonly #kept = new Map<IncomingKey, Blob>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  readonly #strangers = new Map<MemberId, number>()
  readonly #waiting: FilesEvent[] = []
  #state: FilesState = noFiles
  #calls = 0
  #showing: ReturnType<typeof setTimeout> | null = null
  #over = false

  constructor(ports: TransferPorts) {
    this.#ports = ports
    this.#extras = new Extras(ports.connect, event => this.#feed(event))
    this.#notes = new Notes(ports.room)
    void this.#look()
  }

  get state(): FilesState {
    return this.#state
  }

  get busy(): boolean {
    return busy(this.#state)
  }

  parties(parties: ReadonlyMap<MemberId, Party>): void {
    this.#feed({ type: 'parties', parties })
  }

  offered(owner: MemberId, file: FileCard): void {
    this.#feed({ type: 'offered', owner, file })
  }

  renamed(from: MemberId, to: MemberId): void {
    this.#feed({ type: 'renamed', from, to })
  }

  withdrawn(owner: MemberId, file: FileId): void {
    this.#feed({ type: 'withdrawn', owner, file })
  }

  signalled(from: MemberId, signal: FileSignal): void {
    this.#feed({ type: 'signal', from, signal })
  }

  /** Somebody has opened a channel. Its first word says what for. */
  called(member: MemberId, channel: RTCDataChannel): void {
    const strangers = this.#strangers.get(member) ?? 0
    if (this.#over || strangers >= strangersMax) return channel.close()
    this.#calls += 1
    const lane = `called ${this.#calls}`
    let known = false
    const settled = (): void => {
      if (!known) this.#strangers.set(member, Math.max(0, (this.#strangers.get(member) ?? 0) - 1))
      known = true
    }
    this.#strangers.set(member, strangers + 1)
    const ports = this.#lanePorts(lane)
    const held = new Lane({
      ...ports,
      word: word => {
        if (known) return ports.word(word)
        settled()
        this.#feed({ type: 'lane-called', lane, member, word, again: randomId() })
      },
      closed: () => {
        settled()
        ports.closed()
      },
    })
    this.#lanes.set(lane, held)
    held.take(channel)
  }

  /** Offers these to everybody in the room. */
  async share(parcels: readonly Parcel[]): Promise<void> {
    const cards = await Promise.all(parcels.map(parcel => this.#share(parcel)))
    for (let from = 0; !this.#over && from < cards.length; from += filesMax)
      this.#ports.offer(cards.slice(from, from + filesMax))
  }

  unshare(file: FileId): void {
    this.#sources.delete(file)
    this.#ports.withdraw(file)
    this.#feed({ type: 'unshare', file })
  }

  accept(key: IncomingKey, place: Place = { kind: 'private' }): void {
    this.#places.set(key, place)
    this.#feed({ type: 'accept', key })
  }

  decline(key: IncomingKey): void {
    this.#feed({ type: 'decline', key })
  }

  pause(key: IncomingKey | OutgoingKey, on: boolean): void {
    this.#feed({ type: 'pause', key, on })
  }

  cancel(key: IncomingKey | OutgoingKey): void {
    this.#feed({ type: 'cancel', key })
  }

  /** What has come and was kept by us, to be saved or shown once more. */
  blobOf(key: IncomingKey): Blob | null {
    return this.#kept.get(key) ?? null
  }

  /** What we share ourselves, to be shown. */
  sourceOf(file: FileId): Blob | null {
    return this.#sources.blobOf(file)
  }

  close(): void {
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#showing !== null) clearTimeout(this.#showing)
    for (const lane of this.#lanes.values()) lane.close()
    this.#lanes.clear()
    this.#extras.close()
    this.#disk.close()
    this.#notes.close()
  }

  async #share(parcel: Parcel): Promise<FileCard> {
    const { name, media, content } = await packed(parcel)
    const file: FileCard = { id: fileId(randomId()), name, size: content.size, media }
    this.#sources.add(file.id, content)
    this.#feed({ type: 'share', file })
    return file
  }

  /** What an effect leads to waits its turn. */
  #feed(event: FilesEvent): void {
    if (this.#over) return
    this.#waiting.push(event)
    if (this.#waiting.length > 1) return
    for (let next: FilesEvent | undefined = event; next; next = this.#waiting[0]) {
      try {
        this.#take(next)
      } finally {
        this.#waiting.shift()
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
      case 'open-lane':
        return void this.#openLane(effect.lane, effect.member)
      case 'tell':
        return this.#lanes.get(effect.lane)?.tell(effect.word)
      case 'push':
        return this.#lanes.get(effect.lane)?.push(effect.bytes)
      case 'close-lane': {
        this.#lanes.get(effect.lane)?.close()
        this.#lanes.delete(effect.lane)
        return
      }
      case 'read':
        return void this.#read(effect.key, effect.file, effect.at, effect.bytes)
      case 'hash':
        return void this.#hash(effect.file)
      case 'say':
        return this.#ports.say(effect.to, effect.signal)
      case 'extra-open':
      case 'extra-signal':
      case 'extra-say':
      case 'extra-push':
      case 'extra-drain':
      case 'extra-close':
        return this.#extras.carryOut(effect)
      case 'settle':
        return void this.#settle(effect.key, effect.to, effect.ms)
      case 'timer':
        return this.#later(effect.ms, () => this.#feed({ type: 'timer', timer: effect.timer }))
      default:
        return this.#store(effect)
    }
  }

  #store(
    effect: Extract<FilesEffect, { type: 'open-store' | 'write' | 'check' | 'note' | 'keep' | 'discard' }>,
  ): void {
    const { key } = effect
    const slot = this.#slots.get(key) ?? randomId()
    this.#slots.set(key, slot)
    const it = this.#state.incoming.get(key)
    if (!it) return
    switch (effect.type) {
      case 'open-store': {
        const place = this.#places.get(key) ?? { kind: 'private' }
        return this.#disk.order({ op: 'open', slot, place, bytes: it.size })
      }
      case 'write':
        return this.#disk.write(slot, effect.bytes)
      case 'check':
        return this.#disk.order({ op: 'check', slot })
      case 'note': {
        const { file, ownerName, again } = it
        const inPrivate = (this.#places.get(key)?.kind ?? 'private') === 'private'
        return void (again !== null && inPrivate && this.#notes.write(slot, { file, ownerName, again }))
      }
      case 'keep':
        void this.#notes.drop(slot)
        return this.#disk.order({ op: 'keep', slot })
      case 'discard':
        this.#slots.delete(key)
        void this.#notes.drop(slot)
        return this.#disk.order({ op: 'discard', slot })
    }
  }

  async #look(): Promise<void> {
    for (const { slot, stored, file, ownerName, again } of await this.#notes.left()) {
      if (this.#over) return
      const offer = standingOffer(this.#state, file)
      this.#slots.set(offer?.key ?? `in ${this.#state.next}`, slot)
      this.#feed({ type: 'left', file, ownerName, again, stored })
      if (!offer) this.#ports.left(file, ownerName)
    }
  }

  async #openLane(lane: LaneId, member: MemberId): Promise<void> {
    // What is said meanwhile waits in it.
    const held = new Lane(this.#lanePorts(lane))
    this.#lanes.set(lane, held)
    const channel = await this.#ports.openChannel(member)
    if (channel) return held.take(channel)
    if (this.#lanes.delete(lane)) this.#feed({ type: 'lane-closed', lane })
  }

  #lanePorts(lane: LaneId): LanePorts {
    return {
      opened: () => this.#feed({ type: 'lane-opened', lane }),
      word: word => this.#feed({ type: 'lane-word', lane, word }),
      bytes: bytes => this.#feed({ type: 'lane-bytes', lane, bytes }),
      drained: () => this.#feed({ type: 'drained', lane }),
      closed: () => {
        this.#lanes.delete(lane)
        this.#feed({ type: 'lane-closed', lane })
      },
    }
  }

  async #settle(key: OutgoingKey, to: MemberId, ms: number): Promise<void> {
    await Promise.all([this.#ports.calm(to), new Promise<void>(resolve => this.#later(ms, resolve))])
    this.#feed({ type: 'settled', key })
  }

  #later(ms: number, due: () => void): void {
    if (ms <= 0) return due()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      due()
    }, ms)
    this.#timers.add(timer)
  }

  async #read(key: OutgoingKey, file: FileId, at: number, bytes: number): Promise<void> {
    this.#feed({ type: 'read', key, at, bytes: await this.#sources.read(file, at, bytes) })
  }

  async #hash(file: FileId): Promise<void> {
    this.#feed({ type: 'hashed', file, digest: await this.#sources.digest(file) })
  }

  #reported(report: Report): void {
    const key = [...this.#slots].find(([, slot]) => slot === report.slot)?.[0]
    if (key === undefined) return
    switch (report.op) {
      case 'opened':
        return this.#feed({ type: 'store-opened', key, stored: report.stored })
      case 'stored':
        return this.#feed({ type: 'stored', key, bytes: report.bytes })
      case 'checked':
        return this.#feed({ type: 'checked', key, digest: report.digest })
      case 'failed':
        return this.#feed({ type: 'store-failed', key })
      case 'kept': {
        if (report.blob) this.#kept.set(key, report.blob)
        this.#feed({ type: 'kept', key, here: report.blob !== null })
        const it = this.#state.incoming.get(key)
        return it ? this.#ports.kept(it, report.blob) : undefined
      }
    }
  }
}

/** A file as it is, a folder as an archive: so it is one file for whoever fetches it, whatever their page can do. */
const packed = async (parcel: Parcel): Promise<{ name: string; media: string; content: Content }> => {
  if (!('files' in parcel))
    return { name: cutName(parcel.name), media: parcel.file.type, content: whole(parcel.file) }
  const { archive } = await import('./archive.ts')
  const name = cutName(`${parcel.name}${archiveEnding}`)
  return { name, media: 'application/zip', content: archive(parcel) }
}

const archiveEnding = '.zip'

const randomId = (): string =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(15))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
