/** Owns which language the page speaks now. Whoever reads words or a locale while drawing is drawn again when it changes. */
import { signal } from '@preact/signals'
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
