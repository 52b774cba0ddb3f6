/**
 * Makes a player as loud as somebody wishes, in every browser. On iOS the loudness of a media element belongs to the
 * phone's buttons: `volume` ignores what a page sets (developer.apple.com, "iOS-Specific Considerations"), while
 * `muted` works. There the sound goes through a gain node instead.
 */
import { attempt } from '../link/browser-api.ts'

/** Differences that nobody hears, and that a browser makes by keeping the number as a float. */
const same = (a: number, b: number): boolean => Math.abs(a - b) < 0.01

type Gain = { readonly set: (volume: number) => void; readonly end: () => void }

const gainIn = (context: AudioContext, stream: MediaStream): Gain => {
  const source = context.createMediaStreamSource(stream)
  const node = context.createGain()
  source.connect(node).connect(context.destination)
  return {
    set: volume => {
      node.gain.value = volume
    },
    end: () => {
      source.disconnect()
      node.disconnect()
    },
  }
}

export class PlayerVolume {
  readonly #element: HTMLAudioElement
  readonly #stream: MediaStream
  readonly #context: () => AudioContext | null
  #gain: Gain | null = null

  /** `context`: a running one, or null while there is none. */
  constructor(element: HTMLAudioElement, stream: MediaStream, context: () => AudioContext | null) {
    this.#element = element
    this.#stream = stream
    this.#context = context
  }

  /** From 0 to 1. Said again when a context begins to run. Where nothing of it works, the sound is as loud as it comes. */
  set(volume: number): void {
    this.#element.volume = volume
    const ignored = volume > 0 && !same(this.#element.volume, volume)
    const context = ignored ? this.#context() : null
    if (context) this.#gain ??= attempt(() => gainIn(context, this.#stream))
    else this.end()
    this.#gain?.set(volume)
    this.#element.muted = volume === 0 || this.#gain !== null
  }

  end(): void {
    this.#gain?.end()
    this.#gain = null
  }
}
