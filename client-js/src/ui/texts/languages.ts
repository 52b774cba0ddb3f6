/** Owns which languages the page speaks: how each calls itself, and where its words are. All but the first are loaded when wanted. */
import { en, type Texts } from './en.ts'

type Entry = {
  /** In the language itself. */
  readonly name: string
  /** What the page says of itself. */
  readonly tag: string
  readonly rightToLeft: boolean
  readonly load: () => Promise<Texts>
}

export const languages = {
  en: { name: 'English', tag: 'en', rightToLeft: false, load: async () => en },
} as const satisfies Record<string, Entry>

export type Language = keyof typeof languages

export const isLanguage = (value: string): value is Language => Object.hasOwn(languages, value)

/** The first of the wanted languages that the page speaks; a wish for Austrian German is one for German. */
export const languageFor = (wanted: readonly string[]): Language =>
  wanted.map(primary).find(isLanguage) ?? 'en'

/** Times and numbers as the reader's region writes them, if the region's language is the page's. */
export const localeFor = (language: Language, wanted: readonly string[]): string =>
  wanted.find(tag => primary(tag) === language) ?? languages[language].tag

const primary = (tag: string): string => tag.toLowerCase().split('-')[0] ?? ''
