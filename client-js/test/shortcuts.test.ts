/** Keys: what they mean, and when they mean nothing. */
import { expect, test } from 'vitest'
import { isComposed, keysAllowed, type Press, shortcutOf, shortcuts } from '../src/ui/shortcuts.ts'

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: '',
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
  keyCode: 0,
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

test('the Enter that ends a composition belongs to the input method, in Safari too', () => {
  expect(isComposed({ isComposing: true, keyCode: 13 })).toBe(true)
  expect(isComposed({ isComposing: false, keyCode: 229 })).toBe(true)
  expect(isComposed({ isComposing: false, keyCode: 13 })).toBe(false)
})

test('with single keys switched off only the space bar is left', () => {
  const act = (): void => undefined
  const keys = { microphone: act, camera: act, help: act, talk: act, release: act }
  expect(keysAllowed(keys, true)).toBe(keys)
  expect(keysAllowed(keys, false)).toEqual({ talk: act, release: act })
  expect(keysAllowed({ help: act, chat: act }, false)).toEqual({})
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
