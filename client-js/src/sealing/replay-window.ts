/**
 * Remembers which counters have come, so that nothing that was sealed once is taken twice. What is much older than the latest
 * counts as seen: frames overtake each other by little (RFC 4303 section 3.4.3 has the same for packets).
 */

/** Some eight seconds of a camera in three sizes and a screen. */
const windowSize = 1_024

export class ReplayWindow {
  #latest: number
  readonly #seen: Uint8Array

  /** All up to `latest` have come already; none by default. */
  constructor(latest = -1) {
    this.#latest = latest
    this.#seen = new Uint8Array(windowSize).fill(1)
  }

  get latest(): number {
    return this.#latest
  }

  isNew(counter: number): boolean {
    if (counter > this.#latest) return true
    return counter > this.#latest - windowSize && this.#seen[counter % windowSize] === 0
  }

  /** Only once it has proved to be what it says. */
  take(counter: number): void {
    if (counter > this.#latest) {
      const passed = Math.min(counter - this.#latest, windowSize)
      for (let back = 0; back < passed; back++) this.#seen[(counter - back) % windowSize] = 0
      this.#latest = counter
    }
    this.#seen[counter % windowSize] = 1
  }
}
