/** The emoji to choose from: what is there, how it is found, and what is remembered. */
import { describe, expect, test } from 'vitest'
import { recentEmojiMax, skinTones } from '../src/app/settings.ts'
import {
  type EmojiSet,
  findEmoji,
  groupNames,
  inTone,
  loadEmoji,
  oftenUsed,
  withRecent,
} from '../src/ui/emoji.ts'
import { type Language, languages } from '../src/ui/texts/languages.ts'
import { isEmoji } from '../src/wire/chat.ts'

const spoken = Object.keys(languages) as Language[]
const loaded = new Map(await Promise.all(spoken.map(async it => [it, await loadEmoji(it)] as const)))
const set = (language: Language): EmojiSet => loaded.get(language) ?? expect.fail(`no ${language}`)
const english = set('en')
const found = (typed: string, language: Language = 'en'): string[] =>
  findEmoji(set(language), typed).map(({ emoji }) => emoji)
const known = (emoji: string) => english.all.get(emoji) ?? expect.fail(`no ${emoji}`)

test('every group has its own', () => {
  const first = groupNames.map(name => english.groups[name][0]?.emoji)
  expect(first).toEqual(['😀', '👋', '🐵', '🍇', '🌍', '🎃', '👓', '🏧', '🏁'])
  expect(english.all.size).toBeGreaterThan(1_700)
})

test('whatever is offered can be put to a message, in every tone', () => {
  const refused = [...english.all.values()].flatMap(it =>
    skinTones.map(tone => inTone(it, tone)).filter(emoji => !isEmoji(emoji)),
  )
  expect(refused).toEqual([])
})

test.each(spoken)('in %s everything has a name, and few share one', language => {
  const names = [...set(language).all.values()].map(({ name }) => name)
  expect(names.filter(name => name.trim() === '' || /\p{Extended_Pictographic}/u.test(name))).toEqual([])
  expect(new Set(names).size).toBeGreaterThan(names.length * 0.97)
})

/** Names of several words that are the same as in English all the same. Of one word there are many: taxi, radio. */
const alike: Readonly<Partial<Record<Language, readonly string[]>>> = {
  fr: ['hot dog', 'love hotel', 'yin yang'],
  es: ['yin yang'],
}

test.each(spoken.filter(it => it !== 'en'))(
  'in %s few names are the English ones: words that both have',
  language => {
    const names = [...set(language).all.values()].flatMap(({ emoji, name }) =>
      name === known(emoji).name && !/\p{Regional_Indicator}/u.test(emoji) ? [name] : [],
    )
    expect(names.filter(name => /\P{L}/u.test(name.replace('-', '')))).toEqual(alike[language] ?? [])
    if (language === 'zh' || language === 'ar') expect(names).toEqual([])
  },
)

test.each<[Language, string, string, string]>([
  ['en', 'keycap: 10', 'flag: England', 'woman: red hair'],
  ['de', 'Taste: 10', 'Flagge: England', 'Frau: rotes Haar'],
  ['zh', '按键: 10', '旗: 英格兰', '女人: 红发'],
  ['ar', 'مفتاح: 10', 'علم: إنجلترا', 'سيدة: شعر أحمر'],
])('in %s what is put together has its name', (language, ...names) => {
  expect(['🔟', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩‍🦰'].map(emoji => set(language).all.get(emoji)?.name)).toEqual(names)
})

describe('what is typed', () => {
  test.each<[Language, string, string]>([
    ['en', 'grinning face', '😀'],
    ['en', 'TEA', '🍵'],
    ['en', 'germ', '🇩🇪'],
    ['en', 'red hair', '👩‍🦰'],
    ['de', 'Herz rot', '❤️'],
    ['de', 'österreich', '🇦🇹'],
    ['fr', 'fete', '🎉'],
    ['es', 'corazon', '❤️'],
    ['zh', '咖啡', '☕'],
    ['ar', 'قلب', '❤️'],
  ])('%s: “%s” finds %s', (language, typed, emoji) => expect(found(typed, language)).toContain(emoji))

  test('what begins so comes before what only contains it', () => {
    const begins = found('cat').map(emoji => known(emoji).words.includes(' cat'))
    expect(begins).toEqual([...begins].sort().reverse())
    expect(new Set(begins).size).toBe(2)
  })

  test('what is called by the very word comes before what only has to do with it', () => {
    const places = ['❤️', '🥰'].map(emoji => found('Herz', 'de').indexOf(emoji))
    expect(places[0]).toBeGreaterThanOrEqual(0)
    expect(places[1]).toBeGreaterThan(places[0] ?? 99)
  })
  test('that nothing is called so is no fault', () => expect(found('qqqq')).toEqual([]))
})

test('a tone goes to everybody in the drawing, and to nothing else', () => {
  expect(inTone(known('👋'), '🏽')).toBe('👋🏽')
  expect(inTone(known('☝️'), '🏽')).toBe('☝🏽')
  expect(inTone(known('👩‍🚀'), '🏿')).toBe('👩🏿‍🚀')
  expect(inTone(known('🧑‍🤝‍🧑'), '🏻')).toBe('🧑🏻‍🤝‍🧑🏻')
  expect(inTone(known('🤝'), '🏻')).toBe('🤝🏻')
  expect(inTone(known('😀'), '🏻')).toBe('😀')
  expect(inTone(known('👋'), '')).toBe('👋')
})

test('what was chosen last comes first, once, and no more than there is room for', () => {
  let recent: readonly string[] = []
  for (const emoji of ['☕', '🍵', '☕']) recent = withRecent(recent, emoji)
  expect(recent).toEqual(['☕', '🍵'])
  expect(oftenUsed(english, recent).slice(0, 3)).toEqual([known('☕'), known('🍵'), known('👍')])
  expect(oftenUsed(english, ['no emoji'])[0]).toEqual(known('👍'))
  for (const { emoji } of english.groups.food) recent = withRecent(recent, emoji)
  expect(recent).toHaveLength(recentEmojiMax)
})
