/**
 * Hears that the network may have changed under the page: it is back, it is another, the page is seen again, or the device
 * has slept, which shows by a clock that jumped. What is done about it is decided elsewhere.
 */
export type NetworkPorts = {
  /** What goes over the old network leads nowhere any more. */
  readonly changed: () => void
  /** Something may have broken unnoticed. */
  readonly doubted: () => void
}

/** Of the Network Information API, which is no standard and not everywhere: https://wicg.github.io/netinfo/ */
type NetworkInformation = EventTarget & { readonly type?: string }

/** Where there is no page, as in a test, nothing is heard. */
type Surroundings = {
  readonly page: EventTarget | null
  readonly document: (EventTarget & { readonly visibilityState: DocumentVisibilityState }) | null
  readonly connection: NetworkInformation | null
  readonly now: () => number
}

const surroundings = (): Surroundings => {
  const page = 'document' in globalThis ? globalThis : null
  const connection = page && (navigator as { connection?: NetworkInformation }).connection
  return { page, document: page && document, connection: connection ?? null, now: () => Date.now() }
}

const tickMs = 2_000
/** Pages that are not seen have their timers held back by a minute, which is no sleep. */
const sleptMs = 10_000
const sleptHiddenMs = 90_000

/** Until the function given back is called. */
export const watchNetwork = (
  { changed, doubted }: NetworkPorts,
  { page, document, connection, now }: Surroundings = surroundings(),
): (() => void) => {
  const off = new AbortController()
  const { signal } = off
  const isVisible = (): boolean => document?.visibilityState !== 'hidden'
  page?.addEventListener('online', changed, { signal })
  // It comes with every page, whose first connection is just being made, and not only with one that was brought back.
  page?.addEventListener('pageshow', event => 'persisted' in event && event.persisted && doubted(), {
    signal,
  })
  document?.addEventListener('visibilitychange', () => isVisible() && doubted(), { signal })
  // Chromium tells of a page that goes on after it was frozen: https://wicg.github.io/page-lifecycle/
  document?.addEventListener('resume', doubted, { signal })
  let kind = connection?.type
  const connectionChanged = (): void => {
    // It tells of every change of an estimate too.
    const before = kind
    kind = connection?.type
    if (kind !== before && kind !== 'none') changed()
  }
  connection?.addEventListener('change', connectionChanged, { signal })
  let at = now()
  const ticking = setInterval(() => {
    const gap = now() - at
    at = now()
    if (gap > tickMs + (isVisible() ? sleptMs : sleptHiddenMs)) doubted()
  }, tickMs)
  return () => {
    off.abort()
    clearInterval(ticking)
  }
}
