/**
 * What is done and said while a part of the page cannot be loaded: it is tried again, since a network comes back; and
 * where the server has a newer page by now, which names other files, that is said with a button to load it.
 */
import { signal } from '@preact/signals'
import { texts } from '../language.ts'
import { Icon } from './icon.tsx'

/** The server hands out a newer page than this one. */
export const outdated = signal(false)

/** A network that changes over is back within a second, a server that is started anew within a few. */
const againMs = [1_000, 3_000, 10_000] as const

/**
 * Loads until it is `loaded` or the function given back is called. `failed` after each attempt that failed; the pauses
 * become longer, and the last one stays.
 */
export const keepTrying = <Part,>(
  load: () => Promise<Part>,
  loaded: (part: Part) => void,
  failed: () => void,
): (() => void) => {
  let over = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const attempt = async (count: number): Promise<void> => {
    try {
      const part = await load()
      if (!over) loaded(part)
    } catch {
      if (over) return
      failed()
      timer = setTimeout(() => void attempt(count + 1), againMs[Math.min(count, againMs.length - 1)])
    }
  }
  void attempt(0)
  return () => {
    over = true
    clearTimeout(timer)
  }
}

/** In place of the part. Some browsers remember that a file could not be had; a new page helps there, too. */
export const Missing = () => (
  <div class="help" role="alert">
    <Icon name="warning" />
    <div class="help-words">
      <p>{outdated.value ? texts().dialog.newVersion : texts().dialog.notLoaded}</p>
      <button type="button" class="button button-small" onClick={() => location.reload()}>
        {texts().dialog.reload}
      </button>
    </div>
  </div>
)

/** In place of a window above the page: where it stands, nothing is pushed aside, and it can be seen. */
export const MissingDialog = ({ close }: { close: () => void }) => (
  <div class="help-over">
    <Missing />
    <button type="button" class="button button-icon" onClick={close}>
      <Icon name="close" />
      <span class="sr-only">{texts().dialog.close}</span>
    </button>
  </div>
)

/** For what has no place of its own, as the part that sends files. */
export const OutdatedNotice = () => (outdated.value ? <Missing /> : null)
