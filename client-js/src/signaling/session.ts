/**
 * Our session at the server, which outlives the connections that carry it: how many events either side has sent, and the
 * last of ours, which are sent again over the next connection if the server has not handled them. As in XEP-0198, the
 * numbers are counted and not sent. Pure but for its own counts.
 */
import type { ResumeAnswer, Resumed, ResumeRecord } from '../wire/resume.ts'

export type SentEvent = { readonly event: string; readonly body: unknown }
type Kept = SentEvent & { readonly units: number }

/** So much is kept of what was sent last. */
export const keptEventsMax = 256
export const keptUnitsMax = 262_144
/** After so much has been received, or so long after the last event, the server is told, and lets go of it. */
export const ackEvents = 64
export const ackUnits = 65_536
export const ackAfterMs = 5_000

/** What of our own has to be sent again, and whether something may be lost: in either direction. */
export type GoingOn = { readonly again: readonly SentEvent[]; readonly complete: boolean }

export class ServerSession {
  #token: string | null = null
  #received = 0
  #sent = 0
  #kept: Kept[] = []
  #keptUnits = 0
  #unacked = { events: 0, units: 0 }

  /** `record` is what an earlier page of the same tab has left. */
  constructor(record: ResumeRecord | null) {
    if (!record) return
    this.#token = record.token
    this.#received = record.received
    this.#sent = record.sent
  }

  /** The server knows how to go on with it. */
  get isResumable(): boolean {
    return this.#token !== null
  }

  /** What to show the server; null for a new session. */
  get record(): ResumeRecord | null {
    return this.#token === null ? null : { token: this.#token, received: this.#received, sent: this.#sent }
  }

  get received(): number {
    return this.#received
  }

  /** The server has answered. A new session counts from nothing, and what was sent in another is lost with it. */
  begin(answer: ResumeAnswer | null): GoingOn {
    this.#token = answer?.token ?? null
    const resumed = answer?.resumed ?? null
    if (resumed) return this.#goOn(resumed)
    this.#received = 0
    this.#sent = 0
    this.#letGo()
    this.#unacked = { events: 0, units: 0 }
    return { again: [], complete: false }
  }

  #goOn({ received, complete }: Resumed): GoingOn {
    const missing = Math.max(0, this.#sent - received)
    const again = missing === 0 ? [] : this.#kept.slice(-missing)
    // What is not sent again is not counted either: the server goes on from what it has handled.
    this.#sent = received + again.length
    this.#kept = again
    this.#keptUnits = again.reduce((sum, { units }) => sum + units, 0)
    return { again, complete: complete && again.length === missing }
  }

  /** Kept until it can be said that the server has it, as far as there is room for it. */
  keep(event: string, body: unknown): void {
    if (this.#token === null) return
    const units = JSON.stringify(body)?.length ?? 0
    this.#sent += 1
    this.#kept.push({ event, body, units })
    this.#keptUnits += units
    while (this.#kept.length > keptEventsMax || (this.#keptUnits > keptUnitsMax && this.#kept.length > 0))
      this.#keptUnits -= this.#kept.shift()?.units ?? 0
  }

  /** True when it is time to tell the server how much has come. */
  count(body: unknown): boolean {
    if (this.#token === null) return false
    this.#received += 1
    this.#unacked.events += 1
    this.#unacked.units += JSON.stringify(body)?.length ?? 0
    return this.#unacked.events >= ackEvents || this.#unacked.units >= ackUnits
  }

  /** Whether there is anything to tell. */
  acknowledge(): boolean {
    const some = this.#unacked.events > 0
    this.#unacked = { events: 0, units: 0 }
    return some
  }

  #letGo(): void {
    this.#kept = []
    this.#keptUnits = 0
  }
}
