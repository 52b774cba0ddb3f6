/** When a live picture is there to be seen, so that an avatar stands in for it until then. */
import { expect, test } from 'vitest'
import { watchFrames } from '../src/ui/parts/live.tsx'

/** As much of a video element as says what it draws. */
class Element extends EventTarget {
  readyState = 0
  videoWidth = 0
  is(readyState: number, videoWidth: number, event: string): void {
    Object.assign(this, { readyState, videoWidth })
    this.dispatchEvent(new Event(event))
  }
}

const watch = () => {
  const element = new Element()
  const told: boolean[] = []
  const stop = watchFrames(element as unknown as HTMLVideoElement, drawn => told.push(drawn))
  return { element, told, stop }
}

test('there is nothing to see before the first frame, however much else is known', () => {
  const { element, told } = watch()
  element.is(1, 640, 'resize')
  // The sound of a stream whose camera gives nothing yet.
  element.is(4, 0, 'playing')
  expect(told).toEqual([false])
  element.is(4, 640, 'resize')
  expect(told).toEqual([false, true])
})

test.each(['loadeddata', 'canplay', 'playing', 'resize', 'timeupdate'])(
  'the first frame is noticed by %s, and told once',
  event => {
    const { element, told } = watch()
    element.is(2, 640, event)
    element.is(4, 1_280, 'resize')
    expect(told).toEqual([false, true])
  },
)

test('a stream that is taken away takes its picture along, and nothing is told after the end', () => {
  const { element, told, stop } = watch()
  element.is(4, 640, 'loadeddata')
  element.is(0, 0, 'emptied')
  expect(told).toEqual([false, true, false])
  stop()
  element.is(4, 640, 'loadeddata')
  expect(told).toEqual([false, true, false])
})
