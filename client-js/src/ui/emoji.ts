/**
 * The emoji that there are to choose from: in groups, with their names in the language of the page, found by these, and
 * in the tone of skin that somebody wants. Loaded when a picker is opened for the first time. Pure, but for that.
 */
import { recentEmojiMax, type SkinTone } from '../app/settings.ts'
import type { Language } from './texts/languages.ts'

export const groupNames = [
  'smileys',
  'people',
  'nature',
  'food',
  'travel',
  'activities',
  'objects',
  'symbols',
  'flags',
] as const
export type GroupName = (typeof groupNames)[number]

export type Emoji = {
  /** Without a tone of skin. */
  readonly emoji: string
  readonly name: string
  readonly toned: boolean
  /** Name and further words, as `plainWords` has them, each behind a space. */
  readonly words: string
}

export type EmojiSet = {
  readonly groups: Readonly<Record<GroupName, readonly Emoji[]>>
  readonly all: ReadonlyMap<string, Emoji>
}

const words: Readonly<Record<Language, () => Promise<{ default: string }>>> = {
  en: () => import('virtual:emoji/en'),
  de: () => import('virtual:emoji/de'),
  fr: () => import('virtual:emoji/fr'),
  es: () => import('virtual:emoji/es'),
  zh: () => import('virtual:emoji/zh'),
  ar: () => import('virtual:emoji/ar'),
}

export const loadEmoji = async (language: Language): Promise<EmojiSet> => {
  const [{ default: list }, { default: lines }] = await Promise.all([
    import('virtual:emoji/list'),
    words[language](),
  ])
  const names = lines.split('\n')
  const toned = new Set(list.toned.split(' '))
  const regions = new Intl.DisplayNames(language, { type: 'region' })
  const all = new Map<string, Emoji>()
  const groups = list.groups.map(group =>
    group.split(' ').map(emoji => {
      const line = names[all.size] || (regions.of(countryOf(emoji)) ?? emoji)
      const [name = emoji] = line.split('|')
      const made = {
        emoji,
        name,
        toned: toned.has(emoji),
        words: ` ${plainWords(line.replaceAll('|', ' '))}`,
      }
      all.set(emoji, made)
      return made
    }),
  )
  const named = groupNames.map((name, at) => [name, groups[at] ?? []])
  return { groups: Object.fromEntries(named), all }
}

/** A flag is spelt with its country's two letters. */
const countryOf = (flag: string): string =>
  [...flag].map(letter => String.fromCharCode((letter.codePointAt(0) ?? 0) - 0x1f1e6 + 65)).join('')

/** Small letters without accents, so that nobody has to type them. */
const plainWords = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** What holds all the words that were typed. First what is called so, then what has words that begin so. */
export const findEmoji = ({ all }: EmojiSet, typed: string): readonly Emoji[] => {
  const wanted = plainWords(typed).split(/\s+/).filter(Boolean)
  const rank = ({ name, words }: Emoji): number => {
    const called = ` ${plainWords(name)} `
    if (wanted.every(word => called.includes(` ${word} `))) return 0
    return wanted.every(word => words.includes(` ${word}`)) ? 1 : 2
  }
  const found = [...all.values()].filter(it => wanted.every(word => it.words.includes(word)))
  const ranked = found.map(it => [rank(it), it] as const)
  return [0, 1, 2].flatMap(place => ranked.flatMap(([its, it]) => (its === place ? [it] : [])))
}

/** A hand that two people hold each other by has the tones of their own. */
const bearers = /(?!(?<=\u200d)🤝)(\p{Emoji_Modifier_Base})\ufe0f?/gu

export const inTone = ({ emoji, toned }: Emoji, tone: SkinTone): string =>
  toned && tone !== '' ? emoji.replace(bearers, `$1${tone}`) : emoji

/** What many people want, behind what was chosen last. */
const usual = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀', '😊', '👏', '🔥', '✅', '🤔', '😍', '👋', '💯']

export const oftenUsed = ({ all }: EmojiSet, recent: readonly string[]): readonly Emoji[] => {
  const found = [...recent, ...usual].flatMap(emoji => all.get(emoji) ?? [])
  return [...new Set(found)].slice(0, recentEmojiMax)
}

export const withRecent = (recent: readonly string[], emoji: string): readonly string[] =>
  [emoji, ...recent.filter(it => it !== emoji)].slice(0, recentEmojiMax)
