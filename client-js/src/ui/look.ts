/** Owns what the root of the page says of itself: language, direction, theme. */
import type { Theme } from '../app/settings.ts'
import { spoken } from './language.ts'

export const applyLanguage = (): void => {
  const root = document.documentElement
  root.lang = spoken.value.tag
  root.dir = spoken.value.rightToLeft ? 'rtl' : 'ltr'
}

/** The style sheets go by the root; the browser's own edge goes by the `theme-color` that applies. */
export const applyTheme = (theme: Theme): void => {
  const root = document.documentElement
  if (theme === 'auto') delete root.dataset['theme']
  else root.dataset['theme'] = theme
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[data-shade]')) {
    const shade = meta.dataset['shade'] ?? ''
    meta.media = theme === 'auto' ? `(prefers-color-scheme: ${shade})` : theme === shade ? 'all' : 'not all'
  }
}
