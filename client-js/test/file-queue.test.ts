/** Many transfers of one page: those that wait, and those that are over, do not keep others from running. */
import { describe, expect, test } from 'vitest'
import { creditBytes } from '../src/files/channel-download.ts'
import { uploadsMax } from '../src/files/state.ts'
import { pattern, Scene } from './transfers-scene.ts'

const two = () => {
  const scene = new Scene()
  return { scene, ada: scene.page('ada'), ben: scene.page('ben') }
}

test('transfers that wait for somebody who is away do not hold up the queue', () => {
  const { scene, ada, ben } = two()
  const cyd = scene.page('cyd')
  for (let count = 0; count < 3; count++) ada.share(pattern(creditBytes + 5, count + 2))
  const last = cyd.share(pattern(20, 9))
  ben.slow = true
  for (const { key } of ben.incoming) ben.feed({ type: 'accept', key })
  scene.settle()
  expect(ben.incoming.at(-1)?.phase).toBe('queued')
  scene.separate(ada, ben)
  ben.slow = false
  ben.write()
  expect(ben.kept.has(last.id)).toBe(true)
  scene.reunite()
  scene.pass(30_000)
  expect(ben.incoming.every(({ phase }) => phase === 'kept')).toBe(true)
})

describe('a sender that has served as many transfers as are listed', () => {
  const served = () => {
    const { scene, ada, ben } = two()
    for (let count = 0; count < uploadsMax; count++) ada.share(pattern(1), { name: `${count}` })
    return { scene, ada, ben }
  }

  test('goes on serving: the oldest that is over makes room', () => {
    const { scene, ada, ben } = served()
    for (const { key } of ben.incoming) ben.feed({ type: 'accept', key })
    scene.settle()
    expect(ada.outgoing).toHaveLength(uploadsMax)
    const { id } = ada.share(pattern(3))
    ben.feed({ type: 'accept', key: ben.incoming.at(-1)?.key ?? 'in 0' })
    scene.settle()
    expect(ben.kept.has(id)).toBe(true)
    expect(ada.outgoing).toHaveLength(uploadsMax)
  })

  test('and after as many were declined', () => {
    const { scene, ada, ben } = served()
    for (const { key } of ben.incoming) ben.feed({ type: 'decline', key })
    scene.settle()
    const { id } = ada.share(pattern(3))
    ben.feed({ type: 'accept', key: ben.incoming.at(-1)?.key ?? 'in 0' })
    scene.settle()
    expect(ben.kept.has(id)).toBe(true)
  })
})
