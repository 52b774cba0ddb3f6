/** Owns the one place from which things are said to those who do not see them happen. */
import { signal } from '@preact/signals'

const words = signal<{ readonly key: number; readonly text: string }>({ key: 0, text: '' })

/** The same words twice are said twice, since they are a new element each time. */
export const announce = (text: string): void => {
  words.value = { key: words.value.key + 1, text }
}

export const Announcer = () => (
  <div class="sr-only" role="status" aria-live="polite">
    <p key={words.value.key}>{words.value.text}</p>
  </div>
)
