/** Monitors a running call: who speaks, several times a second, and how well connections do, every other second. */
import { attempt, within } from '../link/browser-api.ts'
import type { PeerId, StreamId } from '../wire/ids.ts'
import { type Level, listen, SilenceWatch, SpeakingDetector } from './level.ts'
import { isStalled, measure } from './quality.ts'
import { type Sample, sampleOf } from './sample.ts'
import type { Measured } from './state.ts'

export type WatchedLink = {
  /** Null once it is closed. */
  readonly stats: () => Promise<Iterable<unknown> | null>
  /** How loud each track is that comes over it, 0 to 1, by its id. */
  readonly levels: () => ReadonlyMap<string, number>
  /** When something of each track was played or shown last. */
  readonly moments?: () => ReadonlyMap<string, number>
}

/** A stream that comes over a link, with the ids of its tracks. */
export type ReceivedStream = {
  readonly peer: PeerId
  readonly id: StreamId
  readonly tracks: readonly string[]
}

export type Judged = {
  readonly streams: ReadonlyMap<StreamId, Measured>
  /** Whose pictures have stopped coming. */
  readonly stalled: ReadonlySet<StreamId>
  readonly samples: ReadonlyMap<PeerId, { readonly before: Sample; readonly after: Sample }>
}

export type StatsMonitorPorts = {
  readonly links: () => ReadonlyMap<PeerId, WatchedLink>
  readonly received: () => readonly ReceivedStream[]
  readonly speaking: (speaking: ReadonlySet<StreamId>) => void
  /** As often as who speaks is looked at. */
  readonly looked?: (nowMs: number) => void
  readonly own: (own: { speaking: boolean; silent: boolean }) => void
  readonly measured: (judged: Judged) => void
}

const levelsMs = 150
const samplesMs = 2_000
/** Quality is judged over the time between the first and the last of so many. */
const samplesKept = 3
/** On the scale of `level.ts`: louder than a quiet room's noise. */
const ownVoiceLevel = 0.45

export class StatsMonitor {
  readonly #ports: StatsMonitorPorts
  readonly #voices = new SpeakingDetector<StreamId>()
  readonly #ownVoice = new SpeakingDetector<'own'>()
  readonly #samples = new Map<PeerId, Sample[]>()
  #silence = new SilenceWatch()
  #timers: ReturnType<typeof setInterval>[] = []
  #own: { source: MediaStreamTrack; ear: MediaStreamTrack | null; level: Level | null } | null = null
  #sampling = false

  constructor(ports: StatsMonitorPorts) {
    this.#ports = ports
  }

  /** Can be said again and again. */
  run(on: boolean): void {
    if (on === this.#timers.length > 0) return
    if (on) {
      this.#timers = [
        setInterval(() => this.#listen(), levelsMs),
        setInterval(() => void this.#sample(), samplesMs),
      ]
      return
    }
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#samples.clear()
  }

  /** Listens to a double of our microphone, which hears us even while the others do not. */
  monitorOwn(source: MediaStreamTrack | null): void {
    if (this.#own?.source === (source ?? undefined)) return
    this.#own?.level?.close()
    this.#own?.ear?.stop()
    this.#own = null
    this.#silence = new SilenceWatch()
    if (!source) return
    const ear = attempt(() => source.clone())
    if (ear) ear.enabled = true
    const level = ear && listen(ear)
    // A double that nobody listens to would keep the microphone in use.
    if (!level) ear?.stop()
    this.#own = { source, ear, level }
  }

  #listen(): void {
    const now = performance.now()
    this.#ports.looked?.(now)
    const links = this.#ports.links()
    const levels = new Map<StreamId, number>()
    const byLink = new Map([...links].map(([peer, link]) => [peer, attempt(() => link.levels())] as const))
    for (const { peer, id, tracks } of this.#ports.received()) {
      const heard = tracks.map(track => byLink.get(peer)?.get(track) ?? 0)
      levels.set(id, Math.max(0, ...heard))
    }
    this.#ports.speaking(this.#voices.update(levels, now))
    this.#listenToOwn(now)
  }

  #listenToOwn(now: number): void {
    const level = this.#own?.level
    if (!level?.listens()) return this.#ports.own({ speaking: false, silent: false })
    const read = level.read()
    const loud = new Map([['own' as const, read >= ownVoiceLevel ? 1 : 0]])
    // A page that is not looked at may hear nothing for reasons of its own.
    const silent = this.#silence.isSilent(read, now) && document.visibilityState === 'visible'
    this.#ports.own({ speaking: this.#ownVoice.update(loud, now).size > 0, silent })
  }

  async #sample(): Promise<void> {
    if (this.#sampling) return
    this.#sampling = true
    const links = this.#ports.links()
    // One connection whose report fails or never comes says nothing about the others.
    await Promise.all([...links].map(([peer, link]) => this.#take(peer, link)))
    for (const peer of [...this.#samples.keys()]) if (!links.has(peer)) this.#samples.delete(peer)
    this.#sampling = false
    if (this.#timers.length > 0) this.#judge()
  }

  async #take(peer: PeerId, link: WatchedLink): Promise<void> {
    const entries = await within(samplesMs, link.stats(), null)
    if (!entries) return
    const kept = this.#samples.get(peer) ?? []
    this.#samples.set(peer, [...kept, sampleOf(entries, performance.now())].slice(-samplesKept))
  }

  #judge(): void {
    const samples = new Map<PeerId, { before: Sample; after: Sample }>()
    for (const [peer, kept] of this.#samples) {
      const [before, after] = [kept[0], kept.at(-1)]
      if (before && after && before !== after) samples.set(peer, { before, after })
    }
    const streams = new Map<StreamId, Measured>()
    const stalled = new Set<StreamId>()
    for (const { peer, id, tracks } of this.#ports.received()) {
      const span = samples.get(peer)
      if (!span) continue
      const found = measure(span.before, span.after, tracks)
      if (found) streams.set(id, found)
      if (isStalled(span.before, span.after, tracks)) stalled.add(id)
    }
    this.#ports.measured({ streams, stalled, samples })
  }
}
