/**
 * The microphone and the camera of a call: opens and closes them, switches to another device, and finds one when the
 * device in use is unplugged. It knows nothing of who hears or sees them.
 */
import { within } from '../link/browser-api.ts'
import {
  type Choice,
  type Devices,
  devicesFrom,
  type Input,
  type MediaTrouble,
  meant,
  noDevices,
  picture,
  plainLabel,
  present,
  troubleOf,
} from './devices.ts'
import type { MediaPort, PreviewPorts } from './preview.ts'
import type { Processing } from './state.ts'

export type LocalTracksPorts = {
  /** Null where the browser gives a page no devices at all. */
  readonly media: MediaPort | null
  readonly permission: PreviewPorts['permission']
  /** A track has come in place of another, or none has, or the system has taken or given back the device. */
  readonly changed: (input: Input) => void
  /** `by`: what has taken the place of one that was unplugged. */
  readonly trouble: (input: Input, what: MediaTrouble | 'replaced' | null, by?: string) => void
}

type Exactly = 'exact' | 'ideal'
type State = {
  track: MediaStreamTrack | null
  choice: Choice
  /** The choice with which a track was last had. */
  worked: Choice
  opening: boolean
  lost: boolean
  /** Counts the wishes, so that what comes late for an earlier one is given back. */
  wish: number
}

const fresh = (): State => ({
  track: null,
  choice: null,
  worked: null,
  opening: false,
  lost: false,
  wish: 0,
})
const inputs: readonly Input[] = ['microphone', 'camera']

export class LocalTracks {
  readonly #ports: LocalTracksPorts
  readonly #states: Readonly<Record<Input, State>> = { microphone: fresh(), camera: fresh() }
  readonly #devicesChanged = (): void => void this.#look()
  #devices: Devices = noDevices
  #processing: Processing

  constructor(processing: Processing, ports: LocalTracksPorts) {
    this.#processing = processing
    this.#ports = ports
    ports.media?.addEventListener('devicechange', this.#devicesChanged)
    void this.#list()
  }

  track(input: Input): MediaStreamTrack | null {
    return this.#states[input].track
  }

  choice(input: Input): Choice {
    return this.#states[input].choice
  }

  opening(input: Input): boolean {
    return this.#states[input].opening
  }

  /** The system has taken the device for something else, a phone call say: its track lives, and gives nothing. */
  interrupted(input: Input): boolean {
    return this.#states[input].track?.muted ?? false
  }

  prefer(input: Input, choice: Choice): void {
    this.#states[input].choice = choice
  }

  /** One that somebody else has opened. */
  take(input: Input, track: MediaStreamTrack): void {
    this.#states[input].wish += 1
    this.#set(input, track)
  }

  /** Whether there is one now. What went wrong is said as a trouble. */
  async open(input: Input, treated: Exactly = 'ideal'): Promise<boolean> {
    const state = this.#states[input]
    if (state.track) return true
    const { media } = this.#ports
    if (!media) {
      this.#ports.trouble(input, 'insecure')
      return false
    }
    const wish = ++state.wish
    state.opening = true
    this.#ports.changed(input)
    try {
      const track = await this.#get(media, input, treated)
      if (state.wish !== wish) {
        track.stop()
        return this.#states[input].track !== null
      }
      this.#ports.trouble(input, null)
      state.opening = false
      this.#set(input, track)
      void this.#list()
      return true
    } catch (error) {
      if (state.wish !== wish) return state.track !== null
      state.opening = false
      this.#ports.trouble(input, troubleOf(error))
      this.#ports.changed(input)
      return false
    }
  }

  close(input: Input): void {
    const state = this.#states[input]
    state.wish += 1
    state.opening = false
    state.lost = false
    state.track?.stop()
    state.track = null
    this.#ports.changed(input)
  }

  /** If the new one cannot be had, the one before it goes on. A later choice takes the place of one still opening. */
  async choose(input: Input, choice: Choice, treated: Exactly = 'ideal'): Promise<void> {
    const state = this.#states[input]
    state.choice = choice
    if (!state.track && !state.lost && !state.opening) return this.#ports.changed(input)
    // Some browsers do not open a second microphone beside a first.
    state.track?.stop()
    state.track = null
    const opened = this.open(input, treated)
    const { wish } = state
    if ((await opened) || state.wish !== wish) return
    state.choice = state.worked
    await this.open(input)
  }

  /** Said without a change, it makes a track that somebody else has opened conform. */
  async process(change: Partial<Processing> = {}): Promise<void> {
    this.#processing = { ...this.#processing, ...change }
    const { track } = this.#states.microphone
    try {
      await track?.applyConstraints(this.#processing)
    } catch {
      // Some browsers change it only with a new track.
    }
    const settings: MediaTrackSettings = track?.getSettings() ?? {}
    const refused = processingNames.some(
      name => settings[name] !== undefined && settings[name] !== this.#processing[name],
    )
    // Asked for less firmly, Chromium gives what somebody on the page has already, and somebody listens for our voice.
    if (refused && this.#states.microphone.track === track)
      await this.choose('microphone', this.choice('microphone'), 'exact')
  }

  end(): void {
    this.#ports.media?.removeEventListener('devicechange', this.#devicesChanged)
    for (const input of inputs) {
      const state = this.#states[input]
      state.wish += 1
      state.lost = false
      state.track?.stop()
      state.track = null
    }
  }

  #set(input: Input, track: MediaStreamTrack): void {
    const state = this.#states[input]
    if (state.track !== track) state.track?.stop()
    state.track = track
    state.worked = state.choice
    state.lost = false
    track.addEventListener('ended', () => this.#ended(input, track))
    for (const event of ['mute', 'unmute'])
      track.addEventListener(event, () => {
        if (state.track === track) this.#ports.changed(input)
      })
    this.#ports.changed(input)
  }

  /** Unplugged, or taken away in the browser's own bar. Another one takes over without a question. */
  #ended(input: Input, track: MediaStreamTrack): void {
    const state = this.#states[input]
    if (state.track !== track) return
    state.track = null
    state.lost = true
    this.#ports.changed(input)
    void this.#look().then(() => {
      if (state.lost) this.#ports.trouble(input, 'lost')
    })
  }

