/** How what somebody wrote is taken apart: code, links, text, and nothing lost or read as markup. */
import { describe, expect, test } from 'vitest'
import { append, type NewEntry, prepend, type Timeline } from '../src/room/timeline.ts'
import { excerpt } from '../src/ui/format.ts'
import { isEmojiOnly, markupBlocks } from '../src/ui/parts/message-text.tsx'
import { newTo, readUpTo } from '../src/ui/selectors.ts'

const shape = (text: string): string[] =>
  markupBlocks(text).flatMap(block =>
    block.kind === 'code'
      ? [`[${block.value}]`]
      : [block.pieces.map(({ kind, value }) => (kind === 'text' ? value : `<${kind} ${value}>`)).join('')],
  )

describe('code', () => {
  test.each([
    ['a `b` c', ['a <code b> c']],
    ['`https://example.org`', ['<code https://example.org>']],
    ['``` not a fence ```', ['``<code  not a fence >``']],
    ['```\nx\n```', ['[x]']],
    ['```ts\nx\n\ny\n```', ['[x\n\ny]']],
    ['before\n```\nx\n```\nafter', ['before\n', '[x]', 'after']],
    ['```\nnever closed', ['```\nnever closed']],
    ['```\na\n```\n```\nb\n```', ['[a]', '[b]']],
    ['one ` alone', ['one ` alone']],
    ['`a\nb`', ['`a\nb`']],
    ['```\n```', ['[]']],
    ['<b>`<i>`</b>', ['<b><code <i>></b>']],
  ])('%j', (text, expected) => expect(shape(text)).toEqual(expected))

  test('a text full of beginnings is no trap', () => {
    const begun = performance.now()
    for (const text of ['```\n'.repeat(500), '`'.repeat(2_000), '```a\n`b\n'.repeat(250)]) markupBlocks(text)
    expect(performance.now() - begun).toBeLessThan(200)
  })
})

test.each(['👍', '❤️ 🎉', '👩🏽‍💻', '🇫🇷'])('%s is a drawing', text => expect(isEmojiOnly(text)).toBe(true))
test.each(['', '42', '#', 'a👍', '👍'.repeat(30)])('%j is none', text =>
  expect(isEmojiOnly(text)).toBe(false),
)

test('an excerpt is one short line', () => {
  expect(excerpt(' a\n\n b ')).toBe('a b')
  expect(excerpt('😀'.repeat(200)).length).toBeLessThan(130)
  // Half a surrogate pair cannot be written as part of an address.
  expect(() => encodeURIComponent(excerpt(`x${'😀'.repeat(200)}`))).not.toThrow()
})

describe('reading', () => {
  const said = (own: boolean): NewEntry => ({
    kind: 'chat',
    name: 'Ada',
    from: null,
    own,
    text: 'x',
    id: null,
    replyTo: null,
    delivery: 'sent',
  })
  const notice: NewEntry = { kind: 'notice', notice: 'joined', name: 'Ada' }
  const grown = (timeline: Timeline, ...entries: NewEntry[]): Timeline =>
    entries.reduce((sum, entry) => append(sum, entry, 0), timeline)
  const fresh = { read: 0, line: null }

  test('what others say is new; what we say, what happens and what is told are not', () => {
    const timeline = grown([], said(false), said(true), notice, said(false))
    expect(newTo(fresh, timeline)).toEqual([1, 4])
    const told = { ...said(false), at: 0, reactions: [], sharedBy: 'Ben' } as const
    expect(newTo(fresh, prepend(timeline, [told, told] as never))).toEqual([1, 4])
  })

  test('the line stands before the first that came while nobody looked, and moves on the next time', () => {
    const first = grown([], said(false))
    const seen = readUpTo(fresh, first, true)
    expect(seen).toEqual({ read: 1, line: 1 })
    const live = grown(first, said(false))
    const still = readUpTo(seen, live, false)
    expect(still).toEqual({ read: 2, line: 1 })
    const later = grown(live, said(true), said(false), said(false))
    expect(readUpTo(still, later, true)).toEqual({ read: 5, line: 4 })
    expect(readUpTo(still, live, true)).toBe(still)
  })
})
