/**
 * One's own microphone and camera before a call: asks for them when somebody wants them, never earlier, and hands the
 * tracks on to the call.
 */
import { within } from '../link/browser-api.ts'
import {
  allProcessing,
  type BrowserDevice,
  type Choice,
  type Choices,
  type DeviceKind,
  type Devices,
  devicesFrom,
  type Input,
  type MediaTrouble,
  meant,
  noChoices,
  noDevices,
  picture,
  troubleOf,
} from './devices.ts'

export type Permission = 'granted' | 'denied' | 'prompt' | 'unknown'

/** What is kept from one time to the next. */
export type Remembered = { readonly wanted: Readonly<Record<Input, boolean>>; readonly choices: Choices }

export type PreviewPorts = {
  /** Null where the browser gives a page no devices at all, as one without https. */
  readonly media: MediaPort | null
  readonly permission: (input: Input) => Promise<Permission>
  /** Asked whenever the preview opens: settings change meanwhile, and are the person's own. */
  readonly remembered: () => Remembered
  readonly remember: (wanted: Remembered['wanted']) => void
  readonly changed: (state: PreviewState) => void
}

export type MediaPort = {
  readonly getUserMedia: (wanted: MediaStreamConstraints) => Promise<MediaStream>
  readonly enumerateDevices: () => Promise<readonly BrowserDevice[]>
  readonly addEventListener: (type: 'devicechange', heard: () => void) => void
  readonly removeEventListener: (type: 'devicechange', heard: () => void) => void
}

export type InputState = {
  readonly wanted: boolean
  readonly asking: boolean
  readonly track: MediaStreamTrack | null
  readonly trouble: MediaTrouble | null
}

export type PreviewState = Readonly<Record<Input, InputState>> & {
  /** Nobody has asked for anything yet, and the browser would ask the person if somebody did. */
  readonly untouched: boolean
  readonly devices: Devices
  readonly choices: Choices
}

/** A list of devices that has not come by then is done without. */
const listMs = 3_000
const inputs: readonly Input[] = ['microphone', 'camera']

export class Preview {
  #state: PreviewState
  readonly #ports: PreviewPorts
  readonly #devicesChanged = (): void => void this.#look()
  /** Counts the wishes for each input, so that a track which comes late for an earlier one is given back. */
  readonly #wish = { microphone: 0, camera: 0 }

