/** What is typed or pasted is never lost in silence: long texts go in parts, and text wins over a picture of itself. */
import { describe, expect, test } from 'vitest'
import { keepDraft, parseDrafts } from '../src/app/drafts.ts'
import { splitText } from '../src/base/text.ts'
import { messageParts } from '../src/room/chat.ts'
import { chatUnitsMax } from '../src/room/timeline.ts'
import { pastesText } from '../src/ui/picked.ts'

const bare = (text: string): string => text.replace(/\s+/gu, '')

describe('a long text', () => {
  test('is parted between words, and none of them is lost', () => {
    const text = Array.from({ length: 3_000 }, (_, index) => `word${index}`).join(' ')
    const parts = messageParts(text)
    expect(parts.length).toBeGreaterThan(5)
    expect(parts.every(part => part.length <= chatUnitsMax)).toBe(true)
    expect(parts.join(' ')).toBe(text)
  })
  test('is parted between paragraphs rather than lines, and lines rather than words', () => {
    expect(splitText('one two\n\nthree four five', 14)).toEqual(['one two', 'three four', 'five'])
    expect(splitText('one two three\nfour five', 18)).toEqual(['one two three', 'four five'])
  })
  test('without a seam is cut between characters', () => {
    const text = '🎈'.repeat(1_501)
    expect(messageParts(text).join('')).toBe(text)
    expect(splitText('🎈🎈', 3)).toEqual(['🎈', '🎈'])
  })
  test('of blanks is nothing, and a short one stays whole', () => {
    expect(messageParts(' \n ')).toEqual([])
    expect(messageParts('  hi ')).toEqual(['hi'])
    expect(bare(messageParts(`${'a b\n'.repeat(2_000)}`).join(' '))).toBe('ab'.repeat(2_000))
  })
})

describe('of what is pasted into a field', () => {
  const picture = [{ name: 'image.png' }]
  test('text wins over the picture of it', () => {
    expect(pastesText('1\t2\n3\t4', picture)).toBe(true)
  })
  test('a lone picture is a file, and so is a file with its name as text', () => {
    expect(pastesText('', picture)).toBe(false)
    expect(pastesText('image.png\n', picture)).toBe(false)
  })
})

describe('a draft', () => {
  test('belongs to its room, and is gone once it has been sent', () => {
    const drafts = new Map<string, string>()
    keepDraft(drafts, 'a', 'for a')
    keepDraft(drafts, 'b', 'for b')
    keepDraft(drafts, 'a', ' ')
    expect([...drafts]).toEqual([['b', 'for b']])
  })
  test('comes back from the store, and nonsense does not', () => {
    const drafts = new Map([['a', 'x'.repeat(3_000)]])
    expect(parseDrafts(JSON.stringify([...drafts]))).toEqual(drafts)
    for (const stored of [null, '', '{}', '[1,[2],["a",3],["","x"]]', 'plain words'])
      expect(parseDrafts(stored)).toEqual(new Map())
  })
  test('is kept for so many rooms, the latest', () => {
    const drafts = new Map<string, string>()
    for (let room = 0; room < 100; room++) keepDraft(drafts, `${room}`, 'text')
    expect(drafts.size).toBe(20)
    expect(drafts.has('99')).toBe(true)
  })
})
