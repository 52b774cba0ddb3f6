/** What was read stays read on the tab's next page, and what was not stays new. */
import { signal } from '@preact/signals'
import { beforeEach, expect, test } from 'vitest'
import { attachChat } from '../src/app/attach-chat.ts'
import { withStay } from '../src/core/entrance.ts'
import { stayOf } from '../src/core/leaving.ts'
import type { RoomSession } from '../src/core/room-session.ts'
import { parseStay, type Stay, withReadUpTo, writeStay } from '../src/core/stay.ts'
import type { Model } from '../src/ui/model.ts'
import { freshReading, newTo, readUpTo } from '../src/ui/selectors.ts'
import { fileId, peerId } from '../src/wire/ids.ts'
import { ownCaps } from '../src/wire/peer.ts'
import { Alone } from './alone.ts'
import { noCall } from './calls-seen.ts'
import { stayOf as pageId } from './scene.ts'
import { chat, saying } from './words.ts'

const ben = peerId('ben')
const me = new Alone('mesh')
const meet = (): void => {
  me.feed({ type: 'peer-joined', peer: ben })
  me.feed({ type: 'link-opened', peer: ben })
  me.hear(ben, { kind: 'hello', person: { name: 'Ben', avatar: '', caps: ownCaps }, password: '' })
}
const offers = (...names: string[]): void => {
  const files = names.map(name => ({ id: fileId(name), name, size: 5, media: '' }))
  me.hear(ben, { ...chat(''), files })
}

beforeEach(() => {
  me.begin()
  meet()
})

/** The key of the last entry, for whoever has read everything. */
const end = (): number => me.state.timeline.at(-1)?.key ?? 0

/** As a page of ours, which has an id for its stay. */
const leaving = (): Stay => ({ ...stayOf(me.state, noCall, []), member: pageId('me') })

const reload = (read: number): Stay => {
  const stay = parseStay(writeStay(withReadUpTo(leaving(), read)))
  if (!stay) throw new Error('nothing was kept')
  me.begin()
  me.state = withStay(me.state, stay)
  meet()
  return stay
}

const readingOf = ({ read }: Stay) => {
  const settings = signal({ handOver: false })
  const [draft, answering, attending] = [signal(''), signal(null), signal(false)]
  const model = { draft, answering, attending, settings, reading: signal({ ...freshReading, read: 99 }) }
  const session = { state: me.state, on: () => () => undefined, shareHistory: () => undefined }
  const alerts = {
    hidden: () => false,
    notify: () => undefined,
    chime: () => undefined,
    mayNotify: async () => false,
  }
  const ports = { alerts, drafts: new Map(), read }
  attachChat(session as unknown as RoomSession, model as unknown as Model, ports)()
  return model.reading.value
}

/** What is new on the next page, and before which entry the line stands when somebody looks. */
const seen = (stay: Stay) => {
  const nameOf = (key: number | null): string | null => {
    const entry = me.state.timeline.find(it => it.key === key)
    return entry?.kind === 'chat' ? entry.text : entry?.kind === 'file' ? entry.file : null
  }
  const reading = readingOf(stay)
  const { timeline } = me.state
  const { line } = readUpTo(reading, timeline, true)
  return { fresh: newTo(reading, timeline).map(nameOf), line: nameOf(line) }
}

test('after everything was read nothing is new, and no line stands anywhere', () => {
  me.hear(ben, chat('one'))
  me.feed(saying('mine'))
  me.hear(ben, chat('two'))
  expect(seen(reload(end()))).toEqual({ fresh: [], line: null })
})

test('what was not read is still new, and so is what comes later', () => {
  me.hear(ben, chat('one'))
  const read = end()
  me.hear(ben, chat('two'))
  const stay = reload(read)
  me.hear(ben, chat('three'))
  expect(seen(stay)).toEqual({ fresh: ['two', 'three'], line: 'two' })
})

test('a file that its owner offers again is as new as it was', () => {
  offers('a')
  me.hear(ben, chat('one'))
  const read = end()
  offers('b')
  let stay = reload(read)
  offers('a', 'b', 'c')
  expect(seen(stay)).toEqual({ fresh: ['b', 'c'], line: 'b' })
  // Its owner is away when the page is loaded once more, and offers it later.
  stay = reload(end())
  offers('a')
  stay = reload(0)
  offers('a', 'b', 'c', 'd')
  expect(seen(stay)).toEqual({ fresh: ['one', 'd'], line: 'one' })
})

test('a file of which an earlier page has a part is not new', () => {
  me.feed({ type: 'resumable-file', file: { id: fileId('a'), name: 'a', size: 5, media: '' }, name: 'Ben' })
  offers('a')
  expect(newTo(freshReading, me.state.timeline)).toEqual([])
})

test('what an older version has kept counts as read', () => {
  me.hear(ben, chat('one'))
  const kept = JSON.parse(writeStay(leaving())) as Record<string, unknown>
  expect(parseStay(JSON.stringify({ ...kept, read: undefined, files: undefined }))).toMatchObject({
    read: 1,
    files: [],
  })
  expect(parseStay(JSON.stringify({ ...kept, read: -3, files: [7, { owner: 'ben' }] }))).toMatchObject({
    read: 1,
    files: [],
  })
})
