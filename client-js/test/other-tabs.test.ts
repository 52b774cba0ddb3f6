/** Tabs of one browser tell each other which rooms they are in. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OtherTabs, type TabChannel } from '../src/app/other-tabs.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What one tab says all others hear. */
class Channels {
  readonly #heard: ((event: { data: unknown }) => void)[] = []

  open(): TabChannel & { end: () => void } {
    let own: ((event: { data: unknown }) => void) | null = null
    return {
      postMessage: data => {
        for (const heard of [...this.#heard]) if (heard !== own) heard({ data })
      },
      addEventListener: (_, heard) => {
        own = heard
        this.#heard.push(heard)
      },
      end: () => {
        this.#heard.splice(0, this.#heard.length, ...this.#heard.filter(it => it !== own))
      },
    }
  }
}

const tab = (channel: TabChannel | null) => {
  const seen = { rooms: [] as string[] }
  const tabs = new OtherTabs(channel, rooms => {
    seen.rooms = [...rooms]
  })
  return { seen, tabs }
}

test('a tab knows the rooms of those before it and after it, and when they leave them', () => {
  const channels = new Channels()
  const first = tab(channels.open())
  first.tabs.enter('tea')
  const second = tab(channels.open())
  expect(second.seen.rooms).toEqual(['tea'])
  second.tabs.enter('talk')
  expect(first.seen.rooms).toEqual(['talk'])
  first.tabs.enter(null)
  expect(second.seen.rooms).toEqual([])
})

test('a tab that was closed by force is forgotten when it does not answer, and one that answers stays', () => {
  const channels = new Channels()
  const gone = channels.open()
  tab(gone).tabs.enter('tea')
  tab(channels.open()).tabs.enter('talk')
  const last = tab(channels.open())
  expect(last.seen.rooms).toEqual(['tea', 'talk'])
  gone.end()
  last.tabs.ask()
  expect(last.seen.rooms).toEqual(['tea', 'talk'])
  vi.runAllTimers()
  expect(last.seen.rooms).toEqual(['talk'])
})

test('nonsense is no room, and a browser without such a channel has no other tabs', () => {
  const channels = new Channels()
  const { seen } = tab(channels.open())
  const other = channels.open()
  for (const data of [
    null,
    'ask',
    { type: 'in' },
    { type: 'in', tab: 'a', room: 7 },
    { type: 'out', tab: 'a' },
  ])
    other.postMessage(data)
  expect(seen.rooms).toEqual([])
  const alone = tab(null)
  alone.tabs.enter('tea')
  expect(alone.seen.rooms).toEqual([])
})
