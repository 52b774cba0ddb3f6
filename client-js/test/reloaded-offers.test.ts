/**
 * A page that is loaded anew cannot read the files any more that it offered: it takes the offers back, and whoever wanted
 * one is told that it has to be sent again. An offer that ends while somebody is out of reach ends for them, too.
 */
import { describe, expect, test } from 'vitest'
import { withStay } from '../src/core/entrance.ts'
import { stayOf } from '../src/core/leaving.ts'
import { parseStay, writeStay } from '../src/core/stay.ts'
import { creditBytes } from '../src/files/channel-download.ts'
import { canFetch, downloadWords, openOffers } from '../src/ui/file-words.ts'
import { fileId, memberId, newMessageId, peerId } from '../src/wire/ids.ts'
import { ownCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { noCall } from './calls-seen.ts'
import { Scene as Rooms, stayOf as stayIn } from './scene.ts'
import { pattern, Scene, same } from './transfers-scene.ts'

const card = (name: string) => ({ id: fileId(name), name, size: 5, media: '' })
const messageId = () => newMessageId(crypto.getRandomValues(new Uint8Array(12)))

describe('the page of whoever offered them', () => {
  const ben = peerId('ben')
  const meet = (me: Alone): void => {
    me.feed({ type: 'peer-joined', peer: ben })
    me.feed({ type: 'link-opened', peer: ben })
    me.hear(ben, { kind: 'hello', person: { name: 'Ben', avatar: '', caps: ownCaps }, password: '' })
  }
  const reload = (me: Alone): void => {
    const stay = parseStay(writeStay({ ...stayOf(me.state, noCall, []), member: stayIn('me') }))
    if (!stay) throw new Error('nothing was kept')
    me.begin()
    me.state = withStay({ ...me.state, stay: stay.member, selfMember: stay.member }, stay)
    meet(me)
  }
  const takenBack = ({ effects }: Alone): unknown[] =>
    effects.flatMap(it =>
      it.type === 'send' && it.message.kind === 'file-withdrawn' ? [[it.message.file, it.message.lost]] : [],
    )

  test('takes them back after it was loaded anew, and again after another time', () => {
    const me = new Alone('mesh')
    me.begin()
    meet(me)
    me.state = { ...me.state, stay: stayIn('me'), selfMember: stayIn('me') }
    me.feed({ type: 'offer-files', files: [card('a'), card('b')], id: messageId() })
    reload(me)
    expect(takenBack(me)).toEqual([
      ['a', true],
      ['b', true],
    ])
    expect(me.state.activeOffers).toEqual([])
    const files = me.state.timeline.filter(it => it.kind === 'file')
    expect(files.map(({ fileName, own }) => [fileName, own])).toEqual([
      ['a', true],
      ['b', true],
    ])
    me.feed({ type: 'offer-files', files: [card('c')], id: messageId() })
    reload(me)
    expect(takenBack(me)).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ])
  })
})

test('a guest of a star takes them back once it knows what its host can do', () => {
  const host = peerId('host')
  const me = new Alone('star', host)
  me.begin()
  me.state = { ...me.state, endedOffers: [{ owner: me.state.stay, file: fileId('a'), lost: true }] }
  me.feed({ type: 'incoming-offer', peer: host })
  me.feed({ type: 'link-opened', peer: host })
  me.hear(host, { kind: 'admitted', id: memberId('1'), host: stayIn('hanna') }, '0')
  const told = (): number =>
    me.effects.filter(it => it.type === 'send' && it.message.kind === 'file-withdrawn').length
  expect(told()).toBe(0)
  const hanna = { name: 'Hanna', avatar: '', caps: ownCaps, id: memberId('0'), member: stayIn('hanna') }
  me.hear(host, { kind: 'roster', members: [hanna] }, '-1')
  expect(told()).toBe(1)
  me.hear(host, { kind: 'roster', members: [hanna] }, '-1')
  expect(told()).toBe(0)
})

describe.each(['mesh', 'star'] as const)('in a %s', kind => {
  test('whoever was out of reach when an offer was taken back hears of it when they are back', () => {
    const scene = new Rooms(kind)
    for (const name of ['ada', 'ben', 'cyd']) scene.enter(name)
    scene.feed('cyd', { type: 'offer-files', files: [card('a')], id: messageId() })
    if (kind === 'mesh') scene.breakLink('cyd', 'ben')
    else scene.breakLink('ada', 'ben')
    scene.feed('cyd', { type: 'withdraw-file', file: fileId('a') })
    const told = () =>
      scene.files.flatMap(({ to, from, about }) =>
        to === 'ben' && about.kind === 'withdrawn' ? [[from, about.file, about.lost]] : [],
      )
    expect(told()).toEqual([])
    scene.pass(60_000)
    expect(told()).toEqual([[stayIn('cyd'), 'a', false]])
  })
})

describe('whoever was offered one', () => {
  const begin = () => {
    const scene = new Scene()
    const [ada, ben] = [scene.page('ada'), scene.page('ben')]
    const bytes = pattern(creditBytes + 5)
    return { scene, ada, ben, bytes, file: ada.share(bytes) }
  }
  /** Ada's page is loaded anew, so fast that nobody has seen her go. */
  const reload = ({ scene, ada, ben, file }: ReturnType<typeof begin>, says: boolean) => {
    scene.breakLinks()
    scene.pages.splice(scene.pages.indexOf(ada), 1)
    const next = scene.page('ada')
    if (says) ben.feed({ type: 'withdrawn', owner: next.name, file: file.id, lost: true })
    scene.settle()
    scene.pass(120_000)
    return next
  }

  test('and has not answered is told to ask for it again, and asked no more', () => {
    const scene = begin()
    reload(scene, true)
    const { ben } = scene
    expect(openOffers(ben.state)).toEqual([])
    expect(downloadWords(ben.only(), true)).toBe(
      'ada reloaded the page, and the file is no longer offered. Ask ada to send it again.',
    )
    expect(canFetch(ben.only())).toBe(false)
  })

  test.each([true, false])('and has a part of it is told the same, and keeps the part (said: %s)', says => {
    const begun = begin()
    const { scene, ben, bytes } = begun
    ben.slow = true
    ben.accept()
    for (const write of ben.unwritten.splice(0, 3)) write()
    const { received } = ben.only()
    expect(received).toBeGreaterThan(0)
    ben.slow = false
    const next = reload(begun, says)
    expect(ben.only().phase).toBe('waiting')
    expect(downloadWords(ben.only(), true)).toBe(
      'Interrupted. ada reloaded the page and has to send this file again. It then resumes where it stopped.',
    )
    next.share(bytes, { id: fileId('again') })
    scene.settle()
    ben.write()
    scene.settle()
    expect(ben.incoming).toHaveLength(1)
    expect(ben.only().phase).toBe('kept')
    expect(same(ben.kept.get('a.bin') ?? [...ben.kept.values()][0], bytes)).toBe(true)
  })
})

test('what was answered longer ago than the conversation goes back is not asked again', () => {
  const me = new Alone('mesh')
  me.begin()
  const answered = {
    owner: stayIn('ben'),
    ownerName: 'Ben',
    file: card('old'),
    legacy: false,
    answer: 'declined',
    digest: '',
    told: false,
  } as const
  const stay = parseStay(writeStay({ ...stayOf(me.state, noCall, [answered]), member: stayIn('me') }))
  expect(stay?.files).toEqual([{ owner: stayIn('ben'), file: 'old', key: 0, answer: answered }])
})