  /** Something was plugged in or out: what was lost is looked for, and a chosen one that is back is taken up again. */
  async #look(): Promise<void> {
    await this.#list()
    for (const input of inputs) {
      const state = this.#states[input]
      const devices = this.#devices[input]
      const wanted = present(devices, state.choice)
      const inUse = state.track?.getSettings().deviceId
      const back = state.track !== null && wanted !== null && inUse !== undefined && inUse !== wanted.id
      if (back) await this.choose(input, state.choice)
      else if (state.lost && !state.opening && devices.length > 0) await this.#replace(input)
    }
  }

  /** Who took it away themselves is not asked again. */
  async #replace(input: Input): Promise<void> {
    const { media, permission } = this.#ports
    const state = this.#states[input]
    const wish = ++state.wish
    if ((await permission(input)) !== 'granted') return
    try {
      const track = media && (await this.#get(media, input, 'ideal'))
      if (!track) return
      if (state.wish !== wish || !state.lost) return track.stop()
      this.#set(input, track)
      this.#ports.trouble(input, 'replaced', plainLabel(track.label))
    } catch {
      // Lost it stays, until something else is plugged in.
    }
  }

  async #get(media: MediaPort, input: Input, treated: Exactly): Promise<MediaStreamTrack> {
    const ask = async (device: MediaTrackConstraints, how: Exactly): Promise<MediaStreamTrack> => {
      const stream = await media.getUserMedia(
        input === 'microphone'
          ? { audio: { ...device, ...treatment(this.#processing, how) } }
          : { video: { ...device, ...picture } },
      )
      const [track] = stream.getTracks()
      if (!track) throw new Error('a stream without a track')
      return track
    }
    const device = meant(this.#devices[input], this.#states[input].choice)
    // Chosen once, unplugged by now, or not to be treated so: anything else will do.
    const wishes = [() => ask(device, treated), () => ask(device, 'ideal'), () => ask({}, 'ideal')]
    return firstThatIs(treated === 'exact' ? wishes : wishes.slice(1))
  }

  async #list(): Promise<void> {
    try {
      const { media } = this.#ports
      const listed = media && (await within(listMs, media.enumerateDevices(), null))
      if (listed) this.#devices = devicesFrom(listed)
    } catch {
      // Without a list there is still the system's own choice.
    }
  }
}

/** A list of devices that has not come by then is done without. */
const listMs = 3_000

const processingNames = ['noiseSuppression', 'echoCancellation', 'autoGainControl'] as const

const treatment = (processing: Processing, how: Exactly): MediaTrackConstraints => {
  if (how === 'ideal') return processing
  const exactly = processingNames.map(name => [name, { exact: processing[name] }] as const)
  return Object.fromEntries(exactly)
}

const firstThatIs = async <T>(wishes: readonly (() => Promise<T>)[]): Promise<T> => {
  const [wish, ...others] = wishes
  if (!wish) throw new Error('no wish is left')
  try {
    return await wish()
  } catch (error) {
    const impossible = error instanceof Error && error.name === 'OverconstrainedError'
    if (!impossible || others.length === 0) throw error
    return firstThatIs(others)
  }
}
