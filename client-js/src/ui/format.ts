/** Turns values into words and pieces of text. Pure; what comes out is always set as text, never as markup. */
import { invisible, strayJoiners } from '../base/text.ts'
import { locale, spoken } from './language.ts'
import { inText } from './texts/isolate.ts'

const unseen = new RegExp(`[${invisible}]`, 'gu')

/**
 * A name as others gave it: on one line, with nothing in it that turns the text around it, and the same whichever way
 * its accents were composed.
 */
export const shownName = (name: string): string =>
  name.normalize('NFC').replace(unseen, ' ').replace(strayJoiners, '').replace(/\s+/gu, ' ').trim() || '?'

const excerptUnits = 120

/** The beginning, on one line. */
export const excerpt = (text: string): string => {
  const line = text
    .replace(/```|\s+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
  return line.length <= excerptUnits ? line : `${[...line.slice(0, excerptUnits)].slice(0, -1).join('')}…`
}

/** What a reader takes for one character: a flag, or a letter with its accents. Older browsers see code points. */
const firstCharacter = (word: string): string => {
  if (typeof Intl.Segmenter !== 'function') return [...word][0] ?? ''
  const [first] = new Intl.Segmenter(locale(), { granularity: 'grapheme' }).segment(word)
  return first?.segment ?? ''
}

export const initials = (name: string): string => {
  const words = shownName(name).split(' ')
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined]
  return letters
    .map(word => firstCharacter(word ?? ''))
    .join('')
    .toLocaleUpperCase(locale())
}

export const hues = 8

/** The same name has the same colour everywhere. */
export const hueOf = (name: string): number => {
  let sum = 0
  for (const char of shownName(name)) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521
  return sum % hues
}

/** The time of day, and the day too where it is not today. */
export const clock = (at: number): string => {
  const then = new Date(at)
  const today = then.toDateString() === new Date().toDateString()
  const day = today ? {} : ({ day: 'numeric', month: 'short' } as const)
  return then.toLocaleString(locale(), { ...day, hour: '2-digit', minute: '2-digit' })
}

const minuteMs = 60_000

/** From when to when, with the day. */
export const appointment = (
  { from, minutes }: { from: number; minutes: number },
  dateStyle: 'full' | 'medium',
): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle, timeStyle: 'short' }).formatRange(
    from,
    from + minutes * minuteMs,
  )

/** Several names as one would say them, each in its own direction. */
export const listed = (names: readonly string[]): string => {
  const direction = spoken.value.rightToLeft ? 'rtl' : 'ltr'
  return new Intl.ListFormat(locale()).format(names.map(name => inText(direction, name)))
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** In steps of a thousand, as systems and shops count, with as many digits as are worth reading. */
export const bytesText = (bytes: number): string => {
  const step = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1_000 ** step
  const digits = step === 0 || value >= 100 ? 0 : 1
  return value.toLocaleString(locale(), {
    style: 'unit',
    unit: units[step],
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: digits,
  })
}

export const perSecondText = (bytes: number): string => `${bytesText(bytes)}/s`

const steps = [
  { unit: 'hour', seconds: 3_600 },
  { unit: 'minute', seconds: 60 },
  { unit: 'second', seconds: 1 },
] as const

/** The largest unit that is reached, rounded up: nobody waits for the seconds of an hour. */
export const secondsText = (seconds: number): string => {
  const step = steps.find(it => seconds >= it.seconds) ?? steps[2]
  return Math.ceil(seconds / step.seconds).toLocaleString(locale(), {
    style: 'unit',
    unit: step.unit,
    unitDisplay: 'short',
  })
}
