/** A file worker that cannot be loaded or breaks: every file that it has is said to have failed, and no other. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FileReport, FileWorker } from '../src/files/runtime/file-worker.ts'

class FakeWorker extends EventTarget {
  static made: FakeWorker[] = []
  readonly orders: unknown[] = []
  ended = false

  constructor() {
    super()
    FakeWorker.made.push(this)
  }

  postMessage(order: unknown): void {
    this.orders.push(order)
  }

  terminate(): void {
    this.ended = true
  }

  says(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }
}

let reports: FileReport[] = []
let missing = 0
const miss = (): void => {
  missing += 1
}
let worker = new FileWorker(() => undefined, miss)
const last = (): FakeWorker => {
  const made = FakeWorker.made.at(-1)
  if (!made) throw new Error('no worker was made')
  return made
}
const openOrder = (store: string) => ({ op: 'open', store, place: { kind: 'private' }, bytes: 5 }) as const
const failed = (store: string) => ({ op: 'failed', store, why: 'no-storage' })

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('Worker', FakeWorker)
  FakeWorker.made = []
  reports = []
  missing = 0
  worker = new FileWorker(report => reports.push(report), miss)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test.each(['error', 'messageerror'])('%s ends what it has open, and the next file tries another', event => {
  worker.order(openOrder('one'))
  worker.order(openOrder('two'))
  worker.order(openOrder('three'))
  last().says({ op: 'kept', store: 'one', blob: null })
  worker.order({ op: 'discard', store: 'two' })
  const broken = last()
  broken.dispatchEvent(new Event(event))
  expect(reports.slice(1)).toEqual([failed('three')])
  expect(broken.ended).toBe(true)
  worker.order(openOrder('four'))
  expect(FakeWorker.made).toHaveLength(2)
  broken.dispatchEvent(new Event(event))
  last().says({ op: 'opened', store: 'four', stored: 0 })
  expect(reports.at(-1)).toEqual({ op: 'opened', store: 'four', stored: 0 })
})

test('one that is never loaded is given up', () => {
  worker.order(openOrder('one'))
  vi.runAllTimers()
  expect(reports).toEqual([failed('one')])
})

test('one that is loaded may take its time', () => {
  worker.start()
  last().says({ op: 'ready' })
  worker.order(openOrder('one'))
  vi.runAllTimers()
  expect(reports).toEqual([])
  expect(FakeWorker.made).toHaveLength(1)
})

test('one that cannot be made at all is said as well', () => {
  vi.stubGlobal('Worker', function none() {
    throw new Error('forbidden')
  })
  worker.order(openOrder('one'))
  worker.write('one', new Uint8Array(3), false)
  vi.runAllTimers()
  expect(reports).toEqual([failed('one')])
})

test('a worker that cannot be loaded may be that of an earlier version; one that breaks later is not', () => {
  worker.start()
  last().dispatchEvent(new Event('error'))
  expect(missing).toBe(1)
  worker.start()
  last().says({ op: 'ready' })
  last().dispatchEvent(new Event('error'))
  expect(missing).toBe(1)
  worker.start()
  vi.advanceTimersByTime(60_000)
  expect(missing).toBe(2)
})

test('bytes are handed over in large pieces, before the next order, after a while, and at once where they are the last', () => {
  const written = (): number[] =>
    last()
      .orders.filter(
        (it): it is { op: string; pieces: Uint8Array[] } => Reflect.get(it as object, 'op') === 'write',
      )
      .map(({ pieces }) => pieces.reduce((sum, piece) => sum + piece.byteLength, 0))
  worker.order(openOrder('one'))
  for (let frame = 0; frame < 17; frame++) worker.write('one', new Uint8Array(65_536), false)
  expect(written()).toEqual([1_048_576])
  vi.advanceTimersByTime(1_000)
  expect(written()).toEqual([1_048_576, 65_536])
  worker.write('one', new Uint8Array(3), false)
  worker.order({ op: 'check', store: 'one' })
  worker.write('one', new Uint8Array(5), true)
  expect(written()).toEqual([1_048_576, 65_536, 3, 5])
})
