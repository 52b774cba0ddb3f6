/** Files over channels, between pages of ours: whole, after breaks, to several, paused, cancelled. */
import { describe, expect, test } from 'vitest'
import { creditBytes } from '../src/files/channel-download.ts'
import { sliceBytes } from '../src/files/upload.ts'
import { pattern, Scene, same, sha } from './transfers-scene.ts'

const two = () => {
  const scene = new Scene()
  return { scene, ada: scene.page('ada'), ben: scene.page('ben') }
}

const sizes = [0, 1, sliceBytes - 1, sliceBytes, sliceBytes + 1, 5 * sliceBytes + 77]

test.each(sizes)('%i bytes arrive as they were', size => {
  const { ada, ben } = two()
  const bytes = pattern(size)
  const { id } = ada.share(bytes)
  expect(ben.only()).toMatchObject({ phase: 'offered', ownerName: 'ada', size })
  ben.accept()
  expect(ben.only()).toMatchObject({ phase: 'kept', digest: sha(bytes) })
  expect(same(ben.kept.get(id), bytes)).toBe(true)
  expect(ada.outgoing).toMatchObject([{ phase: 'done', acked: size, memberName: 'ben' }])
  expect([...ada.ends, ...ben.ends]).toEqual([])
})

test('several receivers fetch at once, and the file is hashed once', () => {
  const { scene, ada, ben } = two()
  const cyd = scene.page('cyd')
  const bytes = pattern(3 * sliceBytes + 5)
  const { id } = ada.share(bytes)
  ben.feed({ type: 'accept', key: ben.only().key })
  cyd.feed({ type: 'accept', key: cyd.only().key })
  scene.settle()
  expect(same(ben.kept.get(id), bytes)).toBe(true)
  expect(same(cyd.kept.get(id), bytes)).toBe(true)
  expect(ada.outgoing.map(it => [it.memberName, it.phase])).toEqual([
    ['ben', 'done'],
    ['cyd', 'done'],
  ])
})

describe('a link that breaks', () => {
  const bytes = pattern(2 * sliceBytes + 3)

  test('anywhere on the way costs nothing but what was under way', () => {
    for (let after = 1; after < 40; after++) {
      const { scene, ada, ben } = two()
      const { id } = ada.share(bytes)
      scene.delivered = 0
      scene.breakAfter = after
      ben.accept()
      scene.pass(30_000)
      expect(same(ben.kept.get(id), bytes), `broken after ${after}`).toBe(true)
      expect(ada.outgoing).toHaveLength(1)
      expect(ada.outgoing[0]?.phase).toMatch(/done|waiting/)
    }
  })

  test('goes on where it stopped once the link is back', () => {
    const { scene, ada, ben } = two()
    const { id } = ada.share(bytes)
    scene.delivered = 0
    scene.breakAfter = 14
    ben.feed({ type: 'accept', key: ben.only().key })
    scene.settle()
    scene.separate(ada, ben)
    const { received } = ben.only()
    expect(received).toBeGreaterThan(0)
    expect(ben.only().phase).toBe('waiting')
    expect(ada.outgoing[0]?.phase).toBe('waiting')
    scene.pass(600_000)
    expect(ben.only().phase).toBe('waiting')
    scene.reunite()
    expect(same(ben.kept.get(id), bytes)).toBe(true)
    expect(ada.outgoing).toMatchObject([{ phase: 'done' }])
  })

  test('with bytes still on their way to a slow disk does not double them', () => {
    const { scene, ada, ben } = two()
    const { id } = ada.share(bytes)
    ben.slow = true
    ben.accept()
    expect(ben.only().stored).toBe(0)
    expect(ben.only().received).toBeGreaterThan(0)
    scene.breakLinks()
    scene.pass(5_000)
    ben.slow = false
    ben.write()
    scene.pass(5_000)
    expect(same(ben.kept.get(id), bytes)).toBe(true)
  })
})

