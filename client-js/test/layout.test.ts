/** What holds the page together: every part of a room has a place by name, and a list stays at its end. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { staysAtEnd } from '../src/ui/selectors.ts'

const folder = new URL('../src/ui/styles/', import.meta.url)
const rules = readdirSync(folder).flatMap(file =>
  Array.from(
    readFileSync(new URL(file, folder), 'utf8').matchAll(/([^{}]+)\{([^{}]*)\}/g),
    ([, selector = '', body = '']) => ({ selector: selector.replace(/\/\*.*?\*\//gs, '').trim(), body }),
  ),
)
const sheets = readdirSync(folder)
  .map(file => readFileSync(new URL(file, folder), 'utf8'))
  .join('')
const of = (selector: string): string =>
  rules.flatMap(rule => (rule.selector.split(/,\s*/).includes(selector) ? [rule.body] : [])).join('')

test.each([
  ['.room-head', 'head'],
  ['.talk', 'talk'],
  ['.panel', 'panel'],
])('%s stands in the row that is named for it, whatever else is hidden', (part, area) => {
  expect(of(part)).toContain(`grid-area: ${area};`)
  expect(of(part)).not.toMatch(/grid-(row|column):/)
  expect(of('.room')).toMatch(new RegExp(`"[a-z ]*\\b${area}\\b[a-z ]*"`))
})

test('letters, what holds them, and the widths at which the page is laid out anew follow the text size of the browser', () => {
  const declared = rules.flatMap(({ selector, body }) =>
    Array.from(body.matchAll(/([a-z-]+):([^;]*);/g), ([, name = '', value = '']) => ({
      selector,
      name,
      value,
    })),
  )
  expect(declared.length).toBeGreaterThan(1_000)
  const inPixels = (names: RegExp, atLeast: number): string[] =>
    declared.flatMap(({ selector, name, value }) => {
      // What is left over beside something may be in px, and so may the least that a finger needs.
      const sizes = value.replace(/[-+] \d+px/g, '').replace(/clamp\(\d+px(?=.*rem\))/g, '')
      const found = Array.from(sizes.matchAll(/(\d+)px/g), ([, size]) => Number(size))
      return names.test(name) && found.some(size => size >= atLeast) ? [`${selector}: ${name}:${value}`] : []
    })
  expect(inPixels(/^font(-size)?$/, 0)).toEqual([])
  // The strip beside the stage holds pictures, whose names are cut to fit.
  expect(
    inPixels(
      /^((min-|max-)?(width|height|block-size|inline-size)|flex(-basis)?|grid-template-\w+)$/,
      16,
    ).filter(it => !/^\.tiles-strip( \.tile-place)?:/.test(it)),
  ).toEqual([])
  const places = [...sheets.matchAll(/@(?:media|container)[^{]*/g)].map(([place]) => place)
  expect(places.filter(place => /width/.test(place)).length).toBeGreaterThan(10)
  expect(places.filter(place => /\dpx/.test(place))).toEqual([])
  const script = readFileSync(new URL('../src/ui/panels.ts', import.meta.url), 'utf8')
  const asked = /const wideFrom = '(.+)'/.exec(script)?.[1] ?? ''
  expect(asked).not.toBe('')
  expect(sheets).toContain(`@media ${asked}`)
})

test('the buttons of a file start where its words do, however narrow the place is', () => {
  expect(of('.file')).toContain('grid-template-columns: auto minmax(0, 1fr);')
  const placed = rules.filter(
    ({ selector, body }) => /\.file-buttons$/.test(selector) && /grid-column/.test(body),
  )
  expect(placed.map(({ body }) => body.trim())).toEqual(['grid-column: 2;'])
})

test('a line that takes no place while it is empty holds nothing that only screen readers hear', () => {
  const empty = rules.flatMap(({ selector, body }) =>
    /display: none/.test(body) ? (/\.([\w-]+):empty$/.exec(selector)?.[1] ?? []) : [],
  )
  expect(empty.length).toBeGreaterThan(2)
  const source = new URL('../src/ui/', import.meta.url)
  const views = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.tsx'),
  )
  // Each element that has classes, up to the first end of its kind; within another one it is found as well.
  const elements = views.flatMap(file => [
    ...readFileSync(new URL(file, source), 'utf8').matchAll(
      /(?=<(\w+)\s[^<]*?class="([^"]*)"((?:(?!<\/\1>).)*)<\/\1>)</gs,
    ),
  ])
  expect(elements.length).toBeGreaterThan(100)
  const heard = elements.filter(
    ([, , names = '', inner = '']) =>
      empty.some(name => names.split(' ').includes(name)) && inner.includes('"sr-only"'),
  )
  expect(heard.map(([, , names]) => names)).toEqual([])
})

test('nothing glides for those who have asked for less motion', () => {
  const still = sheets.replace(/@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}/gs, '')
  expect(sheets).toMatch(/\bscroll-behavior: smooth/)
  expect(still).not.toMatch(/\bscroll-behavior/)
  const source = new URL('../src/', import.meta.url)
  const scripts = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(file =>
    /\.tsx?$/.test(file),
  )
  const gliding = scripts.filter(file =>
    /behavior: 'smooth'/.test(readFileSync(new URL(file, source), 'utf8')),
  )
  expect(gliding).toEqual([])
})

test('nothing that fills the window reaches below a keyboard that stands on the screen', () => {
  const filling = rules.filter(({ body }) => /(?<!min-)height:[^;]*100dvh/.test(body))
  expect(filling.length).toBeGreaterThan(4)
  const below = filling.filter(({ body }) =>
    /(?<!--view-height, )100dvh/.test(body.replace(/inset[^;]*;/g, '')),
  )
  expect(below.map(({ selector }) => selector)).toEqual([])
})

test('only full screen and the smallest lying phones hide the way out of a room', () => {
  const hiding = rules.filter(
    ({ selector, body }) =>
      /\.(room-head|room-names|button-leave)$/.test(selector) && /display: none/.test(body),
  )
  expect(hiding.map(({ selector }) => selector)).toEqual([
    '.room-call:fullscreen .room-head',
    '.room-call .room-head',
  ])
  // The menu of the call has the name of the room and the way out then.
  for (const { selector } of hiding)
    expect(of(selector.replace('.room-head', '.menu-headless'))).toContain('display: block')
})

test('a list that grows before it has told of its scrolling is still at its end', () => {
  const list = { scrollTop: 600, scrollHeight: 1_150, clientHeight: 400 }
  expect(staysAtEnd(true, 600, list)).toBe(true)
  expect(staysAtEnd(true, 700, list)).toBe(false)
  expect(staysAtEnd(false, 500, list)).toBe(false)
  expect(staysAtEnd(false, 500, { ...list, scrollTop: 740 })).toBe(true)
})
