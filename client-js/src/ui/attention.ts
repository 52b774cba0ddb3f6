/** Owns whether anybody looks at the page, as far as a page can know. */
import { signal } from '@preact/signals'

const looking = (): boolean => document.visibilityState === 'visible'

export const visible = signal(looking())

document.addEventListener('visibilitychange', () => {
  visible.value = looking()
})