test('what was declined comes whole when it is fetched after all', () => {
  const { scene, ada, ben } = two()
  const bytes = pattern(20)
  const { id } = ada.share(bytes)
  ben.feed({ type: 'decline', key: ben.only().key })
  scene.settle()
  expect(ada.outgoing).toMatchObject([{ phase: 'declined' }])
  ben.accept()
  expect(same(ben.kept.get(id), bytes)).toBe(true)
  expect(ada.outgoing).toMatchObject([{ phase: 'done' }])
})

test('what was interrupted goes on from whoever proves to be its owner under another id', () => {
  const { scene, ada, ben } = two()
  const bytes = pattern(3 * sliceBytes)
  const card = ada.share(bytes)
  scene.delivered = 0
  scene.breakAfter = 14
  ben.feed({ type: 'accept', key: ben.only().key })
  scene.settle()
  expect(ben.only().received).toBeGreaterThan(0)
  scene.pages.splice(scene.pages.indexOf(ada), 1)
  const impostor = scene.page('eve')
  impostor.files.set(card.id, pattern(3 * sliceBytes, 9))
  impostor.feed({ type: 'share', file: card })
  scene.pass(10_000)
  expect(ben.only()).toMatchObject({ phase: 'waiting', ownerName: 'ada' })
  ada.comesBackAs('ada-again')
  scene.pages.push(ada)
  scene.meet()
  scene.pass(10_000)
  expect(same(ben.kept.get(card.id), bytes)).toBe(true)
  expect(ben.only()).toMatchObject({ owner: 'ada-again' })
})

describe('a sender whose page was closed in the middle', () => {
  const closed = () => {
    const { scene, ada, ben } = two()
    const bytes = pattern(5 * sliceBytes)
    ada.share(bytes)
    scene.breakAfter = 30
    ben.accept()
    scene.pages.splice(scene.pages.indexOf(ada), 1)
    scene.meet()
    scene.pass(5_000)
    expect(ben.only().phase).toBe('waiting')
    expect(ben.only().stored).toBeGreaterThan(0)
    return { scene, ben, bytes }
  }

  test('and who offers the same file again under the same name goes on where it stopped', () => {
    const { scene, ben, bytes } = closed()
    const again = scene.page('ada#2')
    const { id } = again.share(bytes)
    scene.pass(5_000)
    expect(ben.incoming).toHaveLength(1)
    expect(ben.only()).toMatchObject({ phase: 'kept', owner: 'ada#2', shownUnder: 'ada#2' })
    expect(same(ben.kept.get(id), bytes)).toBe(true)
  })

  test('is not mistaken for somebody else, nor another file for this one', () => {
    const { scene, ben, bytes } = closed()
    scene.page('eve').share(bytes)
    scene.page('ada#2').share(pattern(5 * sliceBytes - 1))
    scene.pass(5_000)
    expect(ben.incoming.map(({ phase }) => phase)).toEqual(['waiting', 'offered', 'offered'])
  })

  test('and who offers something else that looks the same is found out', () => {
    const { scene, ben } = closed()
    scene.page('ada#2').share(pattern(5 * sliceBytes, 9))
    scene.pass(5_000)
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'wrong' })
    expect(ben.kept.size).toBe(0)
  })
})

