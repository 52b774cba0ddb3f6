/** Keys: what they mean, and when they mean nothing. */
import { expect, test } from 'vitest'
import { type Press, shortcutOf, shortcuts } from '../src/ui/shortcuts.ts'

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: '',
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
  ...more,
})

test('every key of the list does what the list says', () => {
  for (const { key, wish } of shortcuts) expect(shortcutOf(press(key), 'page')).toBe(wish)
  expect(shortcutOf(press('x'), 'page')).toBeNull()
})

test('no key is given away twice', () => {
  expect(new Set(shortcuts.map(({ key }) => key)).size).toBe(shortcuts.length)
})

test('nothing is meant while somebody types', () => {
  for (const { key } of shortcuts) expect(shortcutOf(press(key), 'field')).toBeNull()
})

test('keys held together with others belong to the browser', () => {
  expect(shortcutOf(press('v', { ctrlKey: true }), 'page')).toBeNull()
  expect(shortcutOf(press('m', { metaKey: true }), 'page')).toBeNull()
  expect(shortcutOf(press('f', { altKey: true }), 'page')).toBeNull()
})

test('a key that is held counts once, and one of an input method not at all', () => {
  expect(shortcutOf(press('m', { repeat: true }), 'page')).toBeNull()
  expect(shortcutOf(press('m', { isComposing: true }), 'page')).toBeNull()
})

test('the space bar presses the button that has the focus, and talks elsewhere', () => {
  expect(shortcutOf(press(' '), 'control')).toBeNull()
  expect(shortcutOf(press(' '), 'page')).toBe('talk')
  expect(shortcutOf(press('m'), 'control')).toBe('microphone')
})

test('caps lock changes nothing', () => {
  expect(shortcutOf(press('M'), 'page')).toBe('microphone')
})

test('a keyboard without Latin letters is read by place, one with them by letter', () => {
  expect(shortcutOf(press('ь', { code: 'KeyM' }), 'page')).toBe('microphone')
  expect(shortcutOf(press('q', { code: 'KeyM' }), 'page')).toBeNull()
})
