/** How text of others is shown: links only where they are safe, names on one line. */
import { describe, expect, test } from 'vitest'
import { hueOf, hues, initials, shownName } from '../src/ui/format.ts'
import { pieces } from '../src/ui/parts/message-text.tsx'

const links = (text: string): string[] =>
  pieces(text).flatMap(piece => (piece.kind === 'link' ? [piece.value] : []))

describe('links', () => {
  test.each([
    ['see https://example.org/A?b=C#d now', ['https://example.org/A?b=C#d']],
    ['(https://example.org/x)', ['https://example.org/x']],
    ['https://example.org/wiki/A_(b)', ['https://example.org/wiki/A_(b)']],
    ['https://example.org. And http://b.example!', ['https://example.org', 'http://b.example']],
    ['HTTPS://EXAMPLE.ORG/x', ['HTTPS://EXAMPLE.ORG/x']],
    ['javascript:alert(1) data:text/html,x ftp://x', []],
    ['https:// https://', []],
    ['xhttps://example.org', []],
    ['"https://example.org/">', ['https://example.org/']],
    ['www.example.org/x, and (www.b.example).', ['www.example.org/x', 'www.b.example']],
    ['www. www.x awww.example.org me@www.example.org ftp://www.example.org', []],
    ['https://www.example.org', ['https://www.example.org']],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected)
  })
  test('what is written without a scheme leads to https, and everything else to where it says', () => {
    const leads = pieces('WWW.Example.org http://b.example').flatMap(it =>
      it.kind === 'link' ? [it.address] : [],
    )
    expect(leads).toEqual(['https://WWW.Example.org', 'http://b.example'])
  })
  test('no character is lost', () => {
    for (const text of ['a https://b.example/c, d', '', 'https://x.example', '\nhttps://x.example\n'])
      expect(
        pieces(text)
          .map(({ value }) => value)
          .join(''),
      ).toBe(text)
  })
  test('a long text without end is no trap', () => {
    const before = performance.now()
    pieces(`https://${'('.repeat(2_000)}${')'.repeat(2_000)}`)
    expect(performance.now() - before).toBeLessThan(500)
  })
})

describe('names', () => {
  test('stand on one line and turn nothing around', () => {
    expect(shownName(' A\n\u202eda\u0000 ')).toBe('A da')
    expect(shownName('\u200b \n')).toBe('?')
    expect(shownName('日本 太郎')).toBe('日本 太郎')
    expect(shownName('a\u061c\u2060b')).toBe('a b')
  })
  test('keep the joiners that words and emoji are spelt with, and no others', () => {
    for (const name of ['👩‍👩‍👧‍👦 Ωμέγα', 'می‌خواهم', '👩🏽‍💻 Ada']) expect(shownName(name)).toBe(name)
    expect(shownName('\u200dAn\u200dna\u200c \u200d')).toBe('Anna')
    expect(shownName('\u200d\u200c')).toBe('?')
  })
  test('are the same whichever way their accents were composed', () => {
    expect(shownName('Rene\u0301')).toBe('Ren\u00e9')
  })
  test('give initials and a colour, whatever they are', () => {
    expect(initials('Ada King Lovelace')).toBe('AL')
    expect(initials('grace')).toBe('G')
    expect(initials('🎈 party')).toBe('🎈P')
    expect(initials('🇩🇪 Hans')).toBe('🇩🇪H')
    expect(initials('👍🏽 Bo')).toBe('👍🏽B')
    for (const name of ['', 'x', '🎈', 'a very long name indeed']) {
      expect(hueOf(name)).toBeGreaterThanOrEqual(0)
      expect(hueOf(name)).toBeLessThan(hues)
    }
  })
})
