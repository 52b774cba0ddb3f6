/** House rules that no compiler checks: who may import whom, how long a file may grow, how it begins. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'src')
const linesMax = 400
/** A language is one file, and grows with what the page has to say. */
const isTexts = (path: string): boolean => path.startsWith(join(src, 'ui/texts/'))

const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(tsx?|css)$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))

const ours = ['src', 'test', 'e2e', 'bench'].flatMap(files)
const read = (path: string): string => readFileSync(path, 'utf8')

/** Folders a folder may import from, itself aside, and the packages it may name. `core` ties what is below the interface together, files beside `main.ts` the rest. */
const allowed: Readonly<Record<string, { folders: readonly string[]; packages: readonly string[] }>> = {
  wire: { folders: [], packages: [] },
  signaling: { folders: ['wire'], packages: ['socket.io-client'] },
  link: { folders: ['wire'], packages: [] },
  room: { folders: ['wire'], packages: [] },
  call: { folders: ['wire', 'room'], packages: [] },
  files: { folders: ['wire'], packages: ['@noble/hashes/sha2.js', 'client-zip'] },
  offline: { folders: [], packages: [] },
  core: { folders: ['wire', 'room', 'link', 'signaling', 'call', 'files'], packages: [] },
  ui: {
    folders: ['room', 'call', 'files', 'settings.ts'],
    packages: ['preact', 'preact/hooks', '@preact/signals', 'qr'],
  },
}

const imported = /^(?:import|export)\b[^'`]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'/gm

const imports = (path: string): string[] =>
  [...read(path).matchAll(imported)].flatMap(([, from, bare, later]) => from ?? bare ?? later ?? [])

const folderOf = (path: string): string => relative(src, path).split('/')[0] ?? ''

test('every folder of the source has a rule', () => {
  const folders = readdirSync(src, { withFileTypes: true }).filter(entry => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(allowed).sort())
})

test('imports point inward', () => {
  const wrong = Object.entries(allowed).flatMap(([folder, { folders, packages }]) =>
    files(`src/${folder}`).flatMap(path =>
      imports(path)
        .filter(name => {
          if (!name.startsWith('.')) return !packages.includes(name)
          const target = folderOf(resolve(dirname(path), name))
          return target !== folder && !folders.includes(target)
        })
        .map(name => `${relative(root, path)} imports ${name}`),
    ),
  )
  expect(wrong).toEqual([])
})

const forbidden: Readonly<Record<string, RegExp>> = {
  wire: /\b(document|window|setTimeout|RTCPeerConnection|localStorage)\b|Date\.now|Math\.random/,
  room: /\b(document|window|setTimeout|RTC\w+|WebSocket|crypto|localStorage)\b|Date\.now|Math\.random/,
  link: /\b(document|window|localStorage|WebSocket)\b/,
  core: /\b(document|window|localStorage)\b/,
  ui: /\b(RTCPeerConnection|WebSocket|localStorage|innerHTML|dangerouslySetInnerHTML)\b/,
}

/** Comments may name what the code does without. */
const code = (path: string): string => read(path).replace(/\/\*[\s\S]*?\*\//g, '')

test('pure folders stay pure, and text is never set as markup', () => {
  const wrong = Object.entries(forbidden).flatMap(([folder, words]) =>
    files(`src/${folder}`).flatMap(path => {
      const found = words.exec(code(path))
      return found ? [`${relative(root, path)} says ${found[0]}`] : []
    }),
  )
  expect(wrong).toEqual([])
})

test('no file outgrows its subject', () => {
  const long = ours.filter(path => !isTexts(path) && read(path).split('\n').length > linesMax)
  expect(long.map(path => relative(root, path))).toEqual([])
})

test('every file opens with what it owns', () => {
  const silent = ours.filter(path => !/^\/\*/.test(read(path)))
  expect(silent.map(path => relative(root, path))).toEqual([])
})

test('no style attribute, which the page policy forbids', () => {
  const styled = [...files('src').filter(path => path.endsWith('.tsx')), join(root, 'index.html')]
  expect(styled.filter(path => /\sstyle=/.test(read(path)))).toEqual([])
})

/** What names a side of the screen would not turn with the direction of writing. */
const sided =
  /\b(?:margin|padding|border|(?<!area-)inset)-(?:left|right)\b|(?:^|[\s;{])(?:left|right):|text-align: (?:left|right)|float: (?:left|right)|border-(?:top|bottom)-(?:left|right)-radius/m
const fourSides = /^ +(?:padding|margin|inset|border-radius): (\S+) (\S+) (\S+) (\S+);/gm

test('style sheets speak of start and end, so that a page can be read from the right', () => {
  const wrong = files('src')
    .filter(path => path.endsWith('.css'))
    .filter(path => {
      const css = read(path)
      return sided.test(css) || [...css.matchAll(fourSides)].some(([, , end, , start]) => end !== start)
    })
  expect(wrong.map(path => relative(root, path))).toEqual([])
})
