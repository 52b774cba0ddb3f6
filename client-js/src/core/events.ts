/**
 * Owns typed events: who listens, and that one listener's failure is its own. No queue: who comes later hears what
 * comes later.
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
        // Said to the page's own console and error handlers; the others still hear.
        reportError(error)
      }
    }
  }
}
