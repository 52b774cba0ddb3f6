/** What all styles have to hold to. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../src/ui/styles/', import.meta.url)
const rules = readdirSync(folder).flatMap(name => {
  const text = readFileSync(new URL(name, folder), 'utf8').replaceAll(/\/\*.*?\*\//gs, '')
  return [...text.matchAll(/([^{};]+)\{([^{}]*)\}/g)].map(([, selector = '', body = '']) => ({
    selector: selector.trim(),
    body,
  }))
})

test('whatever scrolls holds what is placed freely within it, which would make the page itself longer', () => {
  const scrolls = rules.filter(({ body }) => /overflow(-[xy])?: (auto|scroll)/.test(body))
  const held = new Set(rules.filter(({ body }) => /(^|\s)position: /.test(body)).map(it => it.selector))
  expect(scrolls.length).toBeGreaterThan(5)
  expect(scrolls.map(it => it.selector).filter(it => !held.has(it))).toEqual([])
})
