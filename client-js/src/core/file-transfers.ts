/**
 * The files of one room session. What moves them is loaded when the session begins, and whatever is wanted before it is
 * there waits.
 */
import { type Answered, answeredIn, filesAnswered, parseAnswered } from '../files/answered.ts'
import type { Place, ShareItem, TransferPorts, TransferRuntime } from '../files/runtime/transfers.ts'
import type { Download, DownloadKey, FilesState, PeerRoute, UploadKey } from '../files/state.ts'
import { directLink } from '../room/file.ts'
import { hostOf } from '../room/numbers.ts'
import { capsOf, type FileNotice, type RoomState } from '../room/state.ts'
import type { FileCard, FileSignal } from '../wire/file.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'
import type { Signal } from '../wire/signal.ts'
import { DirectConnections } from './direct-connections.ts'
import { Events } from './events.ts'

export type FileEvents = {
  /** Whatever happened to a transfer, after it has: all of them. Progress comes a few times a second. */
  changed: FilesState
  /** A file has come, whole and checked. `blob` is null where it lies already where the person wanted it. */
  kept: { readonly file: Download; readonly blob: Blob | null }
  /** A script that files need could not be loaded: there is no network, or the server has another version by now. */
  'part-failed': undefined
  /** Folders that could not be packed, and so are not offered, by their names. */
  unpacked: readonly string[]
}

export type FileTransfersPorts = {
  readonly room: string
  /** What the person has answered on an earlier page, as that has left it. */
  readonly answered: readonly unknown[]
  readonly resumable: (file: FileCard, ownerName: string) => void
  /** Opens a channel over the link to that member; null where no link leads there. */
  readonly openChannel: (member: MemberId) => RTCDataChannel | null
  readonly linked: (member: MemberId) => boolean
  readonly signalDirect: (to: MemberId, id: string, signal: Signal) => void
  readonly connect: TransferPorts['connect']
  readonly sendSignal: (to: MemberId, signal: FileSignal) => void
  readonly whenDrained: (to: MemberId) => Promise<void>
  readonly offer: (files: readonly FileCard[]) => void
  readonly withdraw: (file: FileId) => void
}

const waitingMax = 500
const againMs = 5_000

export class FileTransfers {
  readonly #ports: FileTransfersPorts
  readonly #events = new Events<FileEvents>()
  readonly #directConnections: DirectConnections
  /** Until what moves them is there. */
  readonly #initial: FilesState
  #transfers: TransferRuntime | null = null
  #room: RoomState | null = null
  #waiting: ((transfers: TransferRuntime) => unknown)[] = []
  #over = false

