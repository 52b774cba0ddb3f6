/**
 * The emoji that the page offers, and what they are called in its languages, as modules that are made when the page is
 * built: `virtual:emoji/list`, and one for each language. The groups and their order are Unicode's (unicode-emoji-json),
 * the words are those of its locale data, which has all our languages: cldr-annotations-full, and for what is put
 * together of others cldr-annotations-derived-full. Other packages leave out Arabic, or hold ten times as much as is
 * shown.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'

const prefix = 'virtual:emoji/'
const required = createRequire(import.meta.url)
const read = (path: string): unknown => JSON.parse(readFileSync(required.resolve(path), 'utf8'))

type Known = Readonly<Record<string, { group: string; emoji_version: string; skin_tone_support: boolean }>>
type Annotations = Readonly<Record<string, { default?: readonly string[]; tts?: readonly string[] }>>

/** Of 2022, which by now is drawn by systems that are still in use. */
const versionMax = 15
/** A name and so many further words, less what says nothing that the name does not. */
const wordsMax = 5

/** A digit on a key is no drawing for those who receive it. */
const isKey = (emoji: string): boolean => emoji.includes('\u20e3')
/** The flag of a country, which the browser itself can name. */
const isCountry = (emoji: string): boolean => /^\p{Regional_Indicator}{2}$/u.test(emoji)

const offered = () =>
  Object.entries(read('unicode-emoji-json/data-by-emoji.json') as Known).filter(
    ([emoji, { emoji_version }]) => Number(emoji_version) <= versionMax && !isKey(emoji),
  )

/** Groups in Unicode's order; and those that come in several tones of skin. */
const list = (): object => {
  const groups = new Map<string, string[]>()
  for (const [emoji, { group }] of offered()) groups.set(group, [...(groups.get(group) ?? []), emoji])
  const toned = offered().flatMap(([emoji, { skin_tone_support }]) => (skin_tone_support ? [emoji] : []))
  return { groups: [...groups.values()].map(it => it.join(' ')), toned: toned.join(' ') }
}

const plain = (emoji: string): string => emoji.replaceAll('\ufe0f', '')

const annotationsOf = (language: string): Annotations => {
  const { annotations } = read(`cldr-annotations-full/annotations/${language}/annotations.json`) as {
    annotations: { annotations: Annotations }
  }
  const { annotationsDerived } = read(
    `cldr-annotations-derived-full/annotationsDerived/${language}/annotations.json`,
  ) as { annotationsDerived: { annotations: Annotations } }
  return { ...annotationsDerived.annotations, ...annotations.annotations }
}

/** A line each, in the order of the list: the name, and further words. Nothing for countries. */
const words = (language: string): string => {
  const annotations = annotationsOf(language)
  const lines = offered().map(([emoji]) => {
    if (isCountry(emoji)) return ''
    const { tts: [name] = [], default: all = [] } = annotations[plain(emoji)] ?? {}
    if (name === undefined) throw new Error(`${emoji} has no name in ${language}`)
    const further = all.map(word => word.toLowerCase()).filter(word => !name.toLowerCase().includes(word))
    return [name, ...new Set(further)].slice(0, 1 + wordsMax).join('|')
  })
  return lines.join('\n')
}

export const emoji = (): Plugin => ({
  name: 'emoji',
  resolveId: id => (id.startsWith(prefix) ? `\0${id}` : null),
  load: id => {
    if (!id.startsWith(`\0${prefix}`)) return null
    const wanted = id.slice(prefix.length + 1)
    return `export default ${JSON.stringify(wanted === 'list' ? list() : words(wanted))}`
  },
})
