/** Owns the words of the page in the language that is spoken now. Read them while drawing, not when a file is loaded. */
import { spoken } from './language.ts'
import { en, type Texts } from './texts/en.ts'

export const text: Texts = new Proxy(en, {
  get: (_first, section) => Reflect.get(spoken.value.words, section),
})
