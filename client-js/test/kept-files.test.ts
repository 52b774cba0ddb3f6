/** Received files on their way to the person: none is lost for coming too fast, and none stays behind. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KeptFiles } from '../src/files/runtime/kept-files.ts'
import type { Download } from '../src/files/state.ts'
import { pattern, Scene } from './transfers-scene.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const downloads = (count: number): Download[] => {
  const scene = new Scene()
  const [ada, ben] = [scene.page('ada'), scene.page('ben')]
  for (let at = 0; at < count; at++) ada.share(pattern(1))
  return ben.incoming
}

const page = () => {
  const savedAt: number[] = []
  const removed: string[] = []
  const kept = new KeptFiles({
    save: () => savedAt.push(Date.now()),
    remove: async store => void removed.push(store),
    now: () => Date.now(),
  })
  return { kept, savedAt, removed }
}

test('of forty that come at once, a browser gets fewer than ten in any second, and all of them', () => {
  const { kept, savedAt } = page()
  for (const file of downloads(40)) kept.add(file, new Blob(), file.key)
  expect(savedAt).toHaveLength(1)
  vi.runAllTimers()
  expect(savedAt).toHaveLength(40)
  for (const from of savedAt)
    expect(savedAt.filter(at => at >= from && at < from + 1_000).length).toBeLessThan(10)
})

test('they leave the storage with the room, once the browser has had time to save them', () => {
  const { kept, savedAt, removed } = page()
  const [first, second, third] = downloads(3)
  if (!first || !second || !third) throw new Error('nothing is offered')
  kept.add(first, new Blob(), 'first')
  vi.advanceTimersByTime(120_000)
  expect(kept.blobOf(first.key)).not.toBeNull()
  expect(removed).toEqual([])
  vi.advanceTimersByTime(120_000)
  kept.add(second, new Blob(), 'second')
  kept.add(third, new Blob(), 'third')
  kept.close()
  expect(removed).toEqual(['first'])
  vi.advanceTimersByTime(50_000)
  expect(savedAt).toHaveLength(3)
  expect(removed).toEqual(['first'])
  vi.runAllTimers()
  expect(removed).toEqual(['first', 'second', 'third'])
})
