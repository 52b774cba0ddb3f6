/** What the page loads before anything is shown: nothing of a room session, which is most of the code. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { line, session } from '../vite.config.ts'

const root = resolve(import.meta.dirname, '..')

/** Of those that stay when types are gone. */
const imports = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^(?:import|export)\b([^'`;]*?)\bfrom '(\.[^']+)'/gm)].flatMap(
    ([, names = '', from]) => {
      const listed = /\{([^}]*)\}/
        .exec(names)?.[1]
        ?.split(',')
        .map(it => it.trim())
        .filter(Boolean)
      const typesOnly = /^\s*type\b/.test(names) || listed?.every(it => it.startsWith('type '))
      return typesOnly || from === undefined || !/\.tsx?$/.test(from) ? [] : [resolve(dirname(path), from)]
    },
  )

test('the files of the first view are in no chunk of a room session', () => {
  const seen = new Set<string>()
  const waiting = [join(root, 'src/main.ts')]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    waiting.push(...imports(path))
  }
  const paths = [...seen].map(path => relative(root, path))
  expect(paths).toContain('src/link/browser-api.ts')
  expect(paths.filter(path => session.test(path) && !line.test(path))).toEqual([])
})
