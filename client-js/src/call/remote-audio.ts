/**
 * Plays the others: one hidden player for each stream, so that a voice does not depend on what is shown. The system may
 * pause players, for a phone call say; they go on as soon as the page is seen again or pressed.
 */
import { attempt } from '../link/browser-api.ts'
import type { StreamId } from '../wire/ids.ts'
import { PlayerVolume } from './volume.ts'

type Player = {
  readonly element: HTMLAudioElement
  readonly stream: MediaStream
  readonly tracks: string
  readonly loudness: PlayerVolume
  volume: number
}

/** Not every browser lets a page choose where its sound goes. */
type WithSink = HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }

/** What lets a page play sound. */
const presses = ['pointerdown', 'click', 'keydown'] as const

export class RemoteAudio {
  readonly #players = new Map<StreamId, Player>()
  readonly #blocked = new Set<HTMLAudioElement>()
  readonly #tell: (blocked: boolean) => void
  #speaker = ''
  #context: AudioContext | null = null
  #listening: AbortController | null = null

  /** `blocked`: the browser wants the page to be pressed first, or no longer does. */
  constructor(blocked: (blocked: boolean) => void) {
    this.#tell = blocked
  }

  play(id: StreamId, stream: MediaStream, volume: number): void {
    const tracks = stream.getAudioTracks()
    const key = tracks.map(track => track.id).join()
    const held = this.#players.get(id)
    if (tracks.length === 0) return this.stop(id)
    if (held?.stream === stream && held.tracks === key) {
      if (held.volume !== volume) held.loudness.set(volume)
      held.volume = volume
      return
    }
    this.stop(id)
    const element = new Audio()
    const heard = new MediaStream(tracks)
    element.srcObject = heard
    const loudness = new PlayerVolume(element, heard, () => this.#runningContext())
    this.#players.set(id, { element, stream, tracks: key, loudness, volume })
    loudness.set(volume)
    element.addEventListener('pause', () => {
      if (document.visibilityState === 'visible') this.#goOn(element)
    })
    this.#listen()
    void this.#route(element)
    void this.#start(element)
  }

  stop(id: StreamId): void {
    const held = this.#players.get(id)
    if (!held) return
    this.#players.delete(id)
    held.loudness.end()
    held.element.pause()
    held.element.srcObject = null
    this.#unblock(held.element)
    if (this.#players.size === 0) this.#end()
  }

  keepOnly(ids: ReadonlySet<StreamId>): void {
    for (const id of [...this.#players.keys()]) if (!ids.has(id)) this.stop(id)
  }

  /** Whether it could be done everywhere. */
  async setSpeaker(deviceId: string): Promise<boolean> {
    this.#speaker = deviceId
    const done = await Promise.all(this.#elements.map(element => this.#route(element)))
    return done.every(Boolean)
  }

  /** From within a press. */
  async resume(): Promise<void> {
    await Promise.all(this.#elements.map(element => this.#start(element)))
  }

  get #elements(): HTMLAudioElement[] {
    return [...this.#players.values()].map(({ element }) => element)
  }

  #holds(element: HTMLAudioElement): boolean {
    return this.#elements.includes(element)
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = new AbortController()
    const { signal } = this.#listening
    const goOn = (): void => {
      for (const element of this.#elements) this.#goOn(element)
      void this.#context?.resume().catch(() => undefined)
    }
    for (const press of presses) addEventListener(press, goOn, { signal })
    const seen = (): void => {
      if (document.visibilityState === 'visible') goOn()
    }
    document.addEventListener('visibilitychange', seen, { signal })
  }

  #end(): void {
    this.#listening?.abort()
    this.#listening = null
    void this.#context?.close().catch(() => undefined)
    this.#context = null
  }

  /** A player that was paused from outside plays again; one that is at its end stays there. */
  #goOn(element: HTMLAudioElement): void {
    if (element.paused && !element.ended && this.#holds(element)) void this.#start(element)
  }

  /** Made when it is needed first. Until it runs, a player had better be too loud than silent. */
  #runningContext(): AudioContext | null {
    this.#context ??= attempt(() => this.#newContext())
    return this.#context?.state === 'running' ? this.#context : null
  }

  #newContext(): AudioContext {
    const context = new AudioContext()
    context.addEventListener('statechange', () => {
      for (const { loudness, volume } of this.#players.values()) loudness.set(volume)
    })
    return context
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play()
      this.#unblock(element)
    } catch (error) {
      // Anything else is a player that was stopped meanwhile.
      if (!(error instanceof Error) || error.name !== 'NotAllowedError' || !this.#holds(element)) return
      this.#blocked.add(element)
      this.#tell(true)
    }
  }

  /** Told when the last one is free: other troubles with the sound are none of its business. */
  #unblock(element: HTMLAudioElement): void {
    if (this.#blocked.delete(element) && this.#blocked.size === 0) this.#tell(false)
  }

  async #route(element: WithSink): Promise<boolean> {
    if (this.#speaker === '' && (element as { sinkId?: string }).sinkId === undefined) return true
    try {
      await element.setSinkId?.(this.#speaker)
      return element.setSinkId !== undefined
    } catch {
      return false
    }
  }
}
