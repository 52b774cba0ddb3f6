/**
 * Parts of the page that are loaded on their own, when they are wanted or ahead of that. Whoever is in a room may lose the
 * server at any moment and goes on without it, and what has not been loaded by then cannot be had. A browser may also
 * remember that a file could not be loaded, and never ask for it again (whatwg/html#6768).
 */

type Load<Part> = () => Promise<Part>

/** Those that nobody has wanted yet. */
const unloaded = new Set<Load<unknown>>()

/** The same load, done once and remembered: by whoever wants the part first, or by `loadAhead`. */
export const loadedOnce = <Part>(load: Load<Part>): Load<Part> => {
  let loading: Promise<Part> | null = null
  const once = (): Promise<Part> => {
    loading ??= load().then(
      part => {
        unloaded.delete(once)
        return part
      },
      (error: unknown) => {
        loading = null
        throw error
      },
    )
    return loading
  }
  unloaded.add(once)
  return once
}

/**
 * Loads all that is missing, one part after the other, and what these parts bring along in turn. Ends at the first one that
 * cannot be had: whoever calls tries again once the server is back.
 */
export const loadAhead = async (): Promise<void> => {
  try {
    for (const once of unloaded) await once()
  } catch {
    // Vite has told of it, and so finds out `app/updates.ts` whether the server has a newer page.
  }
}
