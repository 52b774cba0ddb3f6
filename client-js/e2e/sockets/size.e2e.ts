/** How long one message may be, on either transport. */
import { describe, expect, test } from 'vitest'
import { kinds } from './client.ts'
import { lobby, pair } from './lobby.ts'
import { until } from './until.ts'

const address = lobby()
const bytesMax = 1_000_000

describe.each(kinds)('$version over $way', kind => {
  test('a message may have 1,000,000 bytes; one more ends the connection of its sender alone', async () => {
    const [ada, ben, room] = await pair(address(), kind)
    const frame = (signal: string): string =>
      `42${JSON.stringify(['SIGNAL', { target: ben.id, room, signal }])}`
    const filling = (bytes: number): string => 'x'.repeat(bytes - frame('').length)
    ada.signal(ben.id, room, filling(bytesMax))
    await until(() => ben.signals.length === 1, 'the long signal')
    expect(ben.signals).toEqual([filling(bytesMax)])

    ada.signal(ben.id, room, filling(bytesMax + 1))
    await until(() => ada.ends.length > 0, 'the end of the connection')
    expect(ada.ends[0]).toMatch(/^transport /)
    await until(() => ben.told('DISCONNECTEDUSER').length === 1, 'Ada to be gone')
    expect(ben.signals).toHaveLength(1)
    expect(ben.ends).toEqual([])
  })
})
