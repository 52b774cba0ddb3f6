/** Which languages the page speaks: how each calls itself, and where its words are. All but the first are loaded when wanted. */
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
  de: { name: 'Deutsch', tag: 'de', rightToLeft: false, load: () => import('./de.ts').then(it => it.de) },
  fr: { name: 'Français', tag: 'fr', rightToLeft: false, load: () => import('./fr.ts').then(it => it.fr) },
  es: { name: 'Español', tag: 'es', rightToLeft: false, load: () => import('./es.ts').then(it => it.es) },
  zh: {
    name: '简体中文',
    tag: 'zh-Hans',
    rightToLeft: false,
    load: () => import('./zh.ts').then(it => it.zh),
  },
  ar: { name: 'العربية', tag: 'ar', rightToLeft: true, load: () => import('./ar.ts').then(it => it.ar) },
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
