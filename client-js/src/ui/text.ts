/** Owns how the texts of the page are looked up. */
import { spoken } from './language.ts'
import type { Texts } from './texts/en.ts'

/**
 * The texts in the language that is spoken now. Whoever asks while drawing is drawn again when the language changes. Ask
 * where a text is needed, and do not keep what came: kept, it stays in the language of that moment.
 */
export const text = (): Texts => spoken.value.words
