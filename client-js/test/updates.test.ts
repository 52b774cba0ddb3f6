/** What becomes of a page whose parts cannot be loaded: tried again, or replaced by a newer one at a good moment. */
import { afterEach, expect, test, vi } from 'vitest'
import { scriptIn, Updates } from '../src/app/updates.ts'
import { keepTrying } from '../src/ui/parts/missing.tsx'

afterEach(() => void vi.useRealTimers())

const pageOf = (build: string): string =>
  `<html><head><link rel="icon" href="/favicon.svg" /><script type="module" crossorigin src="/assets/index-${build}.js"></script></head></html>`

test('a page names its first script', () => {
  expect(scriptIn(pageOf('a'))).toBe('/assets/index-a.js')
  expect(scriptIn('<script src="/x.js"></script>')).toBeNull()
  expect(scriptIn('')).toBeNull()
})

const begin = (page: () => Promise<string>) => {
  const told: string[] = []
  const is = { idle: false, remembers: true, reloadedFor: null as string | null }
  const updates = new Updates({
    script: '/assets/index-a.js',
    page,
    idle: () => is.idle,
    outdated: () => told.push('outdated'),
    reload: () => told.push('reload'),
    reloadedFor: {
      get: () => is.reloadedFor,
      set: script => {
        if (is.remembers) is.reloadedFor = script
        return is.remembers
      },
    },
  })
  return { updates, told, is }
}

test('a newer page is told at once, and loaded when nothing is lost by it', async () => {
  const { updates, told, is } = begin(async () => pageOf('b'))
  await updates.partFailed()
  await updates.partFailed()
  expect(told).toEqual(['outdated'])
  is.idle = true
  updates.settle()
  expect(told).toEqual(['outdated', 'reload'])
  updates.settle()
  expect(told).toEqual(['outdated', 'reload'])
})

test('a page that stays the old one after a reload is not loaded in a circle', async () => {
  for (const change of [{ reloadedFor: '/assets/index-b.js' }, { remembers: false }]) {
    const { updates, told, is } = begin(async () => pageOf('b'))
    Object.assign(is, { idle: true }, change)
    await updates.partFailed()
    expect(told).toEqual(['outdated'])
  }
})

test('without a network, or with the same page, there is nothing to tell, and the next failure is looked into again', async () => {
  const answers = [
    Promise.reject(new Error()),
    Promise.resolve(pageOf('a')),
    Promise.resolve('no page'),
    Promise.resolve(pageOf('b')),
  ]
  let asked = 0
  const { updates, told } = begin(() => answers[asked++] ?? Promise.reject(new Error()))
  for (let count = 0; count < 3; count++) await updates.partFailed()
  expect(told).toEqual([])
  await updates.partFailed()
  expect(told).toEqual(['outdated'])
})

test('a part is tried again until it is there, or nobody wants it any more', async () => {
  vi.useFakeTimers()
  const told: string[] = []
  let there = false
  const load = async (): Promise<string> => {
    if (!there) throw new TypeError('Failed to fetch dynamically imported module')
    return 'part'
  }
  const failed = (): void => void told.push('failed')
  const stop = keepTrying(load, part => told.push(part), failed)
  await vi.advanceTimersByTimeAsync(1_500)
  expect(told).toEqual(['failed', 'failed'])
  there = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).toEqual(['failed', 'failed', 'part'])
  stop()
  there = false
  keepTrying(load, part => told.push(part), failed)()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).toHaveLength(3)
})
