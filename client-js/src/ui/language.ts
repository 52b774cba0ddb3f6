/**
 * The language that the page speaks now, and what the root of the page says of its language and theme. Whoever reads
 * texts or a locale while drawing is drawn again when the language changes.
 */
import { signal } from '@preact/signals'
import type { Theme } from '../app/settings.ts'
import { en, type Texts } from './texts/en.ts'
import { isLanguage, type Language, languageFor, languages, localeFor } from './texts/languages.ts'

type Spoken = {
  readonly language: Language
  readonly tag: string
  readonly rightToLeft: boolean
  readonly locale: string
  readonly words: Texts
}

export const spoken = signal<Spoken>({
  language: 'en',
  tag: 'en',
  rightToLeft: false,
  locale: 'en',
  words: en,
})

let asked = 0

/** `choice` is a language, or empty for the reader's own. Words that cannot be loaded leave everything as it is. */
export const speak = async (choice: string, wanted: readonly string[]): Promise<void> => {
  const language = isLanguage(choice) ? choice : languageFor(wanted)
  asked += 1
  const mine = asked
  const { tag, rightToLeft, load } = languages[language]
  try {
    const words: Texts = await load()
    if (mine === asked)
      spoken.value = { language, tag, rightToLeft, locale: localeFor(language, wanted), words }
  } catch {
    // The next choice, or the next page, tries again.
  }
}

export const locale = (): string => spoken.value.locale

/**
 * The texts of that language. To be called while drawing: what is read when a file is loaded stays in the first
 * language.
 */
export const texts = (): Texts => spoken.value.words

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
