/** Plays the others: one hidden player for each stream, so that a voice does not depend on what is shown. */
import type { StreamId } from '../wire/ids.ts'

type Player = { readonly element: HTMLAudioElement; readonly stream: MediaStream; tracks: string }

/** Not every browser lets a page choose where its sound goes. */
type WithSink = HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }

export class RemoteAudio {
  readonly #players = new Map<StreamId, Player>()
  readonly #blocked = new Set<HTMLAudioElement>()
  readonly #tell: (blocked: boolean) => void
  #speaker = ''

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
      held.element.volume = volume
      return
    }
    this.stop(id)
    const element = new Audio()
    element.srcObject = new MediaStream(tracks)
    element.volume = volume
    this.#players.set(id, { element, stream, tracks: key })
    void this.#route(element)
    void this.#start(element)
  }

  stop(id: StreamId): void {
    const held = this.#players.get(id)
    if (!held) return
    this.#players.delete(id)
    held.element.pause()
    held.element.srcObject = null
    if (this.#blocked.delete(held.element)) this.#tell(this.#blocked.size > 0)
  }

  keepOnly(ids: ReadonlySet<StreamId>): void {
    for (const id of [...this.#players.keys()]) if (!ids.has(id)) this.stop(id)
  }

  /** Whether it could be done everywhere. */
  async setSpeaker(deviceId: string): Promise<boolean> {
    this.#speaker = deviceId
    const done = await Promise.all([...this.#players.values()].map(({ element }) => this.#route(element)))
    return done.every(Boolean)
  }

  /** From within a press. */
  async resume(): Promise<void> {
    await Promise.all([...this.#players.values()].map(({ element }) => this.#start(element)))
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play()
      this.#blocked.delete(element)
    } catch (error) {
      // Anything else is a player that was stopped meanwhile.
      if (error instanceof Error && error.name === 'NotAllowedError') this.#blocked.add(element)
    }
    this.#tell(this.#blocked.size > 0)
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
