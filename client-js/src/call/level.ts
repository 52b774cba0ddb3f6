/** How loud a track is, from 0 (silence) to 1, whether its microphone is dead, and who is speaking. */
import { attempt } from '../link/browser-api.ts'

/** Below this a voice is not heard; at 0 dB the samples are at their end. */
const quietDb = -60
/** A quiet room behind noise suppression is above this, a microphone that is switched off by hand is not. */
const deadDb = -90
const faintest = 0.001

/** From samples between -1 and 1. Loudness is felt in decibels, so the scale is one of these. */
export const levelOf = (samples: ArrayLike<number>): number => {
  let sum = 0
  for (let at = 0; at < samples.length; at++) sum += (samples[at] ?? 0) ** 2
  if (sum === 0) return 0
  const db = 10 * Math.log10(sum / samples.length)
  const faint = db > deadDb ? faintest : 0
  return Math.min(1, Math.max(faint, 1 - db / quietDb))
}

/** What lets a page make and hear sounds. */
const presses = ['pointerdown', 'keydown'] as const

export type Level = {
  /** How loud it is now. */
  readonly read: () => number
  /** Whether the browser lets us listen yet. */
  readonly listens: () => boolean
  readonly close: () => void
}

/**
 * Null where the browser cannot do it: Firefox throws when a headset's sample rate is not the one that the page plays
 * at, Chromium when there is no audio hardware. It reads 0 until somebody has pressed something on the page.
 */
export const listen = (track: MediaStreamTrack): Level | null => {
  const context = attempt(() => new AudioContext())
  if (!context) return null
  const level = attempt(() => listenIn(context, track))
  if (!level) close(context)
  return level
}

const close = (context: AudioContext): void => void context.close().catch(() => undefined)

const listenIn = (context: AudioContext, track: MediaStreamTrack): Level => {
  const source = context.createMediaStreamSource(new MediaStream([track]))
  const analyser = context.createAnalyser()
  analyser.fftSize = 1_024
  // Not connected any further: one does not want to hear oneself.
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const resume = (): void => {
    if (context.state !== 'closed') void context.resume().catch(() => undefined)
  }
  resume()
  for (const press of presses) addEventListener(press, resume)
  // A phone call suspends it, and only a page that is looked at gets it back.
  document.addEventListener('visibilitychange', resume)
  return {
    read: () => {
      analyser.getFloatTimeDomainData(samples)
      return levelOf(samples)
    },
    listens: () => context.state === 'running',
    close: () => {
      for (const press of presses) removeEventListener(press, resume)
      document.removeEventListener('visibilitychange', resume)
      source.disconnect()
      close(context)
    },
  }
}

/** Notices a microphone that is on and gives nothing at all, as one does that is muted by a switch of its own. */
export class SilenceWatch {
  #since: number | null = null

  /** Whether it has been dead silent for so long by now. A live microphone always hears some noise. */
  isSilent(level: number, nowMs: number): boolean {
    if (level > 0) {
      this.#since = null
      return false
    }
    this.#since ??= nowMs
    return nowMs - this.#since >= silentAfterMs
  }
}

const silentAfterMs = 4_000

/** As loud as this, of 1, is a voice; below it are fans and keyboards. */
const voiceLevel = 0.015
const breathMs = 700

export class SpeakingDetector<Id> {
  readonly #heardMs = new Map<Id, number>()

  /** Who speaks now. Whoever is missing from the levels is forgotten. */
  update(levels: ReadonlyMap<Id, number>, nowMs: number): ReadonlySet<Id> {
    for (const id of [...this.#heardMs.keys()]) if (!levels.has(id)) this.#heardMs.delete(id)
    for (const [id, level] of levels) if (level >= voiceLevel) this.#heardMs.set(id, nowMs)
    return new Set([...this.#heardMs].filter(([, heard]) => nowMs - heard < breathMs).map(([id]) => id))
  }
}
