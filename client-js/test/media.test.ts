/** Which files can be shown in the conversation, whatever their senders call them. */
import { expect, test } from 'vitest'
import { isShownAtOnce, mediaKind } from '../src/ui/parts/media.tsx'

test.each([
  ['a.bin', 'image/png', 'image'],
  ['a.png', '', 'image'],
  ['A.JPEG', 'application/octet-stream', 'image'],
  ['a.webm', '', 'video'],
  ['a', 'video/mp4', 'video'],
  ['a.opus', '', 'audio'],
  ['a', 'AUDIO/MPEG', 'audio'],
  ['a.svg', 'image/svg+xml', null],
  ['a.html', 'text/html', null],
  ['a.pdf', '', null],
  ['png', '', null],
  ['a.constructor', '', null],
  ['a', 'image/', null],
  ['a', 'image/png; x="<b>"', null],
])('%s as %j is shown as %s', (name, type, kind) => expect(mediaKind(name, type, 1_000)).toBe(kind))

test('a picture without end is not decoded, while a film is read as it plays', () => {
  expect(mediaKind('a.png', '', 33_554_432)).toBe('image')
  expect(mediaKind('a.png', '', 33_554_433)).toBe(null)
  expect(mediaKind('a.mp4', '', 5_000_000_000)).toBe('video')
})

test.each([
  ['a.png', '', 200_000, true],
  ['clipboard', 'image/png', 12_000_000, true],
  ['a.png', '', 12_000_001, false],
  ['a.png', '', 0, false],
  ['a.mp4', '', 200_000, false],
  ['a.ogg', '', 200_000, false],
  ['a.svg', 'image/svg+xml', 2_000, false],
])('%s as %j of %i bytes is shown at once: %s', (name, type, bytes, atOnce) =>
  expect(isShownAtOnce(name, type, bytes)).toBe(atOnce),
)
