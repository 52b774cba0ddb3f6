/**
 * Which rooms the other tabs of this browser are in: whoever opens a link twice comes in twice, and is told so before. Tabs
 * tell each other over a broadcast channel, which a browser may lack.
 */
import { randomToken } from '../base/random.ts'
import { attempt } from '../link/browser-api.ts'
import { isRecord } from '../wire/json.ts'

/** `BroadcastChannel`, as far as it is used. */
export type TabChannel = {
  readonly postMessage: (message: unknown) => void
  readonly addEventListener: (kind: 'message', heard: (event: { readonly data: unknown }) => void) => void
}

/** More tabs than anybody has. */
const tabsMax = 100
/** A tab that has not answered by then was closed by force. */
const answerMs = 1_000

export class OtherTabs {
  readonly #tab = randomToken()
  readonly #channel: TabChannel | null
  readonly #changed: (rooms: ReadonlySet<string>) => void
  readonly #rooms = new Map<string, string>()
  #silent = new Set<string>()
  #own: string | null = null

  /** `changed` with the rooms of all other tabs. */
  constructor(channel: TabChannel | null, changed: (rooms: ReadonlySet<string>) => void) {
    this.#channel = channel
    this.#changed = changed
    channel?.addEventListener('message', ({ data }) => this.#heard(data))
    this.ask()
  }

  /** This tab is in that room now, or in none. */
  enter(room: string | null): void {
    if (room === this.#own) return
    this.#own = room
    this.#tell()
  }

  /** Asks all others anew, and forgets those that do not answer. */
  ask(): void {
    this.#silent = new Set(this.#rooms.keys())
    this.#channel?.postMessage({ type: 'ask' })
    if (this.#silent.size > 0) setTimeout(() => this.#forget([...this.#silent]), answerMs)
  }

  #tell(): void {
    this.#channel?.postMessage({ type: 'in', tab: this.#tab, room: this.#own })
  }

  #heard(message: unknown): void {
    if (!isRecord(message)) return
    const { type, tab, room } = message
    if (type === 'ask' && this.#own !== null) this.#tell()
    if (type !== 'in' || typeof tab !== 'string') return
    this.#silent.delete(tab)
    if (typeof room !== 'string') return this.#forget([tab])
    if (this.#rooms.size >= tabsMax) return
    this.#rooms.set(tab, room)
    this.#changed(new Set(this.#rooms.values()))
  }

  #forget(tabs: readonly string[]): void {
    for (const tab of tabs) this.#rooms.delete(tab)
    this.#changed(new Set(this.#rooms.values()))
  }
}

export const tabChannel = (): TabChannel | null => attempt(() => new BroadcastChannel('p2pchat.rooms'))
