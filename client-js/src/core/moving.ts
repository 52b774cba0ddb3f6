/**
 * Owns the files of one visit towards its room. What moves them is loaded when the visit begins, and whatever is
 * wanted before it is there waits.
 */
import type { Parcel, Place, TransferPorts, Transfers } from '../files/drive/transfers.ts'
import {
  type FilesState,
  type Incoming,
  type IncomingKey,
  noFiles,
  type OutgoingKey,
} from '../files/state.ts'
import type { AboutFile, RoomState } from '../room/state.ts'
import type { FileCard, FileSignal } from '../wire/file.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import type { Signal } from '../wire/signal.ts'
import { Directs } from './direct.ts'
import { Events } from './events.ts'
import { partiesOf } from './parties.ts'

export type FileEvents = {
  /** Whatever happened to a transfer, after it has: all of them. Progress comes a few times a second. */
  changed: FilesState
  /** A file has come, whole and checked. `blob` is null where it lies already where the person wanted it. */
  kept: { readonly file: Incoming; readonly blob: Blob | null }
}

export type MovingPorts = {
  readonly room: string
  readonly left: (file: FileCard, ownerName: string) => void
  /** Over the link to that member; null where none leads there. */
  readonly openChannel: (member: MemberId) => RTCDataChannel | null
  readonly linked: (member: MemberId) => boolean
  readonly sayDirect: (to: MemberId, id: string, signal: Signal) => void
  readonly connect: TransferPorts['connect']
  readonly say: (to: MemberId, signal: FileSignal) => void
  readonly calm: (to: MemberId) => Promise<void>
  readonly offer: (files: readonly FileCard[]) => void
  readonly withdraw: (file: FileId) => void
}

const waitingMax = 500
const againMs = 5_000

export class Moving {
  readonly #ports: MovingPorts
  readonly #events = new Events<FileEvents>()
  readonly #directs: Directs
  #transfers: Transfers | null = null
  #room: RoomState | null = null
  #waiting: ((transfers: Transfers) => void)[] = []
  #over = false

  constructor(ports: MovingPorts) {
    this.#ports = ports
    this.#directs = new Directs({
      connect: ports.connect,
      say: ports.sayDirect,
      called: (from, channel) => this.called(from, channel),
      changed: () => this.#room && this.roomChanged(this.#room),
    })
    void this.#load()
  }

  /** Hears of one kind of event until the function given back is called. */
  readonly on: Events<FileEvents>['on'] = (kind, listener) => this.#events.on(kind, listener)

  get state(): FilesState {
    return this.#transfers?.state ?? noFiles
  }

  /** Offers these to everybody who is in the room. */
  share(parcels: readonly Parcel[]): void {
    this.#when(it => void it.share(parcels))
  }

  unshare(file: FileId): void {
    this.#when(it => it.unshare(file))
  }

  /** Into the browser's own storage, to be handed out when it is whole, or to where the person has chosen. */
  accept(key: IncomingKey, place?: Place): void {
    this.#when(it => it.accept(key, place))
  }

  decline(key: IncomingKey): void {
    this.#when(it => it.decline(key))
  }

  pause(key: IncomingKey | OutgoingKey, on: boolean): void {
    this.#when(it => it.pause(key, on))
  }

  cancel(key: IncomingKey | OutgoingKey): void {
    this.#when(it => it.cancel(key))
  }

  blobOf(key: IncomingKey): Blob | null {
    return this.#transfers?.blobOf(key) ?? null
  }

  sourceOf(file: FileId): Blob | null {
    return this.#transfers?.sourceOf(file) ?? null
  }

  /** The room's part from here on. */
  roomChanged(state: RoomState): void {
    this.#room = state
    const members = new Set(state.members.keys())
    this.#directs.keepOnly(members)
    const parties = partiesOf(state, member => this.#directs.blocked(member))
    this.#when(it => it.parties(parties))
  }

  /** A member of a mesh goes on under another id. */
  renamed(from: MemberId, to: MemberId): void {
    this.#when(it => it.renamed(from, to))
  }

  heard(from: MemberId, about: AboutFile): void {
    if (about.kind === 'direct') return this.#directs.heard(from, about.id, about.signal)
    this.#when(it => {
      switch (about.kind) {
        case 'offered':
          return it.offered(from, about.file)
        case 'withdrawn':
          return it.withdrawn(from, about.file)
        case 'signal':
          return it.signalled(from, about.signal)
      }
    })
  }

  called(from: MemberId, channel: RTCDataChannel): void {
    this.#when(it => it.called(from, channel))
  }

  close(): void {
    this.#over = true
    this.#waiting = []
    this.#directs.close()
    this.#transfers?.close()
  }

  #when(then: (transfers: Transfers) => void): void {
    if (this.#transfers) then(this.#transfers)
    else if (this.#waiting.length < waitingMax) this.#waiting.push(then)
  }

  async #load(): Promise<void> {
    try {
      const { Transfers } = await import('../files/drive/transfers.ts')
      if (!this.#over) this.#begin(new Transfers(this.#transferPorts()))
    } catch {
      // The network has a moment's rest; what waits goes on waiting.
      setTimeout(() => !this.#over && void this.#load(), againMs)
    }
  }

  #begin(transfers: Transfers): void {
    this.#transfers = transfers
    for (const then of this.#waiting.splice(0)) then(transfers)
  }

  #transferPorts(): TransferPorts {
    return {
      ...this.#ports,
      openChannel: async member =>
        this.#ports.linked(member) ? this.#ports.openChannel(member) : this.#directs.openChannel(member),
      now: () => Date.now(),
      changed: state => this.#events.emit('changed', state),
      kept: (file, blob) => this.#events.emit('kept', { file, blob }),
    }
  }
}
