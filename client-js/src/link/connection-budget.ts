/**
 * How many connections somebody may have us make. Every way in which a peer causes one is charged here: an offer of its
 * own, an offer through a star's host, and a download in the original's words. A browser refuses to make any after some
 * hundreds, and then reaches nobody.
 */
import { type Pace, TokenBucket } from '../base/token-bucket.ts'

/** A peer that calls again and again waits up to 20 s between, and a large file takes four connections. */
const pace: Pace = { burst: 24, perSecond: 0.2 }
const peersMax = 200

export class ConnectionBudget {
  readonly #now: () => number
  readonly #peers = new Map<string, TokenBucket>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether one more may be made because of this peer or member. */
  take(who: string): boolean {
    return this.#bucketOf(who).take(this.#now())
  }

  #bucketOf(who: string): TokenBucket {
    const known = this.#peers.get(who)
    if (known) return known
    const [oldest] = this.#peers.keys()
    if (oldest !== undefined && this.#peers.size >= peersMax) this.#peers.delete(oldest)
    const made = new TokenBucket(pace)
    this.#peers.set(who, made)
    return made
  }
}