describe('a page that was closed in the middle', () => {
  /** Ben's next page, which has found what the one before it left. */
  const interrupted = () => {
    const { scene, ada, ben } = two()
    const bytes = pattern(5 * sliceBytes)
    const card = ada.share(bytes)
    scene.breakAfter = 30
    ben.accept()
    const { key, resumeToken } = ben.only()
    scene.pages.splice(scene.pages.indexOf(ben), 1)
    const next = scene.page('ben-again')
    const slot = ben.disk.get(key)
    if (!slot || resumeToken === null) throw new Error('nothing has come')
    next.disk.set(`in ${next.state.next}`, slot)
    const left = (secret = resumeToken): void =>
      next.feed({ type: 'resumable', file: card, ownerName: 'ada', resumeToken: secret, stored: slot.size })
    return { scene, ada, next, bytes, card, slot, left }
  }

  test('is followed by one that goes on where it stopped, in the same row of the sender', () => {
    const { scene, ada, next, bytes, card, slot, left } = interrupted()
    const before = slot.size
    expect(before).toBeGreaterThan(0)
    left()
    expect(next.only()).toMatchObject({ phase: 'resumable', stored: before, ownerName: 'ada' })
    next.accept()
    scene.pass(10_000)
    // Written behind what lay there: had it begun anew, it would be longer.
    expect(same(next.kept.get(card.id), bytes)).toBe(true)
    expect(ada.outgoing).toMatchObject([{ phase: 'done', memberName: 'ben-again' }])
  })

  test('goes on as well where the file is offered to it anew, before what lies here is found or after', () => {
    for (const first of ['resumable', 'offered'] as const) {
      const { scene, ada, next, bytes, card, left } = interrupted()
      const offer = (): void => next.feed({ type: 'offered', owner: ada.name, file: card })
      if (first === 'resumable') left()
      offer()
      if (first === 'offered') left()
      expect(next.incoming).toMatchObject([{ phase: 'resumable', owner: 'ada', shownUnder: 'ada' }])
      next.accept()
      scene.pass(10_000)
      expect(same(next.kept.get(card.id), bytes)).toBe(true)
      expect(ada.outgoing).toMatchObject([{ phase: 'done', memberName: 'ben-again' }])
    }
  })

  test('gets nothing with a secret that is not the sender’s', () => {
    const { scene, next, left } = interrupted()
    left('made up')
    next.accept()
    scene.pass(60_000)
    expect(next.only().phase).toBe('waiting')
    expect(next.kept.size).toBe(0)
  })

  test('may want no more of it, and throws it away', () => {
    const { next, left } = interrupted()
    left()
    const { key } = next.only()
    next.feed({ type: 'decline', key })
    expect(next.only().phase).toBe('declined')
    expect(next.disk.has(key)).toBe(false)
  })
})

describe('a slow disk', () => {
  test('holds the sender', () => {
    const { ada, ben } = two()
    const bytes = pattern(creditBytes + 3 * sliceBytes)
    const { id } = ada.share(bytes)
    ben.slow = true
    ben.accept()
    expect(ben.only().received).toBe(creditBytes)
    expect(ada.outgoing[0]?.sent).toBe(creditBytes)
    ben.write()
    expect(same(ben.kept.get(id), bytes)).toBe(true)
  })

  test('that is full ends it with a message to both', () => {
    const { ada, ben } = two()
    ada.share(pattern(sliceBytes))
    ben.full = true
    ben.accept()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'no-room' })
    expect(ada.outgoing).toMatchObject([{ phase: 'stopped', why: 'no-room' }])
    expect(ben.disk.size).toBe(0)
  })
})

describe('pause', () => {
  test.each(['ada', 'ben'])('by %s stops the bytes, and they go on', who => {
    const { scene, ada, ben } = two()
    const bytes = pattern(2 * creditBytes)
    const { id } = ada.share(bytes)
    ben.slow = true
    ben.accept()
    const page = who === 'ada' ? ada : ben
    const key = who === 'ada' ? ada.outgoing[0]?.key : ben.only().key
    if (key === undefined) throw new Error('nothing runs')
    page.feed({ type: 'pause', key, on: true })
    scene.settle()
    expect(ben.only().paused).toEqual({ ours: who === 'ben', theirs: who === 'ada' })
    expect(ada.outgoing[0]?.paused).toEqual({ ours: who === 'ada', theirs: who === 'ben' })
    page.feed({ type: 'pause', key, on: false })
    ben.slow = false
    ben.write()
    scene.settle()
    expect(same(ben.kept.get(id), bytes)).toBe(true)
  })

  test('outlasts a broken link', () => {
    const { scene, ada, ben } = two()
    const bytes = pattern(3 * creditBytes)
    const { id } = ada.share(bytes)
    ben.slow = true
    ben.accept()
    const { key } = ben.only()
    ben.feed({ type: 'pause', key, on: true })
    scene.breakLinks()
    scene.pass(5_000)
    ben.slow = false
    ben.write()
    scene.pass(5_000)
    expect(ada.outgoing[0]).toMatchObject({ phase: 'running', paused: { theirs: true } })
    expect(ben.only().phase).toBe('running')
    ben.feed({ type: 'pause', key, on: false })
    scene.settle()
    expect(same(ben.kept.get(id), bytes)).toBe(true)
  })
})

