/**
 * What the far end of a channel can do to us: nothing is believed, nothing of a lie is kept, nobody fills what is ours.
 */
import { describe, expect, test } from 'vitest'
import { channelOf, channelUpload } from '../src/files/change.ts'
import { creditBytes } from '../src/files/channel-download.ts'
import { sliceBytes } from '../src/files/upload.ts'
import { memberId } from '../src/wire/ids.ts'
import { pattern, Scene } from './transfers-scene.ts'

const two = () => {
  const scene = new Scene()
  return { scene, ada: scene.page('ada'), ben: scene.page('ben') }
}

describe('a lie', () => {
  test.each([
    ['longer than it is', 1],
    ['shorter than it is', -1],
  ])('that it is %s ends it, and nothing is kept', (_name, by) => {
    const { ada, ben } = two()
    const bytes = pattern(2 * sliceBytes)
    ada.share(bytes, { size: bytes.byteLength + by })
    ben.accept()
    expect(ben.only().phase).toBe('stopped')
    expect(ben.kept.size + ben.disk.size).toBe(0)
  })

  test('about the hash ends it, and nothing is kept', () => {
    const { ada, ben } = two()
    ada.hashLie = 'f'.repeat(64)
    ada.share(pattern(100))
    ben.accept()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'wrong' })
    expect(ada.outgoing).toMatchObject([{ phase: 'stopped', why: 'wrong' }])
    expect(ben.kept.size + ben.disk.size).toBe(0)
  })

  test('a file that changed meanwhile is no longer given', () => {
    const { scene, ada, ben } = two()
    const card = ada.share(pattern(3 * creditBytes))
    ben.slow = true
    ben.accept()
    ada.files.set(card.id, new Uint8Array(5))
    ben.slow = false
    ben.write()
    scene.settle()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'gone' })
    expect(ben.disk.size).toBe(0)
  })
})

describe('bad will', () => {
  const channel = 'called 99'

  test('a receiver that confirms what was not sent is cut off', () => {
    const { scene, ada, ben } = two()
    ada.share(pattern(2 * creditBytes))
    ben.slow = true
    ben.accept()
    const [it] = ada.outgoing
    const channel = (it && channelUpload(it)?.channel) ?? never()
    ada.feed({ type: 'channel-message', channel, message: { kind: 'took', bytes: 2 ** 50 } })
    scene.settle()
    expect(ada.outgoing[0]).toMatchObject({ phase: 'stopped', why: 'wrong' })
  })

  test('a sender that sends more than it may is cut off', () => {
    const { scene, ada, ben } = two()
    ada.share(pattern(4 * creditBytes))
    ben.slow = true
    ben.accept()
    const channel = channelOf(ben.only()) ?? never()
    ben.feed({ type: 'channel-bytes', channel, bytes: new Uint8Array(1) })
    scene.settle()
    expect(ben.only()).toMatchObject({ phase: 'stopped', why: 'wrong' })
    expect(ben.disk.size).toBe(0)
  })

  test('nobody hands over what somebody else offered', () => {
    const { scene, ada, ben } = two()
    const eve = scene.page('eve')
    const card = ada.share(pattern(100))
    scene.separate(ada, ben)
    ben.accept()
    scene.cut.clear()
    eve.files.set(card.id, pattern(100, 7))
    eve.feed({ type: 'share', file: card })
    ben.feed({
      type: 'routes',
      routes: new Map([[eve.name, { name: 'eve', transport: 'channel', direct: true }]]),
    })
    scene.pass(60_000)
    expect(ben.only().phase).toBe('waiting')
    expect(ben.kept.size).toBe(0)
  })

  test.each([
    ['a file that is not shared', { kind: 'want', file: 'x', from: 0, credit: 10 }],
    ['a place beyond its end', { kind: 'want', file: 'ada-file-0', from: 11, credit: 10 }],
    ['nothing', { kind: 'done' }],
    ['to be paused', { kind: 'pause', on: true }],
  ])('a channel that asks for %s is closed', (_name, message) => {
    const { scene, ada } = two()
    ada.share(pattern(10))
    ada.feed({
      type: 'channel-requested',
      channel,
      member: memberId('ben'),
      message: message as never,
      resumeToken: '',
    })
    scene.settle()
    expect(ada.outgoing).toEqual([])
  })

  test('one member fills neither our list nor our channels', () => {
    const { scene, ada, ben } = two()
    for (let count = 0; count < 3_000; count++) {
      const id = `f${count}` as never
      ben.feed({
        type: 'offered',
        owner: ada.name,
        file: { id, name: 'x', size: 1, media: '' },
      })
    }
    expect(ben.incoming.length).toBeLessThanOrEqual(500)
    expect(ben.incoming.at(-1)?.file.id).toBe('f2999')
    const bytes = new Uint8Array(creditBytes)
    for (let count = 0; count < 40; count++) {
      const card = ada.share(bytes)
      const message = { kind: 'want', file: card.id, from: 0, credit: 0, resumeToken: null } as const
      ada.feed({
        type: 'channel-requested',
        channel: `called x${count}`,
        member: ben.name,
        message,
        resumeToken: '',
      })
    }
    scene.settle()
    expect(ada.outgoing.filter(it => channelUpload(it) !== null).length).toBeLessThanOrEqual(8)
  })

  test('words on channels that nobody knows mean nothing', () => {
    const { ada } = two()
    const before = ada.state
    ada.feed({ type: 'channel-message', channel, message: { kind: 'took', bytes: 1 } })
    ada.feed({ type: 'channel-bytes', channel, bytes: new Uint8Array(3) })
    ada.feed({ type: 'channel-closed', channel })
    ada.feed({ type: 'channel-drained', channel })
    ada.feed({ type: 'channel-opened', channel })
    expect(ada.state).toBe(before)
  })
})

const never = (): never => {
  throw new Error('no channel is open')
}
