/** A file that was received, declined or cancelled is not asked for again by the tab's next page. */
import { describe, expect, test } from 'vitest'
import { stayOf } from '../src/core/leaving.ts'
import { parseStay, type Stay, writeStay } from '../src/core/stay.ts'
import { answeredIn, filesAnswered, parseAnswered } from '../src/files/answered.ts'
import { creditBytes } from '../src/files/channel-download.ts'
import { type Download, noFiles } from '../src/files/state.ts'
import type { RoomState } from '../src/room/state.ts'
import { append, type Timeline } from '../src/room/timeline.ts'
import { canFetch, downloadWords, openOffers, resumableFiles } from '../src/ui/file-words.ts'
import type { FileCard } from '../src/wire/file.ts'
import { fileId, memberId } from '../src/wire/ids.ts'
import { Alone } from './alone.ts'
import { noCall } from './calls-seen.ts'
import { type Page, pattern, Scene } from './transfers-scene.ts'

const names = ['received', 'declined', 'cancelled', 'open'] as const

/** Ben has answered three of Ada's four files. */
const answered = () => {
  const scene = new Scene()
  const [ada, ben] = [scene.page('ada'), scene.page('ben')]
  const cards = names.map((name, index) => {
    const size = name === 'cancelled' ? creditBytes + 5 : 5
    return ada.share(pattern(size, index + 1), { name })
  })
  const keyOf = (name: string) => rowOf(ben, name).key
  ben.feed({ type: 'accept', key: keyOf('received') })
  ben.feed({ type: 'decline', key: keyOf('declined') })
  scene.settle()
  ben.slow = true
  ben.feed({ type: 'accept', key: keyOf('cancelled') })
  scene.settle()
  ben.feed({ type: 'cancel', key: keyOf('cancelled') })
  scene.settle()
  return { scene, ada, ben, cards }
}

const rowOf = (page: Page, name: string): Download => {
  const found = page.incoming.find(({ file }) => file.name === name)
  if (!found) throw new Error(`${name} is not offered`)
  return found
}

const conversation = (cards: readonly FileCard[]): Timeline =>
  cards.reduce(
    (now: Timeline, { id, name }) =>
      append(
        now,
        {
          kind: 'file',
          name: 'ada',
          own: false,
          owner: memberId('ada'),
          file: id,
          fileName: name,
          seen: false,
        },
        5,
      ),
    [],
  )

const roomWith = (cards: readonly FileCard[]): RoomState => ({
  ...new Alone('mesh', null).state,
  stay: memberId('mmmmmmmmmmmmmmmmmmmm_-'),
  timeline: conversation(cards),
})

/** What the next page has of Ben's, before anybody has said a word to it. */
const reloaded = (ben: Page, cards: readonly FileCard[]) => {
  const state = roomWith(cards)
  const stay = parseStay(writeStay(stayOf(state, noCall, answeredIn(ben.state))))
  if (!stay) throw new Error('nothing was left')
  return stay
}

const answersIn = (stay: Stay | null): unknown[] => stay?.files.map(({ answer }) => answer) ?? []

describe('after a reload', () => {
  const next = () => {
    const { scene, ada, ben, cards } = answered()
    const stay = reloaded(ben, cards)
    scene.pages.splice(scene.pages.indexOf(ben), 1)
    const page = scene.page('ben')
    page.state = filesAnswered(parseAnswered(answersIn(stay)), scene.now)
    scene.meet()
    return { scene, ada, page, cards, stay }
  }

  test('what was answered stays answered, and only what is open is offered', () => {
    const { scene, ada, page, cards } = next()
    for (const card of cards) scene.offer(ada, card)
    expect(page.incoming.map(({ file, phase }) => [file.name, phase])).toEqual([
      ['received', 'kept'],
      ['declined', 'declined'],
      ['cancelled', 'stopped'],
      ['open', 'offered'],
    ])
    expect(openOffers(page.state).map(({ file }) => file.name)).toEqual(['open'])
  })

  test('the answered files stand where they stood in the conversation', () => {
    const { stay } = next()
    expect(stay.timeline.map(it => it.kind === 'file' && it.fileName)).toEqual(names.slice(0, 3))
  })

  test('what was declined can be fetched once its owner offers it again', () => {
    const { scene, ada, page, cards } = next()
    expect(canFetch(rowOf(page, 'declined'))).toBe(false)
    for (const card of cards) scene.offer(ada, card)
    expect(canFetch(rowOf(page, 'declined'))).toBe(true)
    page.feed({ type: 'accept', key: rowOf(page, 'declined').key })
    scene.settle()
    expect(rowOf(page, 'declined').phase).toBe('kept')
  })

  test('what was interrupted stands before what is new', () => {
    const { scene, ada, page, cards } = next()
    for (const card of cards) scene.offer(ada, card)
    const file = { id: fileId('half'), name: 'half', size: 9, media: '' }
    page.feed({ type: 'resumable', file, ownerName: 'ada', resumeToken: 't', stored: 4 })
    expect(resumableFiles(page.state).map(it => [it.file.name, downloadWords(it, true)])).toEqual([
      ['half', '4 bytes of 9 bytes already downloaded.'],
    ])
    expect(openOffers(page.state).map(it => it.file.name)).toEqual(['open'])
  })

  test('and after another reload as well', () => {
    const { page } = next()
    expect(filesAnswered(parseAnswered(answeredIn(page.state)), 0).downloads.size).toBe(3)
  })

  test('another file under the same number is an offer of its own', () => {
    const { scene, ada, page, cards } = next()
    const [, declined] = cards
    if (declined) scene.offer(ada, { ...declined, name: 'another' })
    expect(openOffers(page.state).map(({ file }) => file.name)).toEqual(['another'])
  })
})

test('as many files are kept as can be listed, each with what was done with it', () => {
  const { ben } = answered()
  const one = rowOf(ben, 'declined')
  const cards = Array.from(
    { length: 500 },
    (_, index): FileCard => ({ ...one.file, id: fileId(`f${index}`) }),
  )
  const downloads = new Map(cards.map((file, index) => [`in ${index}` as const, { ...one, file }]))
  const state = roomWith(cards)
  const stay = stayOf(state, noCall, answeredIn({ ...noFiles, downloads }))
  const written = writeStay(stay)
  expect(written.length).toBeLessThan(500_000)
  const kept = parseAnswered(answersIn(parseStay(written)))
  expect(kept).toHaveLength(500)
  expect(kept.at(-1)?.file.id).toBe('f499')
})

test.each([
  [null],
  ['declined'],
  [{ owner: 'ada', ownerName: 'ada', digest: '', answer: 'declined' }],
  [{ owner: 'ada', ownerName: 'ada', digest: '', answer: 'running', file: { id: 'f', name: 'a', size: 1 } }],
  [{ owner: 7, ownerName: 'ada', digest: '', answer: 'kept', file: { id: 'f', name: 'a', size: 1 } }],
  [{ owner: 'ada', ownerName: 'ada', digest: '', answer: 'kept', file: { id: 'f', name: 'a', size: -1 } }],
])('%j is no answer', stored => {
  expect(parseAnswered([stored])).toEqual([])
})