  constructor(ports: FileTransfersPorts) {
    this.#ports = ports
    this.#initial = filesAnswered(parseAnswered(ports.answered), Date.now())
    this.#directConnections = new DirectConnections({
      connect: ports.connect,
      signal: ports.signalDirect,
      acceptChannel: (from, channel) => this.called(from, channel),
      changed: () => this.#room && this.roomChanged(this.#room),
    })
    void this.#load()
  }

  /** Hears of one kind of event until the function given back is called. */
  readonly on: Events<FileEvents>['on'] = (kind, listener) => this.#events.on(kind, listener)

  get state(): FilesState {
    return this.#transfers?.state ?? this.#initial
  }

  /** What the person has done with what was offered, for the tab's next page. */
  get answered(): Answered[] {
    return answeredIn(this.state)
  }

  /** Offers these to everybody who is in the room. */
  share(items: readonly ShareItem[]): void {
    this.#when(async it => {
      const unpacked = await it.share(items)
      if (unpacked.length > 0) this.#events.emit('unpacked', unpacked)
    })
  }

  unshare(file: FileId): void {
    this.#when(it => it.unshare(file))
  }

  /** Into the browser's own storage, to be handed out when it is whole, or to where the person has chosen. */
  accept(key: DownloadKey, place?: Place): void {
    this.#when(it => it.accept(key, place))
  }

  decline(key: DownloadKey): void {
    this.#when(it => it.decline(key))
  }

  pause(key: DownloadKey | UploadKey, on: boolean): void {
    this.#when(it => it.pause(key, on))
  }

  cancel(key: DownloadKey | UploadKey): void {
    this.#when(it => it.cancel(key))
  }

  blobOf(key: DownloadKey): Blob | null {
    return this.#transfers?.blobOf(key) ?? null
  }

  sourceOf(file: FileId): Blob | null {
    return this.#transfers?.sourceOf(file) ?? null
  }

  /** The room's part from here on. */
  roomChanged(state: RoomState): void {
    this.#room = state
    const members = new Set(state.members.keys())
    this.#directConnections.keepOnly(members)
    const routes = routesOf(state, member => this.#directConnections.blocked(member))
    this.#when(it => it.setRoutes(routes))
  }

  receive(from: MemberId, about: FileNotice): void {
    if (about.kind === 'direct') return this.#directConnections.receive(from, about.id, about.signal)
    this.#when(it => {
      switch (about.kind) {
        case 'offered':
          return it.offered(from, about.file)
        case 'withdrawn':
          return it.withdrawn(from, about.file, about.lost)
        case 'signal':
          return it.signalled(from, about.signal)
      }
    })
  }

  called(from: MemberId, channel: RTCDataChannel): void {
    this.#when(it => it.acceptChannel(from, channel))
  }

  close(): void {
    this.#over = true
    this.#waiting = []
    this.#directConnections.close()
    this.#transfers?.close()
  }

  #when(then: (transfers: TransferRuntime) => unknown): void {
    if (this.#transfers) then(this.#transfers)
    else if (this.#waiting.length < waitingMax) this.#waiting.push(then)
  }

  async #load(): Promise<void> {
    try {
      const { TransferRuntime } = await import('../files/runtime/transfers.ts')
      if (!this.#over) this.#begin(new TransferRuntime(this.#transferPorts()))
    } catch {
      // The network has a moment's rest; what waits goes on waiting.
      this.#events.emit('part-failed', undefined)
      setTimeout(() => !this.#over && void this.#load(), againMs)
    }
  }

  #begin(transfers: TransferRuntime): void {
    this.#transfers = transfers
    for (const then of this.#waiting.splice(0)) then(transfers)
  }

  #transferPorts(): TransferPorts {
    return {
      ...this.#ports,
      initial: this.#initial,
      openChannel: async member =>
        this.#ports.linked(member)
          ? this.#ports.openChannel(member)
          : this.#directConnections.openChannel(member),
      now: () => Date.now(),
      partFailed: () => this.#events.emit('part-failed', undefined),
      changed: state => this.#events.emit('changed', state),
      saved: (file, blob) => this.#events.emit('kept', { file, blob }),
    }
  }
}

/** `blocked`: no connection can be made to them just now. */
export const routesOf = (
  state: RoomState,
  blocked: (member: MemberId) => boolean,
): ReadonlyMap<MemberId, PeerRoute> =>
  new Map(
    [...state.members.values()].map(
      member => [member.id, routeOf(state, member, blocked(member.id))] as const,
    ),
  )

const routeOf = (state: RoomState, { id, name, caps }: Member, blocked: boolean): PeerRoute => {
  const direct = directLink(state, id) !== null
  if (direct) return { name, direct, transport: caps.files ? 'channel' : 'legacy' }
  if (!throughHost(state)) return { name, direct, transport: 'none' }
  return { name, direct, transport: caps.files && hostPassesOn(state) && !blocked ? 'channel' : 'legacy' }
}

const throughHost = (state: RoomState): boolean =>
  state.role === 'guest' && directLink(state, hostOf(state)) !== null

/** A host that is an original page does not know the messages with which two guests connect. */
const hostPassesOn = (state: RoomState): boolean => state.host !== null && capsOf(state, state.host).files
