/** Both themes can be read: every pair of colours that stand on each other, by the contrast that WCAG asks for. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('../src/ui/styles/base.css', import.meta.url), 'utf8')

/** Of a token, `[light, dark]`. */
const shades = new Map(
  Array.from(
    css.matchAll(/^ +--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/gim),
    ([, name, light, dark]) => [name ?? '', [light ?? '', dark ?? ''] as const] as const,
  ),
)

const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

const contrast = (one: string, other: string): number => {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

const text = 4.5
/** Edges by which a control is recognised. */
const edges = 3

const pairs: readonly (readonly [ink: string, grounds: string, atLeast: number])[] = [
  ['ink', 'ground card sunk accent-wash warn-wash danger-wash', text],
  ['ink-soft', 'ground card sunk accent-wash', text],
  ['accent', 'ground card accent-wash', text],
  ['accent-ink', 'accent accent-strong', text],
  ['warn', 'ground card warn-wash', text],
  ['danger', 'ground card danger-wash', text],
  ['good', 'card', text],
  ['line-strong', 'ground card', edges],
]

const cases = pairs.flatMap(([ink, grounds, atLeast]) =>
  grounds
    .split(' ')
    .flatMap(ground => ['light', 'dark'].map((theme, at) => ({ ink, ground, theme, at, atLeast }))),
)

test.each(cases)('$ink on $ground in the $theme theme', ({ ink, ground, at, atLeast }) => {
  const [one, other] = [shades.get(ink)?.[at], shades.get(ground)?.[at]]
  if (one === undefined || other === undefined) throw new Error('no such colour')
  expect(contrast(one, other)).toBeGreaterThanOrEqual(atLeast)
})
