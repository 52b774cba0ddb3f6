/** The hash of a file does not depend on the pieces in which it comes. */
import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { blockBytes, Digester } from '../src/files/digest.ts'

const sha = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const expected = (bytes: Uint8Array): string => {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.byteLength; at += blockBytes)
    blocks.push(sha(bytes.subarray(at, at + blockBytes)))
  return sha(Buffer.concat(blocks)).toString('hex')
}

test.each([
  ['as a whole', [Number.POSITIVE_INFINITY]],
  ['block by block', [blockBytes]],
  ['in frames', [65_536]],
  ['a little first, and then all', [100, Number.POSITIVE_INFINITY]],
  ['whole blocks between odd pieces', [blockBytes, 7, blockBytes - 7, blockBytes * 2]],
])('%s', async (_, lengths) => {
  for (const size of [0, 1, blockBytes, blockBytes * 4 + 12_345]) {
    const bytes = new Uint8Array(randomBytes(size))
    const digester = new Digester()
    for (let at = 0, turn = 0; at < size; turn++) {
      const length = lengths[turn % lengths.length] ?? size
      digester.take(bytes.slice(at, at + length))
      at += length
    }
    expect(await digester.digest()).toBe(expected(bytes))
  }
})
