/**
 * Typed events. One listener's failure does not reach the others, and who listens later hears only what happens later.
 */
export class Events<Kinds extends object> {
  readonly #listeners = new Map<keyof Kinds, Set<(event: never) => void>>()

  /** Calls `listener` for every event of that kind until the function it gives back is called. */
  on<Kind extends keyof Kinds>(kind: Kind, listener: (event: Kinds[Kind]) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set()
    this.#listeners.set(kind, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  emit<Kind extends keyof Kinds>(kind: Kind, event: Kinds[Kind]): void {
    for (const listener of [...(this.#listeners.get(kind) ?? [])]) {
      try {
        listener(event as never)
      } catch (error) {
        // It is reported to the page's own console and error handlers; the other listeners are still called.
        reportError(error)
      }
    }
  }
}