describe('an end before its time', () => {
  const running = () => {
    const { scene, ada, ben } = two()
    const card = ada.share(pattern(2 * creditBytes))
    ben.slow = true
    const key = ben.accept()
    return { scene, ada, ben, card, key }
  }

  test('cancelled by the receiver', () => {
    const { scene, ada, ben, key } = running()
    ben.feed({ type: 'cancel', key })
    scene.settle()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'own-choice' })
    expect(ada.outgoing).toMatchObject([{ phase: 'stopped', why: 'cancelled' }])
    expect(ben.disk.size + ada.ends.size + ben.ends.size).toBe(0)
  })

  test('cancelled by the sender', () => {
    const { scene, ada, ben } = running()
    const [it] = ada.outgoing
    if (it) ada.feed({ type: 'cancel', key: it.key })
    scene.settle()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'cancelled' })
    expect(ada.outgoing).toMatchObject([{ phase: 'stopped', why: 'own-choice' }])
    expect(ben.disk.size).toBe(0)
  })

  test('by both at once', () => {
    const { scene, ada, ben, key } = running()
    const [it] = ada.outgoing
    if (it) ada.feed({ type: 'cancel', key: it.key })
    ben.feed({ type: 'cancel', key })
    scene.settle()
    expect(ben.only().phase).toBe('stopped')
    expect(ada.outgoing[0]?.phase).toBe('stopped')
    expect(ada.ends.size + ben.ends.size).toBe(0)
  })

  test('taken back', () => {
    const { scene, ada, ben, card } = running()
    ada.feed({ type: 'unshare', file: card.id })
    scene.settle()
    expect(ben.only().phase).toBe('stopped')
    expect(ada.outgoing).toMatchObject([{ phase: 'stopped', why: 'withdrawn' }])
  })

  test('and fetched after all from the beginning', () => {
    const { scene, ben, key, card, ada } = running()
    ben.feed({ type: 'cancel', key })
    scene.settle()
    ben.slow = false
    ben.write()
    ben.accept()
    expect(same(ben.kept.get(card.id), ada.files.get(card.id))).toBe(true)
  })

  test('writes that were under way when it ended disturb nothing', () => {
    const { scene, ben, key } = running()
    ben.feed({ type: 'cancel', key })
    ben.write()
    ben.feed({ type: 'stored', key, bytes: 5 })
    ben.feed({ type: 'checked', key, digest: '' })
    scene.settle()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'own-choice' })
  })
})

test('declined is said to the sender and fetches nothing', () => {
  const { scene, ada, ben } = two()
  ada.share(pattern(10))
  ben.feed({ type: 'decline', key: ben.only().key })
  scene.settle()
  expect(ben.only().phase).toBe('declined')
  expect(ada.outgoing).toMatchObject([{ phase: 'declined', memberName: 'ben' }])
  expect(ada.ends.size + ben.ends.size).toBe(0)
})

test('no more than three run at once, and the next follows', () => {
  const { scene, ada, ben } = two()
  for (let count = 0; count < 5; count++) ada.share(pattern(creditBytes + 5, count + 2))
  ben.slow = true
  for (const { key } of ben.incoming) ben.feed({ type: 'accept', key })
  scene.settle()
  expect(ben.incoming.map(({ phase }) => phase)).toEqual([
    'running',
    'running',
    'running',
    'queued',
    'queued',
  ])
  ben.slow = false
  ben.write()
  expect(ben.incoming.every(({ phase }) => phase === 'kept')).toBe(true)
})
