/** The screens that we share: picks them, describes them, and notices when one is ended in the browser's own bar. */
import { attempt } from '../link/browser-api.ts'
import { type StreamId, streamId } from '../wire/ids.ts'
import { troubleOf } from './devices.ts'
import type { OwnScreen, ScreenHint, TroubleKind } from './state.ts'

export type LocalScreensPorts = {
  /** Null where the browser cannot share any. */
  readonly pick: ((wanted: DisplayMediaStreamOptions) => Promise<MediaStream>) | null
  readonly changed: () => void
  readonly trouble: (what: TroubleKind | null) => void
}

/** Some browsers on phones have the function and always refuse it, sooner than anybody could press a button. */
const personMs = 150

/** With the microphone's stream it stays below what others take notice of. */
export const screensMax = 4

/**
 * A screen's own sound must not be worked on as a voice. What this page plays is the others: they would hear themselves
 * again.
 */
const screenSound = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
  restrictOwnAudio: true,
}

/** Some of it is not in every browser's, nor in the compiler's, list; who does not know it leaves it out. */
const wish = (sound: boolean): DisplayMediaStreamOptions => ({
  video: { frameRate: { ideal: 30, max: 30 } },
  audio: sound && screenSound,
  ...{
    selfBrowserSurface: 'exclude',
    surfaceSwitching: 'include',
    systemAudio: sound ? 'include' : 'exclude',
  },
})

export class LocalScreens {
  readonly #ports: LocalScreensPorts
  #screens: readonly OwnScreen[] = []
  #over = false

  constructor(ports: LocalScreensPorts) {
    this.#ports = ports
  }

  get all(): readonly OwnScreen[] {
    return this.#screens
  }

  async share({ sound, hint }: { sound: boolean; hint: ScreenHint }): Promise<void> {
    const { pick } = this.#ports
    if (!pick) return this.#ports.trouble('unsupported')
    if (this.#screens.length >= screensMax) return
    const asked = performance.now()
    try {
      const stream = await pick(wish(sound))
      const [picture] = stream.getVideoTracks()
      if (this.#over || !picture) return stopAll(stream)
      picture.contentHint = contentHint(hint)
      picture.addEventListener('ended', () => this.stop(streamId(stream.id)))
      const surface = surfaceOf(picture)
      const echoes = surface !== 'browser' && !stream.getAudioTracks().every(leavesOwnSoundOut)
      if (echoes) withoutSound(stream)
      this.#ports.trouble(echoes ? 'echo' : null)
      const hasSound = stream.getAudioTracks().length > 0
      this.#set([...this.#screens, { id: streamId(stream.id), stream, surface, sound: hasSound, hint }])
    } catch (error) {
      const what = troubleOf(error)
      // Whoever closes the picker has changed their mind: that is no trouble. Nobody closes one so fast, though.
      const closed = what === 'blocked' || what === 'dismissed'
      if (!closed || performance.now() - asked < personMs) this.#ports.trouble(what)
    }
  }

  stop(id: StreamId): void {
    const screen = this.#screens.find(it => it.id === id)
    if (!screen) return
    stopAll(screen.stream)
    this.#set(this.#screens.filter(it => it !== screen))
  }

  setHint(id: StreamId, hint: ScreenHint): void {
    const screen = this.#screens.find(it => it.id === id)
    if (!screen || screen.hint === hint) return
    for (const track of screen.stream.getVideoTracks()) track.contentHint = contentHint(hint)
    this.#set(this.#screens.map(it => (it === screen ? { ...it, hint } : it)))
  }

  end(): void {
    this.#over = true
    for (const { stream } of this.#screens) stopAll(stream)
    this.#screens = []
  }

  #set(screens: readonly OwnScreen[]): void {
    this.#screens = screens
    this.#ports.changed()
  }
}

/**
 * Chromium from 141 on keeps what this page plays out of the system's sound; without that the others hear themselves. A
 * wish is not a promise: what counts is what the track says of itself. Only a tab's sound is never the system's.
 */
const leavesOwnSoundOut = (sound: MediaStreamTrack): boolean => {
  const granted: MediaTrackSettings & { restrictOwnAudio?: boolean } =
    attempt(() => sound.getSettings()) ?? {}
  return granted.restrictOwnAudio === true
}

const withoutSound = (stream: MediaStream): void => {
  for (const track of stream.getAudioTracks()) {
    track.stop()
    stream.removeTrack(track)
  }
}

export const contentHint = (hint: ScreenHint): string => (hint === 'text' ? 'detail' : 'motion')

const stopAll = (stream: MediaStream): void => {
  for (const track of stream.getTracks()) track.stop()
}

const surfaceOf = (track: MediaStreamTrack): OwnScreen['surface'] => {
  const surface = track.getSettings().displaySurface
  return surface === 'monitor' || surface === 'window' || surface === 'browser' ? surface : 'unknown'
}
