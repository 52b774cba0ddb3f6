/** Which language is spoken, and how numbers go with words. */
import { expect, test } from 'vitest'
import { languageFor, localeFor } from '../src/ui/texts/languages.ts'
import { plurals } from '../src/ui/texts/plural.ts'

test.each([
  [['en-GB', 'de'], 'en', 'en-GB'],
  [['tlh', 'EN-us'], 'en', 'EN-us'],
  [['tlh'], 'en', 'en'],
  [[], 'en', 'en'],
  [['constructor', '__proto__'], 'en', 'en'],
])('%j is answered with %s, as in %s', (wanted, language, locale) => {
  const found = languageFor(wanted)
  expect(found).toBe(language)
  expect(localeFor(found, wanted)).toBe(locale)
})

test('a number chooses the words that go with it', () => {
  const english = plurals('en')
  expect(english(1, { one: '# message', other: '# messages' })).toBe('1 message')
  expect(english(12_000, { one: '# message', other: '# messages' })).toBe('12,000 messages')
  const arabic = plurals('ar')
  expect(arabic(3, { two: 'two', few: 'few', other: 'other' })).toBe('few')
  expect(arabic(2, { two: 'two', few: 'few', other: 'other' })).toBe('two')
})
