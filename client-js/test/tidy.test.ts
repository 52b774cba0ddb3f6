/**
 * House rules that no compiler checks: who may import whom, how long and how short a file may be, how it begins, and
 * which words are not used.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'src')
const linesMax = 400
const linesMin = 30
/** A language is one file, and grows with what the page has to say. */
const isTexts = (path: string): boolean => path.startsWith(join(src, 'ui/texts/'))

const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(tsx?|css)$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))

const ours = ['src', 'test', 'e2e', 'bench'].flatMap(files)
const read = (path: string): string => readFileSync(path, 'utf8')

/**
 * Which folders, or single files, a folder may import beside itself, and which packages. A folder within another has a
 * rule of its own. `core` ties together what lies below the interface, `app` the page. `legacy/index.ts` is the only way
 * into what original pages alone need.
 */
const allowed: Readonly<Record<string, { folders: readonly string[]; packages: readonly string[] }>> = {
  base: { folders: [], packages: [] },
  wire: { folders: ['base', 'legacy/wire'], packages: [] },
  signaling: { folders: ['base', 'wire'], packages: ['socket.io-client'] },
  link: { folders: ['base', 'wire'], packages: [] },
  room: { folders: ['base', 'wire'], packages: [] },
  sealing: { folders: ['base', 'wire'], packages: [] },
  call: { folders: ['base', 'wire', 'room', 'link'], packages: [] },
  files: { folders: ['base', 'wire', 'legacy/index.ts'], packages: ['@noble/hashes/sha2.js', 'client-zip'] },
  legacy: { folders: ['base', 'wire', 'legacy/wire', 'files'], packages: [] },
  'legacy/wire': { folders: ['base', 'wire'], packages: [] },
  offline: { folders: [], packages: [] },
  core: {
    folders: ['base', 'wire', 'room', 'link', 'signaling', 'call', 'files', 'sealing'],
    packages: ['@noble/hashes/sha2.js'],
  },
  app: {
    folders: ['base', 'wire', 'room', 'link', 'call', 'files', 'core', 'ui'],
    packages: ['@preact/signals', 'preact'],
  },
  ui: {
    folders: ['base', 'room', 'call', 'files', 'app/settings.ts'],
    packages: [
      'preact',
      'preact/hooks',
      '@preact/signals',
      'qr',
      ...['list', 'en', 'de', 'fr', 'es', 'zh', 'ar'].map(name => `virtual:emoji/${name}`),
    ],
  },
}

const imported = /^(?:import|export)\b[^'`]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'/gm

const imports = (path: string): string[] =>
  [...read(path).matchAll(imported)].flatMap(([, from, bare, later]) => from ?? bare ?? later ?? [])

/** The innermost folder with a rule. */
const folderOf = (path: string): string =>
  Object.keys(allowed)
    .filter(folder => relative(src, path).startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0] ?? ''

test('every folder of the source has a rule', () => {
  const folders = readdirSync(src, { withFileTypes: true }).filter(entry => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual(
    Object.keys(allowed)
      .filter(folder => !folder.includes('/'))
      .sort(),
  )
})

test('imports point inward', () => {
  const wrong = files('src').flatMap(path => {
    const folder = folderOf(path)
    const rule = allowed[folder]
    if (!rule) return []
    return imports(path)
      .filter(name => {
        if (!name.startsWith('.')) return !rule.packages.includes(name)
        const target = resolve(dirname(path), name)
        const within = [folderOf(target), relative(src, target)]
        return !within.includes(folder) && !rule.folders.some(it => within.includes(it))
      })
      .map(name => `${relative(root, path)} imports ${name}`)
  })
  expect(wrong).toEqual([])
})

const forbidden: Readonly<Record<string, RegExp>> = {
  base: /\b(document|window|setTimeout|RTC\w+|WebSocket|localStorage)\b|Date\.now|Math\.random/,
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

/** Files that are shorter than a file should be, each with its reason. */
const short: Readonly<Record<string, string>> = {
  'src/base/link-name.ts': 'the page for planning needs it without what makes keys of names',
  'src/call/browser.ts': 'reads `navigator` when it is loaded, which tests of its neighbours do without',
  'src/core/events.ts': 'three files build on this one class',
  'src/core/session-types.ts': 'a session is as long as a file may be without them',
  'src/files/runtime/peer-conn.ts':
    'types between `core`, `files` and `legacy`, which import each other in one direction only',
  'src/ui/parts/server-password.tsx': 'few servers ask for a password, and it is loaded where one does',
  'src/legacy/session.ts': 'both kinds of uploads to original pages use it',
}

test('no file is too small to be found', () => {
  const small = files('src')
    .filter(path => !isTexts(path) && read(path).split('\n').length <= linesMin)
    .map(path => relative(root, path))
    .sort()
  expect(small.filter(path => short[path] === undefined)).toEqual([])
  expect(Object.keys(short).filter(path => !small.includes(path))).toEqual([])
})

/** Words that the field has other words for, each with the one that is used instead. */
const retired: readonly (readonly [RegExp, string])[] = [
  [/\bnew Desk\b|\bdesk\.ts\b/, 'AppController'],
  [/\bVisits?\b|\bvisit\.(?:on|state|say|call|files)\b/, 'RoomSession'],
  [/\bLanes?\b|\b(?:open|close|call)Lane\b|\blane\b/, 'file channel'],
  [/\bdialled\b/, 'initiator'],
  [/\bseated\b|\bSeat\b/, 'membership, joined'],
  [/\bowed?\b|\bsayAgain\b/, 'unacked, enqueue, retransmit'],
  [/\b(?:teller|tellerOf|handsOver)\b/, 'sharedBy, sharesHistory'],
  [/\bspare\b|\bafresh\b/, 'droppable, noReuse'],
  [/\bParcels?\b|\bparcels?\b/, 'ShareItem'],
  [/\b(?:Vitals|Tuner|Voices)\b/, 'StatsMonitor, SenderController, SpeakingDetector'],
  [/\bDeeds?\b|\bdeeds?\b/, 'Action'],
  [
    /\b(?:saidOf|wearTheme|wearLanguage|joinsWith|atStake)\b/,
    'callAnnouncements, applyTheme, joinMode, leaveGuard',
  ],
  [/^\/\*\*?(?: \*|\s)* ?Owns\b/, 'a sentence that says what the file is for'],
]

test('things are called by the names that the field has for them', () => {
  const wrong = ['src', 'test', 'bench'].flatMap(files).flatMap(path => {
    if (isTexts(path) || path === import.meta.filename) return []
    return retired.flatMap(([word, instead]) => {
      const found = word.exec(read(path))
      return found ? [`${relative(root, path)} says ${found[0]}, not ${instead}`] : []
    })
  })
  expect(wrong).toEqual([])
})

/** What is compared, copied and shown must be a value: a function in it is neither. */
test('state is a value, without functions in it', () => {
  const states = ['room/state.ts', 'files/state.ts', 'legacy/state.ts', 'link/negotiation.ts']
  const wrong = states.flatMap(name => {
    const found = /readonly \w+\??: \([^)]*\) =>/.exec(read(join(src, name)))
    return found ? [`src/${name} holds ${found[0]}`] : []
  })
  expect(wrong).toEqual([])
})

test('every file opens with what it is for', () => {
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
