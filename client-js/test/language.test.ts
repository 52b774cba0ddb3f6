/** Which language is spoken, and how numbers go with words. */
import { expect, test } from 'vitest'
import { en } from '../src/ui/texts/en.ts'
import { languageFor, languages, localeFor } from '../src/ui/texts/languages.ts'
import { plurals } from '../src/ui/texts/plural.ts'

test.each([
  [['en-GB', 'de'], 'en', 'en-GB'],
  [['tlh', 'EN-us'], 'en', 'EN-us'],
  [['de-AT', 'en'], 'de', 'de-AT'],
  [['zh-TW'], 'zh', 'zh-TW'],
  [['ar-EG'], 'ar', 'ar-EG'],
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

type Saying = (...given: never[]) => unknown
const isSaying = (value: unknown): value is Saying => typeof value === 'function'

/** Every text of a language under its path. A function is asked with what makes a sentence of it in English. */
const said = (value: unknown, path: string, english: unknown = value): [string, string][] => {
  if (typeof value === 'string') return [[path, value]]
  if (isSaying(value) && isSaying(english)) return [[path, String(value(...(given(english) as never[])))]]
  const inner = new Map(Object.entries(english ?? {}))
  return Object.entries(value ?? {}).flatMap(([key, it]) => said(it, `${path}.${key}`, inner.get(key)))
}

/** Names, numbers, or a list of names. */
const given = (text: Saying): readonly unknown[] => {
  const fits = [['@1', 7, 8], [7, 8, 9], [['@1', '@2']]].find(it => {
    try {
      return !/undefined|NaN|,/.test(String(text(...(it as never[]))).replace(/, /g, ''))
    } catch {
      return false
    }
  })
  if (!fits) throw new Error('says nothing')
  return fits
}

test.each(Object.entries(languages).filter(([name]) => name !== 'en'))(
  '%s says everything in its own words',
  async (_name, { load }) => {
    const [first, second] = [new Map(said(en, 'en')), new Map(said(await load(), 'en', en))]
    expect([...second.keys()]).toEqual([...first.keys()])
    for (const [path, text] of second) {
      expect(text.trim(), path).not.toBe('')
      // What is handed in is handed on.
      for (const mark of ['@1', '@2', '7', '8', '9'])
        if (first.get(path)?.includes(mark)) expect(text, path).toContain(mark)
    }
    const same = [...second].filter(
      ([path, text]) => text === first.get(path) && /[a-z]{4,} [a-z]/i.test(text),
    )
    expect(same).toEqual([])
  },
)

test('Arabic counts as Arabic does', async () => {
  const { chat } = await languages.ar.load()
  expect([1, 2, 3, 11, 100].map(chat.toEnd)).toEqual([
    'رسالة جديدة',
    'رسالتان جديدتان',
    '3 رسائل جديدة',
    '11 رسالة جديدة',
    '100 رسالة جديدة',
  ])
})
