/**
 * Keeps the sending quality that is in force: asks the allocator, and tells links what differs from what they were
 * told.
 */
import type { Tuning } from '../link/sending.ts'
import { aboutOf } from '../room/call.ts'
import { rulesOf } from '../room/role.ts'
import { hostedByServer, type RoomState } from '../room/state.ts'
import type { StreamSize } from '../wire/call.ts'
import type { PeerId, StreamId } from '../wire/ids.ts'
import type { TrackKind } from '../wire/signal.ts'
import {
  allocate,
  freshStrain,
  type SentStream,
  type Strain,
  strainAfter,
  type UplinkEstimate,
} from './bitrate-allocator.ts'
import { type Sample, sentBps } from './sample.ts'
import type { Carrying } from './state.ts'

export type SenderControllerPorts = {
  readonly room: () => RoomState
  readonly spokeMs: (stream: StreamId) => number
  readonly find: (stream: StreamId) => MediaStream | null
  /** Whether it is in force now; if not, it is told again. */
  readonly tune: (peer: PeerId, stream: StreamId, kind: TrackKind, tuning: Tuning) => Promise<boolean>
}

type AppliedTuning = { readonly tuning: Tuning; readonly size: StreamSize; readonly atMs: number }

/**
 * A lower quality is set at once, and a higher one where somebody looks closer; otherwise only when it has lasted this
 * long.
 */
const betterMs = 6_000
/** A browser's first estimate of an uplink is a guess. */
const guessMs = 10_000

export class SenderController {
  readonly #ports: SenderControllerPorts
  readonly #applied = new Map<string, AppliedTuning>()
  readonly #uplinks = new Map<PeerId, UplinkEstimate & { readonly sinceMs: number }>()
  #strain: Strain = freshStrain
  #sentBps = 0

  constructor(ports: SenderControllerPorts) {
    this.#ports = ports
  }

  /** After two samples of each link that has any. */
  measured(samples: ReadonlyMap<PeerId, { before: Sample; after: Sample }>): void {
    let slow = false
    this.#sentBps = 0
    for (const [peer, { before, after }] of samples) {
      const sent = [...after.sent.values()]
      slow ||= sent.some(it => it.slow)
      this.#sentBps += sentBps(before, after)
      const sinceMs = this.#uplinks.get(peer)?.sinceMs ?? after.atMs
      const losses = sent.flatMap(it => (it.loss === null ? [] : [it.loss]))
      const loss = losses.length === 0 ? null : Math.max(...losses)
      const availableBps = after.atMs - sinceMs < guessMs ? null : after.availableBps
      this.#uplinks.set(peer, { availableBps, loss, sinceMs })
    }
    for (const peer of [...this.#uplinks.keys()]) if (!samples.has(peer)) this.#uplinks.delete(peer)
    this.#strain = strainAfter(this.#strain, slow)
  }

  apply(nowMs: number): void {
    const room = this.#ports.room()
    const streams = this.#sentStreams(room)
    const { relays } = rulesOf(room)
    const layered = hostedByServer(room)
    const planned = allocate({ streams, uplinks: this.#uplinks, relays, layered, strain: this.#strain.level })
    const live = new Set<string>()
    for (const { peer, stream, size, video, audio } of planned) {
      for (const [kind, tuning] of [
        ['video', video],
        ['audio', audio],
      ] as const) {
        const key = `${peer} ${stream} ${kind}`
        live.add(key)
        const applied = this.#applied.get(key)
        if (applied && !isDue(applied, tuning, size, nowMs)) continue
        const told = { tuning, size, atMs: nowMs }
        this.#applied.set(key, told)
        void this.#ports.tune(peer, stream, kind, tuning).then(done => {
          if (!done && this.#applied.get(key) === told) this.#applied.delete(key)
        })
      }
    }
    for (const key of [...this.#applied.keys()]) if (!live.has(key)) this.#applied.delete(key)
  }

  /** A new sender knows nothing of what was set on its predecessor. */
  forget(peer: PeerId, stream: StreamId): void {
    for (const kind of ['video', 'audio']) this.#applied.delete(`${peer} ${stream} ${kind}`)
  }

  /** Null for whoever relays nothing. */
  get carrying(): Carrying | null {
    const room = this.#ports.room()
    if (!rulesOf(room).relays) return null
    const sent = [...room.call.links.values()].map(link => link.sent.size).filter(count => count > 0)
    const streams = sent.reduce((sum, count) => sum + count, 0)
    if (streams === 0) return null
    const bitsPerSecond = Math.round(this.#sentBps)
    const lossy = [...this.#uplinks.values()].some(({ loss }) => (loss ?? 0) >= 0.05)
    return { guests: sent.length, streams, bitsPerSecond, strained: this.#strain.level > 0 || lossy }
  }

  #sentStreams(room: RoomState): SentStream[] {
    return [...room.call.links].flatMap(([peer, { sent, sizes }]) =>
      [...sent].flatMap((stream): SentStream[] => {
        const about = aboutOf(room, stream)
        if (!about) return []
        const { kind, hint } = about
        const size = sizes.get(stream) ?? 'large'
        const height = heightOf(this.#ports.find(stream))
        return [{ peer, stream, kind, hint, size, height, spokeMs: this.#ports.spokeMs(stream) }]
      }),
    )
  }
}

/** A picture of which nothing is known yet is taken for an ordinary one. */
const heightOf = (stream: MediaStream | null): number | null => {
  const [track] = stream?.getVideoTracks() ?? []
  return track ? (track.getSettings().height ?? 720) : null
}

const same = (a: Tuning, b: Tuning): boolean =>
  a.active === b.active &&
  a.bitsPerSecondMax === b.bitsPerSecondMax &&
  a.scaleDownBy === b.scaleDownBy &&
  a.framesPerSecondMax === b.framesPerSecondMax &&
  (a.layers ?? []).every((layer, at) => sameLayer(layer, b.layers?.[at]))

const sameLayer = (a: Tuning, b: Tuning | undefined): boolean => b !== undefined && same(a, b)

const isDue = (applied: AppliedTuning, now: Tuning, size: StreamSize, nowMs: number): boolean => {
  if (same(applied.tuning, now)) return false
  const better =
    now.active === applied.tuning.active &&
    (now.bitsPerSecondMax ?? 0) >= (applied.tuning.bitsPerSecondMax ?? 0)
  return !better || size !== applied.size || nowMs - applied.atMs >= betterMs
}
