/** How a name in another direction is kept from turning the sentence that it stands in (UAX #9, isolates). */

export type Direction = 'ltr' | 'rtl'

/** LEFT-TO-RIGHT ISOLATE to POP DIRECTIONAL ISOLATE, for what runs from left to right wherever it stands: addresses, units. */
export const leftToRight = (piece: string): string => `\u2066${piece}\u2069`

/** What Unicode sets aside for scripts that run from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam, … */
const fromRight = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/**
 * A name as it goes into a text. Between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE it runs in its own direction
 * and touches nothing around it. From left to right only names with letters from the right need that; all others stay
 * as they are, so that they can be searched and copied without invisible characters.
 */
export const inText = (direction: Direction, name: string): string =>
  direction === 'rtl' || fromRight.test(name) ? `\u2068${name}\u2069` : name

/**
 * The tag for a sentence in a language with names and numbers in it: strings that are put in are isolated, numbers are
 * written as the language writes them, with up to one decimal.
 */
export const sentences = (language: string, direction: Direction = 'ltr') => {
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  return (words: TemplateStringsArray, ...pieces: readonly (string | number)[]): string =>
    words.reduce((before, after, index) => {
      const piece = pieces[index - 1] ?? ''
      const written = typeof piece === 'string' ? inText(direction, piece) : numbers.format(piece)
      return `${before}${written}${after}`
    })
}
