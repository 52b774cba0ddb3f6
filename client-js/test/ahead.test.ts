/** Parts of the page that are loaded ahead of their use, while there still is a server that has them. */
import { beforeEach, expect, test, vi } from 'vitest'

let ahead: typeof import('../src/ui/parts/ahead.ts')
beforeEach(async () => {
  vi.resetModules()
  ahead = await import('../src/ui/parts/ahead.ts')
})

test('each part is loaded once, whoever wants it first, and those it brings along with it', async () => {
  const loads: string[] = []
  const part = (name: string, brings?: () => void) =>
    ahead.loadedOnce(async () => {
      loads.push(name)
      brings?.()
      return name
    })
  const wanted = part('wanted')
  const outer = part('outer', () => part('inner'))
  expect(await wanted()).toBe('wanted')
  await ahead.loadAhead()
  await ahead.loadAhead()
  expect(await outer()).toBe('outer')
  expect(await wanted()).toBe('wanted')
  expect(loads).toEqual(['wanted', 'outer', 'inner'])
})

test('what cannot be had is asked for again the next time, and so are those behind it', async () => {
  const load = vi.fn(async () => 'part')
  load.mockRejectedValueOnce(new TypeError('no network'))
  const behind = vi.fn(async () => 'behind')
  const part = ahead.loadedOnce(load)
  ahead.loadedOnce(behind)
  await ahead.loadAhead()
  expect([load, behind].map(it => it.mock.calls.length)).toEqual([1, 0])
  await ahead.loadAhead()
  expect([load, behind].map(it => it.mock.calls.length)).toEqual([2, 1])
  expect(await part()).toBe('part')
  expect(load).toHaveBeenCalledTimes(2)
})
