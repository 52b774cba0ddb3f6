/**
 * What we give to a call from joining to leaving: one stream of microphone and camera, the screens, and what is said
 * about them. Every stay has new streams, since original pages show an id only once.
 */
import type { StreamAbout } from '../wire/call.ts'
import { type StreamId, streamId } from '../wire/ids.ts'
import type { Announced, Media } from '../wire/peer.ts'
import type { Choice, Input } from './devices.ts'
import { LocalScreens, type LocalScreensPorts } from './local-screens.ts'
import { LocalTracks } from './local-tracks.ts'
import type { MediaPort, PreviewPorts } from './preview.ts'
import type { Begin, CallChoices, OwnCall, Processing, TroubleKind, TroubleWith } from './state.ts'

export type LocalParticipantPorts = {
  readonly media: MediaPort | null
  readonly permission: PreviewPorts['permission']
  readonly pick: LocalScreensPorts['pick']
  /** The streams that we have are others than before. */
  readonly announce: (announced: Announced) => void
  /** A stream goes on with other tracks. */
  readonly retracked: (stream: StreamId) => void
  readonly sendMedia: (media: Media) => void
  readonly trouble: (about: TroubleWith, what: TroubleKind | null, by?: string) => void
  readonly changed: () => void
}

/**
 * Others wait so long for our devices before they learn that we are in the call; a device that comes later is added
 * then.
 */
const devicesWaitMs = 600
/** A page that cannot be told that a camera is off is left with a black picture, not with the last one. */
const blackMs = 400

export class LocalParticipant {
  readonly #ports: LocalParticipantPorts
  readonly #tracks: LocalTracks
  readonly #screens: LocalScreens
  readonly stream = new MediaStream()
  #in = false
  #over = false
  #muted: boolean
  #cameraWanted: boolean
  /** The camera was on when pictures were given up, and is to be on again with them. */
  #cameraAfter: boolean
  #pushToTalk: boolean
  #audioOnly: boolean
  #talking = false
  #voice = { speaking: false, silent: false }
  #sentMedia: Media = { muted: true, cameraOff: true, pushToTalk: false }

