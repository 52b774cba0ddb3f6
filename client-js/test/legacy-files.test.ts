/** Files from and to the original's pages, in their words. */
import { describe, expect, test } from 'vitest'
import { chunkBytes, type FileSignal } from '../src/legacy/wire/file-signal.ts'
import { memberId } from '../src/wire/ids.ts'
import { card, Downloader, Uploader } from './original.ts'
import { type Page, pattern, Scene, same } from './transfers-scene.ts'

const fetching = (size: number): { scene: Scene; me: Page; old: Uploader } => {
  const scene = new Scene()
  const me = scene.page('me')
  const old = new Uploader(scene, 'old', pattern(size))
  scene.stranger(old)
  me.feed({ type: 'offered', owner: old.name, file: card(size) })
  return { scene, me, old }
}

const kept = (me: Page): Uint8Array<ArrayBuffer> | undefined => [...me.kept.values()][0]

describe('from an original', () => {
  test.each([0, 1, 2_048, 40_001, chunkBytes, 2 * chunkBytes, 175_000, 1_000_001])('%i bytes', size => {
    const { scene, me, old } = fetching(size)
    expect(me.only()).toMatchObject({ transport: 'legacy', phase: 'offered', size })
    me.accept()
    scene.pass(20_000)
    expect(me.only().phase).toBe('kept')
    expect(same(kept(me), old.bytes)).toBe(true)
    // Told that it is enough, its page can say so too.
    expect(old.finished).toBe(1)
  })

  test('over several sessions, each under a number of its own', () => {
    const { scene, me, old } = fetching(20_000_001)
    me.accept()
    scene.pass(600_000)
    expect(old.sessions).toBeGreaterThan(2)
    expect(same(kept(me), old.bytes)).toBe(true)
    const actions = me.said.flatMap(({ signal }) => (signal.kind === 'download' ? [signal.from] : []))
    expect(new Set(actions).size).toBe(actions.length)
    expect(Math.min(...actions)).toBeGreaterThanOrEqual(1_000)
  })

  test.each([
    ['numbers are swapped', { swaps: true }],
    ['nobody says that a session has ended', { silentEnds: true }],
    ['chunks are lost', { loses: 40 }],
    ['all of that', { swaps: true, loses: 23, silentEnds: true }],
  ])('where %s', (_name, oddities) => {
    const { scene, me, old } = fetching(12_000_000)
    Object.assign(old, oddities)
    me.accept()
    scene.pass(3_600_000)
    expect(same(kept(me), old.bytes)).toBe(true)
  })

  test('that has no room is asked again until it has', () => {
    const { scene, me, old } = fetching(50_000)
    old.busy = true
    me.accept()
    scene.pass(60_000)
    expect(me.only().phase).toBe('asking')
    old.busy = false
    scene.pass(20_000)
    expect(same(kept(me), old.bytes)).toBe(true)
  })

  test('that no longer has it', () => {
    const { scene, me, old } = fetching(50_000)
    old.knowsFile = false
    me.accept()
    scene.pass(1_000)
    expect(me.only()).toMatchObject({ phase: 'stopped', why: 'gone' })
    expect(me.disk.size).toBe(0)
  })

  test('paused and gone on with, however long that takes', () => {
    const { scene, me, old } = fetching(10_000_000)
    const key = me.accept()
    scene.pass(3_000)
    me.feed({ type: 'pause', key, on: true })
    scene.pass(300_000)
    const { received } = me.only()
    expect(received).toBeGreaterThan(0)
    expect(received).toBeLessThan(10_000_000)
    me.feed({ type: 'pause', key, on: false })
    scene.pass(120_000)
    expect(same(kept(me), old.bytes)).toBe(true)
  })

  test('cancelled: it is told that it is enough', () => {
    const { scene, me, old } = fetching(10_000_000)
    const key = me.accept()
    scene.pass(100)
    me.feed({ type: 'cancel', key })
    scene.pass(30_000)
    expect(me.only()).toMatchObject({ phase: 'stopped', why: 'own-choice' })
    expect(me.disk.size).toBe(0)
    expect(old.finished).toBe(1)
  })

  test('a link that breaks and comes back costs a session, one that is gone the file', () => {
    const { scene, me, old } = fetching(10_000_000)
    me.accept()
    scene.pass(3_000)
    scene.strangers.pop()
    const away = new Map([[old.name, { name: 'old', transport: 'none', direct: false } as const]])
    me.feed({ type: 'routes', routes: away })
    scene.pass(30_000)
    expect(me.only().phase).toBe('waiting')
    scene.stranger(old)
    scene.pass(1_000)
    expect(me.only().phase).toBe('running')
    me.feed({ type: 'routes', routes: new Map() })
    expect(me.only()).toMatchObject({ phase: 'stopped', why: 'lost' })
  })

  test('one that ends every session at once is not asked for ever', () => {
    const { scene, me, old } = fetching(10_000_000)
    old.hear = (from, signal) => {
      if (signal.kind !== 'download') return
      const [theirs, own] = [signal.from, 7]
      const page = scene.pages.find(({ name }) => name === from)
      page?.feed({ type: 'signal', from: old.name, signal: { kind: 'ack', from: own, to: theirs, mode: 0 } })
      const over = { kind: 'finished', from: own, to: theirs, success: false } as const
      scene.post(() => page?.feed({ type: 'signal', from: old.name, signal: over }))
    }
    me.accept()
    scene.pass(120_000)
    expect(me.only()).toMatchObject({ phase: 'stopped', why: 'no-answer' })
    expect(me.said.filter(({ signal }) => signal.kind === 'download').length).toBeLessThan(12)
  })

  test('chunks that nobody asked for, are too short, or come from somebody else are not taken', () => {
    const { scene, me, old } = fetching(10 * chunkBytes)
    const heard: Parameters<Uploader['hear']>[1][] = []
    old.hear = (_from, signal) => heard.push(signal)
    me.accept()
    const say = (from: string, chunk: number, bytes: number): void =>
      me.feed({
        type: 'signal',
        from: memberId(from),
        signal: { kind: 'chunk', from: 3, chunk, bytes: new Uint8Array(bytes) },
      })
    const [asked] = heard
    if (asked?.kind !== 'download') throw new Error('nothing was asked for')
    me.feed({ type: 'signal', from: old.name, signal: { kind: 'ack', from: 3, to: asked.from, mode: 0 } })
    scene.settle()
    say('old', 10, chunkBytes)
    say('old', 2 ** 40, chunkBytes)
    say('old', 0, chunkBytes - 1)
    say('eve', 0, chunkBytes)
    scene.settle()
    expect(me.only().received).toBe(0)
    say('old', 1, chunkBytes)
    say('old', 0, chunkBytes)
    say('old', 0, chunkBytes)
    scene.settle()
    expect(me.only()).toMatchObject({ received: 2 * chunkBytes, stored: 2 * chunkBytes })
  })
})