  constructor(ports: PreviewPorts) {
    this.#ports = ports
    this.#state = {
      microphone: this.#idle(),
      camera: this.#idle(),
      untouched: true,
      devices: noDevices,
      choices: noChoices,
    }
  }

  get state(): PreviewState {
    return this.#state
  }

  /** Takes up what was wanted the last time, as far as that raises no question. */
  async open(): Promise<void> {
    const { media, permission } = this.#ports
    const remembered = this.#ports.remembered()
    this.#change({ choices: remembered.choices })
    if (!media) return
    media.addEventListener('devicechange', this.#devicesChanged)
    await this.#list()
    const wanted = inputs.filter(input => remembered.wanted[input])
    const allowed = await Promise.all(wanted.map(permission))
    if (wanted.length > 0 && allowed.every(it => it === 'granted') && this.#state.untouched)
      await this.want(wanted)
  }

  /** Asks for one or both at once, which is one question in most browsers. */
  async want(wanted: readonly Input[]): Promise<void> {
    const { media } = this.#ports
    if (!media || wanted.length === 0) return
    const wishes = wanted.map(input => ({ input, wish: ++this.#wish[input] }))
    this.#change({ untouched: false })
    for (const input of wanted) this.#changeInput(input, { wanted: true, asking: true, trouble: null })
    this.#remember()
    try {
      this.#take(await this.#get(media, wanted), wishes)
    } catch (error) {
      if (wanted.length === 1) for (const one of wishes) this.#refused(one, troubleOf(error))
      else for (const one of wishes) await this.#wantAlone(one, error)
    }
    await this.#list()
  }

  drop(input: Input): void {
    this.#wish[input] += 1
    this.#state[input].track?.stop()
    this.#change({ untouched: false })
    this.#changeInput(input, this.#idle())
    this.#remember()
  }

  async choose(kind: DeviceKind, choice: Choice): Promise<void> {
    this.#change({ choices: { ...this.#state.choices, [kind]: choice } })
    if (kind === 'speaker' || !this.#state[kind].wanted) return
    // Some browsers do not open a second microphone beside a first.
    this.#state[kind].track?.stop()
    await this.want([kind])
  }

  /** Gives the tracks away, with all that was chosen; whoever takes them stops them. */
  releaseTracks(): PreviewState {
    const given = this.#state
    for (const input of inputs) {
      this.#wish[input] += 1
      this.#changeInput(input, { ...this.#state[input], track: null, asking: false })
    }
    this.close()
    return given
  }

  close(): void {
    this.#ports.media?.removeEventListener('devicechange', this.#devicesChanged)
    for (const input of inputs) {
      this.#wish[input] += 1
      this.#state[input].track?.stop()
      this.#changeInput(input, this.#idle())
    }
    this.#change({ untouched: true })
  }

  /** Both at once failed: which of them is it? What is allowed by now is taken without another question. */
  async #wantAlone(one: Wish, error: unknown): Promise<void> {
    const { media, permission } = this.#ports
    const trouble = troubleOf(error)
    const refused = trouble === 'blocked' || trouble === 'dismissed' || trouble === 'blocked-by-system'
    if (refused && (await permission(one.input)) !== 'granted') return this.#refused(one, trouble)
    try {
      if (media) this.#take(await this.#get(media, [one.input]), [one])
    } catch (alone) {
      this.#refused(one, troubleOf(alone))
    }
  }

  #take(stream: MediaStream, wishes: readonly Wish[]): void {
    for (const track of stream.getTracks()) {
      const one = wishes.find(({ input }) => input === (track.kind === 'audio' ? 'microphone' : 'camera'))
      if (!one || this.#wish[one.input] !== one.wish) {
        track.stop()
        continue
      }
      this.#state[one.input].track?.stop()
      track.addEventListener('ended', () => this.#ended(one, track))
      this.#changeInput(one.input, { track, asking: false, trouble: null })
    }
    for (const one of wishes) if (this.#state[one.input].asking) this.#refused(one, 'failed')
  }

  #refused({ input, wish: of }: Wish, trouble: MediaTrouble): void {
    if (this.#wish[input] !== of) return
    this.#changeInput(input, { asking: false, track: null, trouble })
  }

  /** Unplugged, or taken away by the person in the browser's own bar. */
  #ended({ input }: Wish, track: MediaStreamTrack): void {
    if (this.#state[input].track !== track) return
    this.#changeInput(input, { track: null, trouble: 'lost' })
    void this.#look()
  }

  /** Something was plugged in or out: what was missed may be there now, or another in its place. */
  async #look(): Promise<void> {
    await this.#list()
    for (const input of inputs) {
      const { trouble } = this.#state[input]
      const missed = trouble === 'lost' || trouble === 'not-found'
      if (!missed || this.#state.devices[input].length === 0) continue
      // Whoever took it away in the browser's own bar is not asked again.
      if ((await this.#ports.permission(input)) === 'granted') await this.want([input])
    }
  }

  /** A device that was unplugged just now is not worth a refusal: any other does. */
  async #get(media: MediaPort, wanted: readonly Input[]): Promise<MediaStream> {
    const { devices, choices } = this.#state
    const asked = (input: Input, choice: Choice) => wanted.includes(input) && meant(devices[input], choice)
    const wish = (from: Choices): MediaStreamConstraints => {
      const audio = asked('microphone', from.microphone)
      const video = asked('camera', from.camera)
      return { audio: audio && { ...audio, ...allProcessing }, video: video && { ...video, ...picture } }
    }
    try {
      return await media.getUserMedia(wish(choices))
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'OverconstrainedError') throw error
      return media.getUserMedia(wish(noChoices))
    }
  }

  async #list(): Promise<void> {
    const { media } = this.#ports
    try {
      const listed = media && (await within(listMs, media.enumerateDevices(), null))
      if (listed) this.#change({ devices: devicesFrom(listed) })
    } catch {
      // Without a list there is still the system's own choice.
    }
  }

  #idle(): InputState {
    const trouble = this.#ports.media ? null : 'insecure'
    return { wanted: false, asking: false, track: null, trouble }
  }

  #remember(): void {
    const { microphone, camera } = this.#state
    this.#ports.remember({ microphone: microphone.wanted, camera: camera.wanted })
  }

  #changeInput(input: Input, part: Partial<InputState>): void {
    this.#change({ [input]: { ...this.#state[input], ...part } })
  }

  #change(part: Partial<PreviewState>): void {
    this.#state = { ...this.#state, ...part }
    this.#ports.changed(this.#state)
  }
}

type Wish = { readonly input: Input; readonly wish: number }