  constructor(choices: CallChoices, processing: Processing, ports: LocalParticipantPorts) {
    this.#ports = ports
    this.#muted = !choices.microphone.on
    this.#audioOnly = choices.audioOnly ?? false
    this.#cameraWanted = choices.camera.on && !this.#audioOnly
    this.#cameraAfter = choices.camera.on && this.#audioOnly
    this.#pushToTalk = choices.pushToTalk ?? false
    this.#tracks = new LocalTracks(processing, {
      media: ports.media,
      permission: ports.permission,
      changed: input => this.#inputChanged(input),
      trouble: (input, what, by) => this.#over || ports.trouble(input, what, by),
    })
    this.#screens = new LocalScreens({
      pick: ports.pick,
      changed: () => this.#announce(),
      trouble: what => this.#over || ports.trouble('screen', what),
    })
  }

  get audioOnly(): boolean {
    return this.#audioOnly
  }

  get screens(): LocalScreens {
    return this.#screens
  }

  get tracks(): LocalTracks {
    return this.#tracks
  }

  /** Opens what was chosen, and announces us as soon as that is there, or has taken too long. */
  async begin({ microphone, camera }: CallChoices): Promise<void> {
    const ready = Promise.all([
      this.#begin('microphone', microphone, true),
      this.#begin('camera', camera, this.#cameraWanted),
    ])
    await Promise.race([ready, wait(devicesWaitMs)])
    if (this.#over) return
    this.#in = true
    this.#announce()
  }

  end(): void {
    this.#over = true
    this.#tracks.end()
    this.#screens.end()
  }

  find(id: StreamId): MediaStream | null {
    if (this.stream.id === id) return this.stream
    return this.#screens.all.find(screen => screen.id === id)?.stream ?? null
  }

  async setMuted(muted: boolean): Promise<void> {
    this.#muted = muted
    this.#applyVoice()
    if (muted) return
    // Asked for anew, a device that the system has taken is given back, if it can be had at all.
    if (this.#tracks.interrupted('microphone'))
      await this.#tracks.choose('microphone', this.choice('microphone'))
    else await this.#tracks.open('microphone')
  }

  /** Whoever wants to be seen has done with sound alone. */
  async setCamera(on: boolean): Promise<void> {
    this.#cameraAfter = false
    if (on) this.#audioOnly = false
    await this.#turnCamera(on)
  }

  async #turnCamera(on: boolean): Promise<void> {
    this.#cameraWanted = on
    if (on) await this.#tracks.open('camera')
    else await this.#cameraOff()
    this.#sendMedia()
  }

  setPushToTalk(on: boolean): void {
    this.#pushToTalk = on
    this.#talking = false
    this.#applyVoice()
  }

  talk(held: boolean): void {
    if (this.#talking === held) return
    this.#talking = held
    this.#applyVoice()
  }

  async setAudioOnly(on: boolean): Promise<void> {
    const turns = on ? this.#cameraWanted : this.#cameraAfter
    this.#audioOnly = on
    this.#cameraAfter = on && turns
    this.#ports.changed()
    if (turns) await this.#turnCamera(!on)
  }

  /** What the microphone picks up of us. */
  setVoice(voice: { speaking: boolean; silent: boolean }): void {
    const { speaking, silent } = this.#voice
    this.#voice = voice
    if (speaking !== voice.speaking || silent !== voice.silent) this.#ports.changed()
  }

  get state(): Omit<OwnCall, 'phase' | 'devices' | 'processing'> {
    const inputs = this.#tracks
    const camera = inputs.track('camera') && this.#cameraWanted ? 'on' : 'off'
    const interrupted = inputs.interrupted('microphone')
    return {
      stream: this.stream,
      microphone: inputs.track('microphone') ? (this.#muted || interrupted ? 'muted' : 'on') : 'none',
      camera: inputs.opening('camera') ? 'starting' : camera,
      cameraInterrupted: camera === 'on' && inputs.interrupted('camera'),
      pushToTalk: this.#pushToTalk,
      talking: this.#talking,
      speaking: this.#voice.speaking,
      silent: this.#voice.silent && this.audible && !interrupted,
      audioOnly: this.#audioOnly,
      screens: this.#screens.all,
    }
  }

  get audible(): boolean {
    return !this.#muted && (!this.#pushToTalk || this.#talking)
  }

  choice(input: Input): Choice {
    return this.#tracks.choice(input)
  }

  async #begin(input: Input, { on, choice, track }: Begin, takes: boolean): Promise<void> {
    this.#tracks.prefer(input, choice ?? null)
    if (takes && track?.readyState === 'live') {
      this.#tracks.take(input, track)
      return input === 'microphone' ? this.#tracks.process() : undefined
    }
    track?.stop()
    if (takes && on) await this.#tracks.open(input)
  }

  /** Tracks change within the stream that was announced; whoever gets it gets the others. */
  #inputChanged(input: Input): void {
    if (this.#over) return
    const track = this.#tracks.track(input)
    const before = input === 'microphone' ? this.stream.getAudioTracks() : this.stream.getVideoTracks()
    for (const old of before) if (old !== track) this.stream.removeTrack(old)
    if (track && !before.includes(track)) this.stream.addTrack(track)
    this.#applyVoice()
    this.#ports.retracked(streamId(this.stream.id))
  }

  async #cameraOff(): Promise<void> {
    const track = this.#tracks.track('camera')
    if (track) {
      track.enabled = false
      this.#sendMedia()
      await wait(blackMs)
      if (this.#cameraWanted && this.#tracks.track('camera') === track) {
        track.enabled = true
        return
      }
    }
    if (!this.#cameraWanted) this.#tracks.close('camera')
  }

  #applyVoice(): void {
    const track = this.#tracks.track('microphone')
    if (track) track.enabled = this.audible
    this.#sendMedia()
  }

  get #media(): Media {
    const gives = (input: Input): boolean =>
      this.#tracks.track(input) !== null && !this.#tracks.interrupted(input)
    const cameraOn = this.#cameraWanted && gives('camera')
    const muted = !this.audible || !gives('microphone')
    return { muted, cameraOff: !cameraOn, pushToTalk: this.#pushToTalk }
  }

  /** Tells pages that understand it what has changed of our devices. */
  #sendMedia(): void {
    const media = this.#media
    const { muted, cameraOff, pushToTalk } = this.#sentMedia
    const same = muted === media.muted && cameraOff === media.cameraOff && pushToTalk === media.pushToTalk
    this.#sentMedia = media
    if (this.#in && !this.#over && !same) this.#ports.sendMedia(media)
    this.#ports.changed()
  }

  #announce(): void {
    if (!this.#in || this.#over) return
    const camera: StreamAbout = { id: streamId(this.stream.id), kind: 'camera', hint: 'motion', sound: true }
    const screens = this.#screens.all.map(
      ({ id, hint, sound }): StreamAbout => ({ id, kind: 'screen', hint, sound }),
    )
    this.#sentMedia = this.#media
    this.#ports.announce({ streams: [camera, ...screens], media: this.#sentMedia })
    this.#ports.changed()
  }
}

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