const serving = (size: number, swaps = false, direct = true) => {
  const scene = new Scene()
  const me = scene.page('me')
  const bytes = pattern(size)
  const old = new Downloader(scene, 'old', size)
  old.swaps = swaps
  scene.stranger(old)
  const routes = new Map([[old.name, { name: 'old', transport: 'legacy', direct } as const]])
  me.feed({ type: 'routes', routes })
  const { id } = me.share(bytes)
  return { scene, me, old, bytes, id }
}

describe('to an original', () => {
  test.each([0, 1, 2_048, 40_001, chunkBytes, 175_000, 3_000_001])('%i bytes', size => {
    const { scene, me, old, bytes, id } = serving(size)
    old.ask(me.name, id)
    scene.pass(10_000)
    expect(old.done).toBe(true)
    expect(same(old.bytes, bytes)).toBe(true)
    expect(me.outgoing).toMatchObject([{ phase: 'done', acked: size }])
  })

  test.each([true, false])('what got lost is said once more (numbers swapped: %s)', swaps => {
    const { scene, me, old, bytes, id } = serving(3_000_000, swaps, false)
    old.lost.add(0).add(50).add(183)
    old.ask(me.name, id)
    for (let second = 0; second < 30; second++) {
      scene.pass(1_000)
      old.stalled(me.name)
    }
    expect(same(old.bytes, bytes)).toBe(true)
    expect(me.outgoing[0]?.phase).toBe('done')
  })

  test('through a host no faster than it can pass on', () => {
    const { scene, me, old, id } = serving(5_000_000, false, false)
    old.ask(me.name, id)
    scene.pass(1_000)
    expect(me.outgoing[0]?.sent).toBeLessThan(2_000_000)
    scene.pass(20_000)
    expect(old.done).toBe(true)
  })

  test('asked ahead of what is on its way, nothing is said twice, and the message that it is enough is an end like any other', () => {
    const { scene, me, old, bytes, id } = serving(1_000_000, false, false)
    const chunks = Math.ceil(bytes.byteLength / chunkBytes)
    let [asked, heard] = [0, 0]
    const say = (signal: FileSignal): void =>
      scene.post(() => me.feed({ type: 'signal', from: old.name, signal }))
    // As a page of ours does that cannot tell who it is: sixteen ahead, and what it asks for may be on its way.
    old.hear = (_from, signal) => {
      if (signal.kind === 'ack') say({ kind: 'ack', from: 5, to: signal.from, mode: 0 })
      else if (signal.kind === 'chunk') heard += 1
      else return
      const to = signal.from
      for (; asked < Math.min(heard + 16, chunks); asked++) say({ kind: 'peer', from: 5, to, signal: asked })
      if (heard === chunks) say({ kind: 'peer', from: 5, to, signal: -1 })
    }
    old.ask(me.name, id)
    scene.pass(10_000)
    expect(heard).toBe(chunks)
    expect(me.outgoing).toMatchObject([{ phase: 'done', acked: bytes.byteLength }])
  })

  test('a file it does not know, and one that is no more', () => {
    const { scene, me, old, id } = serving(5_000)
    old.ask(me.name, 'nonsense')
    scene.pass(100)
    expect(old.refused).toBe('noSuchFile')
    me.files.clear()
    old.ask(me.name, id)
    scene.pass(1_000)
    expect(me.outgoing).toMatchObject([{ phase: 'stopped', why: 'gone' }])
    expect(old.dead).toBe(true)
  })

  test('cancelled by either', () => {
    const ours = serving(50_000_000, false, false)
    ours.old.ask(ours.me.name, ours.id)
    ours.scene.pass(500)
    const [it] = ours.me.outgoing
    if (it) ours.me.feed({ type: 'cancel', key: it.key })
    ours.scene.pass(500)
    expect(ours.old.dead).toBe(true)
    expect(ours.me.outgoing).toMatchObject([{ phase: 'stopped', why: 'own-choice' }])

    const theirs = serving(50_000_000, false, false)
    theirs.old.ask(theirs.me.name, theirs.id)
    theirs.scene.pass(500)
    const { action, theirs: number } = theirs.old
    theirs.me.feed({
      type: 'signal',
      from: theirs.old.name,
      signal: { kind: 'finished', from: action, to: number, success: false },
    })
    theirs.scene.pass(500)
    expect(theirs.me.outgoing).toMatchObject([{ phase: 'stopped', why: 'cancelled' }])
  })

  test('requests for what cannot be are passed over', () => {
    const { scene, me, old, id } = serving(3 * chunkBytes, false, false)
    old.ask(me.name, id)
    scene.settle()
    for (const signal of [-2, 1.5, 2 ** 60, 'x', null, {}, undefined, 99]) {
      const words = { kind: 'peer', from: old.action, to: old.theirs, signal } as const
      me.feed({ type: 'signal', from: old.name, signal: words })
      me.feed({ type: 'signal', from: memberId('eve'), signal: { ...words, signal: -1 } })
    }
    scene.pass(5_000)
    expect(old.done).toBe(true)
    expect(me.outgoing[0]?.phase).toBe('done')
  })
})
