/** Original pages as far as they move files: what they say, what they leave out, and when they give up. */
import {
  chunkBytes,
  type FileSignal,
  parseFileSignal,
  writeFileSignal,
} from '../src/legacy/wire/file-signal.ts'
import { type FileId, fileId, type MemberId, memberId } from '../src/wire/ids.ts'
import type { Scene, Stranger } from './transfers-scene.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** As it is after the wire: packed, unpacked, and longer by a byte where it was odd. */
export const overWire = (signal: FileSignal): FileSignal => {
  const parsed = parseFileSignal(JSON.parse(JSON.stringify(writeFileSignal(signal))))
  if (!parsed) throw new Error(`${signal.kind} does not survive the wire`)
  return parsed
}

const sessionMs = 11_500

/** It has a file, answers requests for chunks and nothing else, and ends every session after 11.5 s. */
export class Uploader implements Stranger {
  readonly name: MemberId
  readonly scene: Scene
  readonly bytes: Bytes
  sessions = 0
  /** Numbers swapped, as a host of the original passes them on. */
  swaps = false
  /** Says nothing of a session's end, as that host does for its first. */
  silentEnds = false
  /** Loses every so-many-th chunk once. */
  loses = 0
  /** Has no room for anybody. */
  busy = false
  knowsFile = true
  finished = 0
  #next = 0
  #peer = -1
  #action = -1
  #answers = 0

  constructor(scene: Scene, name: string, bytes: Bytes) {
    this.name = memberId(name)
    this.scene = scene
    this.bytes = bytes
  }

  hear(from: MemberId, said: FileSignal): void {
    const signal = overWire(said)
    if (signal.kind === 'download') return this.#asked(from, signal.from)
    if (!('to' in signal) || signal.to !== this.#action) return
    if (signal.kind === 'ack') this.#begin(from, signal.to)
    if (signal.kind !== 'peer' || typeof signal.signal !== 'number') return
    if (signal.signal === -1) this.#end(from, true)
    else this.#send(from, signal.signal)
  }

  #asked(from: MemberId, theirs: number): void {
    if (!this.knowsFile) return this.#say(from, { kind: 'error', from: -1, to: theirs, error: 'noSuchFile' })
    // The same file to the same person twice: silence.
    if (this.busy || this.#action !== -1) return
    this.#action = this.#next
    this.#next += 1
    this.#peer = theirs
    this.#say(from, { kind: 'ack', from: this.#action, to: theirs, mode: 0 })
  }

  #begin(from: MemberId, action: number): void {
    this.sessions += 1
    this.scene.later(sessionMs, () => {
      if (this.#action === action) this.#end(from, false)
    })
  }

  #send(from: MemberId, chunk: number): void {
    this.#answers += 1
    if (this.loses > 0 && this.#answers % this.loses === 0) return
    const bytes = this.bytes.slice(chunk * chunkBytes, (chunk + 1) * chunkBytes)
    this.#say(from, { kind: 'chunk', from: this.#action, chunk, bytes })
  }

  #end(from: MemberId, success: boolean): void {
    const [own, theirs] = [this.#action, this.#peer]
    this.#action = -1
    if (success) this.finished += 1
    if (this.silentEnds) return
    const ids = this.swaps ? { from: theirs, to: own } : { from: own, to: theirs }
    this.#say(from, { kind: 'finished', ...ids, success })
  }

  #say(to: MemberId, signal: FileSignal): void {
    const page = this.scene.pages.find(({ name }) => name === to)
    const heard = overWire(signal)
    // With 16 of them under way, 40 chunks a second.
    if (page)
      this.scene.later(signal.kind === 'chunk' ? 400 : 0, () =>
        page.feed({ type: 'signal', from: this.name, signal: heard }),
      )
  }
}

/** It asks for a file, takes what is pushed, asks for what it misses, and says when it has all. */
export class Downloader implements Stranger {
  readonly name: MemberId
  readonly scene: Scene
  readonly size: number
  readonly chunks = new Map<number, Bytes>()
  action = 5
  theirs = -1
  mode: number
  swaps = false
  /** Chunks that do not arrive the first time. */
  readonly lost = new Set<number>()
  done = false
  refused: string | null = null
  dead = false

  constructor(scene: Scene, name: string, size: number, mode = 0) {
    this.name = memberId(name)
    this.scene = scene
    this.size = size
    this.mode = mode
  }

  ask(owner: MemberId, file: string): void {
    this.#say(owner, { kind: 'download', file: fileId(file), from: this.action, mode: this.mode })
  }

  hear(from: MemberId, said: FileSignal): void {
    const signal = overWire(said)
    if (signal.kind === 'error' && signal.to === this.action) {
      this.refused = signal.error
      return
    }
    if (signal.kind === 'ack' && signal.to === this.action) {
      this.theirs = signal.from
      return this.#say(from, { kind: 'ack', from: this.action, to: this.theirs, mode: signal.mode })
    }
    if (signal.kind === 'finished') this.dead = true
    if (signal.kind !== 'chunk' || signal.from !== this.theirs || this.done) return
    if (this.lost.delete(signal.chunk)) return
    this.chunks.set(signal.chunk, signal.bytes)
    this.#look(from)
  }

  /** Its stall check, which asks for the next chunk it misses. */
  stalled(from: MemberId): void {
    let chunk = 0
    while (this.chunks.has(chunk)) chunk += 1
    if (!this.done) this.#say(from, { kind: 'peer', from: this.action, to: this.theirs, signal: chunk })
  }

  get bytes(): Bytes {
    const all = new Uint8Array(Math.ceil(this.size / chunkBytes) * chunkBytes + 2)
    for (const [chunk, bytes] of this.chunks) all.set(bytes, chunk * chunkBytes)
    return all.slice(0, this.size)
  }

  #look(from: MemberId): void {
    const needed = Math.max(1, Math.ceil(this.size / chunkBytes))
    for (let chunk = 0; chunk < needed; chunk++) if (!this.chunks.has(chunk)) return
    this.done = true
    const ids = this.swaps ? { from: this.theirs, to: this.action } : { from: this.action, to: this.theirs }
    this.#say(from, { kind: 'finished', ...ids, success: true })
  }

  #say(to: MemberId, signal: FileSignal): void {
    const page = this.scene.pages.find(({ name }) => name === to)
    const heard = overWire(signal)
    if (page) this.scene.post(() => page.feed({ type: 'signal', from: this.name, signal: heard }))
  }
}

export const card = (size: number, id = '0'): { id: FileId; name: string; size: number; media: '' } => ({
  id: fileId(id),
  name: 'old.bin',
  size,
  media: '',
})
