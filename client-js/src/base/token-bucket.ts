/**
 * A token bucket: what somebody may cause at once, and how fast that comes back. It keeps no clock; whoever takes from
 * it says what time it is.
 */
export type Pace = {
  /** So much at once, after a rest. */
  readonly burst: number
  readonly perSecond: number
}

export class TokenBucket {
  readonly #pace: Pace
  #tokens: number
  #at: number | null = null

  constructor(pace: Pace) {
    this.#pace = pace
    this.#tokens = pace.burst
  }

  /** How much of `price` is paid for; milliseconds, of any clock that does not go back. */
  takeUpTo(price: number, at: number): number {
    this.#refill(at)
    const paid = Math.min(price, Math.floor(this.#tokens))
    this.#tokens -= paid
    return paid
  }

  /** Nothing is taken where it is too little. */
  take(at: number, price = 1): boolean {
    this.#refill(at)
    if (this.#tokens < price) return false
    this.#tokens -= price
    return true
  }

  #refill(at: number): void {
    const { burst, perSecond } = this.#pace
    const passed = Math.max(0, at - (this.#at ?? at))
    this.#tokens = Math.min(burst, this.#tokens + (passed / 1_000) * perSecond)
    this.#at = at
  }
}
