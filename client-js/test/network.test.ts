/** Which events of a browser mean that the network is another, and which only that something may have broken. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchNetwork } from '../src/signaling/network.ts'

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible'
}
class Connection extends EventTarget {
  type = 'wifi'
}

let now = 0
let told: string[] = []
let stop: () => void = () => undefined
const [page, connection] = [new Page(), new Connection()]

beforeEach(() => {
  vi.useFakeTimers()
  told = []
  now = 0
  page.visibilityState = 'visible'
  connection.type = 'wifi'
  stop = watchNetwork(
    { changed: () => told.push('changed'), doubted: () => told.push('doubted') },
    { page, document: page, connection, now: () => now },
  )
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

test('a network that is back is another', () => {
  page.dispatchEvent(new Event('online'))
  expect(told).toEqual(['changed'])
})

test('another kind of network is another, and another estimate of the same is not', () => {
  connection.dispatchEvent(new Event('change'))
  connection.type = 'cellular'
  connection.dispatchEvent(new Event('change'))
  connection.dispatchEvent(new Event('change'))
  expect(told).toEqual(['changed'])
})

test('a page that is brought back doubts, and one that is loaded does not', () => {
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
  expect(told).toEqual([])
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  expect(told).toEqual(['doubted'])
})

test('a page that is seen again doubts, and one that is hidden does not', () => {
  page.visibilityState = 'hidden'
  page.dispatchEvent(new Event('visibilitychange'))
  page.visibilityState = 'visible'
  page.dispatchEvent(new Event('visibilitychange'))
  expect(told).toEqual(['doubted'])
})

const tick = (ms: number): void => {
  now += ms
  vi.advanceTimersByTime(2_000)
}

test('a clock that jumped means that the device has slept', () => {
  tick(2_000)
  tick(11_000)
  expect(told).toEqual([])
  tick(13_000)
  tick(2_000)
  expect(told).toEqual(['doubted'])
})

test('timers that are held back while the page is hidden mean nothing', () => {
  page.visibilityState = 'hidden'
  tick(61_000)
  expect(told).toEqual([])
  tick(600_000)
  expect(told).toEqual(['doubted'])
})

test('nothing is heard any more once it is over', () => {
  stop()
  page.dispatchEvent(new Event('online'))
  tick(100_000)
  expect(told).toEqual([])
})
