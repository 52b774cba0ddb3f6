/** The last word of a transfer: its sender learns that all has arrived, even where the channel broke a moment before. */
import { describe, expect, test } from 'vitest'
import { creditBytes } from '../src/files/channel-download.ts'
import { hasArrived } from '../src/files/state.ts'
import { sliceBytes } from '../src/files/upload.ts'
import { memberId } from '../src/wire/ids.ts'
import { type Page, pattern, Scene, same } from './transfers-scene.ts'

const two = (): { scene: Scene; ada: Page; ben: Page } => {
  const scene = new Scene()
  return { scene, ada: scene.page('ada'), ben: scene.page('ben') }
}

describe('a channel that breaks while the file is being checked', () => {
  /** Ben has all bytes and has not checked them yet; Ada waits for his word. */
  const checking = () => {
    const { scene, ada, ben } = two()
    const bytes = pattern(2 * sliceBytes)
    const { id } = ada.share(bytes)
    ben.slow = true
    ben.accept()
    while (ben.only().phase !== 'checking') {
      ben.unwritten.shift()?.()
      scene.settle()
    }
    expect(ada.outgoing).toMatchObject([{ phase: 'sent' }])
    return { scene, ada, ben, bytes, id }
  }

  test('leaves no sender waiting where there is another way at once', () => {
    const { scene, ada, ben, bytes, id } = checking()
    scene.breakLinks()
    scene.settle()
    expect(ada.outgoing).toMatchObject([{ phase: 'waiting' }])
    ben.write()
    expect(same(ben.kept.get(id), bytes)).toBe(true)
    expect(ada.outgoing).toMatchObject([{ phase: 'done', acked: bytes.byteLength }])
  })

  test('leaves no sender waiting once they have met again', () => {
    const { scene, ada, ben } = checking()
    scene.separate(ada, ben)
    ben.write()
    // What is offered can be withdrawn until somebody is known to have it.
    expect(hasArrived(ada.outgoing)).toBe(false)
    expect(ben.only().phase).toBe('kept')
    expect(ada.outgoing).toMatchObject([{ phase: 'waiting' }])
    scene.reunite()
    expect(ada.outgoing).toMatchObject([{ phase: 'done' }])
    expect(hasArrived(ada.outgoing)).toBe(true)
  })

  test('lets nobody say that they have what was not sent', () => {
    const { scene, ada, ben } = two()
    const { id } = ada.share(pattern(2 * creditBytes))
    ben.slow = true
    ben.accept()
    scene.breakLinks()
    scene.settle()
    const message = { kind: 'done', file: id } as const
    ada.feed({ type: 'channel-requested', channel: 'x', member: memberId('ben'), message, resumeToken: 't' })
    expect(ada.outgoing[0]?.phase).not.toBe('done')
  })
})

test('a sender that does not answer for minutes is asked again, less and less often', () => {
  const { scene, ada, ben } = two()
  const bytes = pattern(2 * sliceBytes)
  const { id } = ada.share(bytes)
  // A link stands, and nothing goes over it.
  scene.cut.add('ben ada')
  ben.accept()
  scene.pass(600_000)
  expect(ben.only().phase).toBe('waiting')
  const { attempt } = ben.only()
  expect(attempt).toBeGreaterThan(10)
  expect(attempt).toBeLessThan(40)
  scene.cut.clear()
  scene.pass(60_000)
  expect(same(ben.kept.get(id), bytes)).toBe(true)
})
