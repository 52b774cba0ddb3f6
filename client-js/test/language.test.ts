/** Which language is spoken, and how numbers go with words. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { en } from '../src/ui/texts/en.ts'
import { languageFor, languages, localeFor } from '../src/ui/texts/languages.ts'
import { plurals } from '../src/ui/texts/plural.ts'

test.each([
  [['en-GB', 'de'], 'en', 'en-GB'],
  [['tlh', 'EN-us'], 'en', 'EN-us'],
  [['de-AT', 'en'], 'de', 'de-AT'],
  [['zh-TW'], 'zh', 'zh-TW'],
  [['ar-EG'], 'ar', 'ar-EG'],
  [['tlh'], 'en', 'en'],
  [[], 'en', 'en'],
  [['constructor', '__proto__'], 'en', 'en'],
])('%j is answered with %s, as in %s', (wanted, language, locale) => {
  const found = languageFor(wanted)
  expect(found).toBe(language)
  expect(localeFor(found, wanted)).toBe(locale)
})

test('a number chooses the words that go with it', () => {
  const english = plurals('en')
  expect(english(1, { one: '# message', other: '# messages' })).toBe('1 message')
  expect(english(12_000, { one: '# message', other: '# messages' })).toBe('12,000 messages')
  const arabic = plurals('ar')
  expect(arabic(3, { two: 'two', few: 'few', other: 'other' })).toBe('few')
  expect(arabic(2, { two: 'two', few: 'few', other: 'other' })).toBe('two')
})

type Saying = (...given: never[]) => unknown
const isSaying = (value: unknown): value is Saying => typeof value === 'function'

type Naming = (mark: string) => string

/** Every text of a language under its path. A function is asked with what makes a sentence of it in English. */
const said = (
  value: unknown,
  path: string,
  english: unknown = value,
  naming: Naming = mark => mark,
): [string, string][] => {
  if (typeof value === 'string') return [[path, value]]
  if (isSaying(value) && isSaying(english))
    return [[path, String(value(...(given(english).map(it => named(it, naming)) as never[])))]]
  const inner = new Map(Object.entries(english ?? {}))
  return Object.entries(value ?? {}).flatMap(([key, it]) =>
    said(it, `${path}.${key}`, inner.get(key), naming),
  )
}

/** A list of names, names, or numbers. */
const given = (text: Saying): readonly unknown[] => {
  const fits = [[['@1', '@2']], ['@1', '@2'], ['@1', 7, 8], [7, 8, 9]].find(it => {
    try {
      return !/undefined|NaN|,/.test(String(text(...(it as never[]))).replace(/, /g, ''))
    } catch {
      return false
    }
  })
  if (!fits) throw new Error('says nothing')
  return fits
}

const named = (it: unknown, naming: Naming): unknown => {
  if (Array.isArray(it)) return it.map(mark => named(mark, naming))
  return typeof it === 'string' ? naming(it) : it
}

