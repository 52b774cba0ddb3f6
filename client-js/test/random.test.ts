/** Random names: as long as they should be whatever the bytes are, and fit for an address. */
import { afterEach, expect, test, vi } from 'vitest'
import { hexOf, randomHex, randomKey, randomToken } from '../src/base/random.ts'

afterEach(() => vi.unstubAllGlobals())

const drawing = (byte: number): void => {
  vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => bytes.fill(byte) })
}

test('a byte is two digits, also one below sixteen', () => {
  expect(hexOf(new Uint8Array([0, 1, 15, 16, 255]))).toBe('00010f10ff')
  drawing(0)
  expect(randomHex(8)).toBe('0000000000000000')
})

test.each([0, 7, 251, 255])(
  'a token of the byte %i alone is as long as any, and means nothing in an address',
  byte => {
    drawing(byte)
    expect(randomToken()).toMatch(/^[\w-]{20}$/)
    expect(randomKey()).toMatch(/^[\w-]{22}$/)
  },
)
