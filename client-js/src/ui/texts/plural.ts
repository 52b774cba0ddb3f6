/** How a number and the words that go with it are chosen: each language has rules of its own. */

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string }

/** `#` stands for the number. */
export const plurals = (language: string): ((count: number, forms: Forms) => string) => {
  const rules = new Intl.PluralRules(language)
  const numbers = new Intl.NumberFormat(language)
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count))
}