test.each(Object.entries(languages).filter(([name]) => name !== 'en'))(
  '%s says everything in its own words',
  async (_name, { load }) => {
    const [first, second] = [new Map(said(en, 'en')), new Map(said(await load(), 'en', en))]
    expect([...second.keys()]).toEqual([...first.keys()])
    for (const [path, text] of second) {
      expect(text.trim(), path).not.toBe('')
      expect(text, path).not.toMatch(/undefined|NaN|#/)
      // What is handed in is handed on.
      for (const mark of ['@1', '@2', '7', '8', '9'])
        if (first.get(path)?.includes(mark)) expect(text, path).toContain(mark)
    }
    const same = [...second].filter(
      ([path, text]) => text === first.get(path) && /[a-z]{4,} [a-z]/i.test(text),
    )
    expect(same).toEqual([])
  },
)

/** Becomes a name itself, in which nothing invisible may be. */
const isName = (path: string): boolean => path.endsWith('.create.defaultName')

test.each(Object.entries(languages))(
  'in %s no name turns the sentence that it stands in',
  async (_name, { load, rightToLeft }) => {
    const words = await load()
    for (const name of ['שלום', 'مريم!', '(𞤀𞤁)', ...(rightToLeft ? ['Ada!'] : [])]) {
      const texts = said(words, '', en, mark => `${name}${mark}`).filter(([, text]) => text.includes(name))
      expect(texts.length).toBeGreaterThan(50)
      for (const [path, text] of texts) {
        const bare = text.replaceAll(/[\u2066\u2068][^\u2066-\u2069]*\u2069/gu, '')
        expect(bare.includes(name), path).toBe(isName(path))
      }
    }
  },
)

test('what runs as the sentence does is left as it is', () => {
  expect(en.notices.joined('Ada 👩🏽‍💻 Ωμέγα')).toBe('Ada 👩🏽‍💻 Ωμέγα joined')
  expect(en.files.offerOf('Ada', 'مرحبا.txt')).toBe('File from Ada: \u2068مرحبا.txt\u2069')
})

test('a name with what stands for a number is no number', async () => {
  const { call } = await languages.ar.load()
  expect(call.inIt('#1', 5)).toContain('#1')
  expect(call.inIt('#1', 5)).toContain('5')
})

/** French and German set these apart with a space, behind which no line may break. */
test.each([
  ['fr', / [:;?!»]|« /],
  ['de', / …/],
] as const)('in %s nothing begins a line that belongs to the one before', async (language, loose) => {
  const texts = said(await languages[language].load(), language, en)
  expect(texts.filter(([, text]) => loose.test(text))).toEqual([])
})

test('Arabic counts as Arabic does', async () => {
  const { chat } = await languages.ar.load()
  expect([1, 2, 3, 11, 100].map(chat.toEnd)).toEqual([
    'رسالة جديدة',
    'رسالتان جديدتان',
    '3 رسائل جديدة',
    '11 رسالة جديدة',
    '100 رسالة جديدة',
  ])
})

test.each([
  ['en', /your device/i],
  ['de', /dein Gerät/i],
  ['fr', /votre appareil/i],
  ['es', /tu dispositivo/i],
  ['zh', /你的设备/],
  ['ar', /جهازك/],
] as const)('in %s it is the device that is the host, wherever that is said', async (language, device) => {
  const { notices, room } = await languages[language].load()
  expect(notices['host-now']('')).toMatch(device)
  expect(room.leaveAsk.room.lead).toMatch(device)
})

/** In some languages “you” has another form within a sentence; behind a colon it has that of a list everywhere. */
test.each([
  ['en', 'In reply to you:'],
  ['de', 'Als Antwort an dich:'],
  ['fr', 'En réponse à votre message\u00a0:'],
  ['es', 'En respuesta a tu mensaje:'],
  ['zh', '回复你：'],
  ['ar', 'ردًا على رسالتك:'],
] as const)('in %s a sentence about the reader has words of its own', async (language, quoted) => {
  const { chat } = await languages[language].load()
  expect(chat.quotedSelf).toBe(quoted)
  expect(chat.reaction('👍', '@1').replace(/[\u2066-\u2069]/gu, '')).toMatch(/^👍(\u00a0:|:|：) ?@1$/)
})

const viewFiles = (): readonly string[] => {
  const views = new URL('../src/ui/', import.meta.url)
  const files = readdirSync(views, { recursive: true, encoding: 'utf8' }).filter(file => /\.tsx?$/.test(file))
  return files.map(file => readFileSync(new URL(file, views), 'utf8'))
}

test('the name that a view shows for the reader goes into no sentence', () => {
  const lines = viewFiles()
    .flatMap(text => text.split('\n'))
    .filter(line => /texts\(\)\.\w+\.you\b/.test(line))
  expect(lines.length).toBeGreaterThan(2)
  expect(lines.filter(line => !/\{[^{}()]*\? texts\(\)\.\w+\.you : \w+\}/.test(line))).toEqual([])
})

test.each([
  ['en', '2.4', '12,345'],
  ['de', '2,4', '12.345'],
  ['fr', '2,4', '12\u202f345'],
  ['es', '2,4', '12.345'],
  ['zh', '2.4', '12,345'],
] as const)('in %s numbers in a sentence are written as there', async (language, tenths, thousands) => {
  const { call } = await languages[language].load()
  expect(call.carrying(3, 2.449)).toContain(`${tenths} Mbit/s`)
  expect(call.measured(0, 12_345, 0)).toContain(` ${thousands} `)
})

test('no view writes a number with a point of its own', () => {
  const lines = viewFiles().flatMap(text => text.split('\n'))
  expect(lines.filter(line => /\.to(Fixed|Precision)\(/.test(line) && !line.includes('setProperty'))).toEqual(
    [],
  )
})

test.each(Object.entries(languages))(
  'in %s what hides an address says what a TURN server is',
  async (_name, { load }) => {
    const { connection, check } = await load()
    const explained = /[(（][^()（）]*TURN[^()（）]*[)）]/.exec(connection.noWayRelayed)?.[0] ?? 'none'
    for (const text of [connection.relayOnlyHint, connection.noRelay, connection.relayFails])
      expect(text).toContain(explained)
    // A page on localhost is a secure one without HTTPS.
    expect(check.steps.secure).not.toMatch(/https/i)
  },
)

test.each(Object.entries(languages))(
  'in %s a file that somebody has is not said to be taken back',
  async (_name, { load }) => {
    const { takeBack, stopOffering, takenBack, whyRow } = (await load()).files
    expect(stopOffering).not.toBe(takeBack)
    // What is said afterwards is true of both.
    expect(takenBack('x').toLowerCase()).not.toContain(whyRow.withdrawn.toLowerCase())
  },
)
