/** Who gets which key, and when there is a new one: a state machine without a key in it. */
import { beforeEach, describe, expect, test } from 'vitest'
import {
  type Exchange,
  type ExchangeEffect,
  type ExchangeEvent,
  epochsFor,
  exchange,
  isAgreed,
  isFailing,
  newest,
  nextDue,
  startExchange,
} from '../src/sealing/exchange.ts'
import { type MemberId, memberId } from '../src/wire/ids.ts'

const [ben, cyd, dan] = [memberId('ben'), memberId('cyd'), memberId('dan')]
const own = { identity: 'me', nonce: 'mine' }
const endOf = (member: MemberId, nonce = '1', identity = `${member}’s`) => ({ identity, nonce })

let state: Exchange
let now = 0
let effects: readonly ExchangeEffect[] = []

const feed = (event: ExchangeEvent): void => {
  const step = exchange(state, event, now)
  state = step.state
  effects = step.effects
}
/** As long as something is due. */
const pass = (ms: number): ExchangeEffect[] => {
  const end = now + ms
  const all: ExchangeEffect[] = []
  for (let due = nextDue(state, now); due !== null && due <= end; due = nextDue(state, now)) {
    now = Math.max(now + 1, due)
    feed({ type: 'tick' })
    all.push(...effects)
  }
  now = end
  return all
}
const here = (...members: MemberId[]): void => feed({ type: 'members', members: new Set(members) })
const shown = (): string[] =>
  effects.map(it => {
    if ('epoch' in it) return `${it.type} ${it.epoch}`
    return `${it.type} ${it.type === 'send' ? it.to : it.member}`
  })
const known = 'mine'
const meet = (from: MemberId, end = endOf(from)): void => {
  feed({ type: 'heard', from, end, known })
  feed({ type: 'agreed', from, end, epoch: 50, has: newest(state) })
}

beforeEach(() => {
  now = 1_000
  state = startExchange(own, 10, now)
})

describe('somebody who comes', () => {
  test('is told who we are, and given a key once we know who they are', () => {
    here(ben)
    expect(shown()).toEqual(['send ben'])
    feed({ type: 'heard', from: ben, end: endOf(ben), known: null })
    expect(shown()).toEqual(['pair ben', 'send ben'])
    feed({ type: 'agreed', from: ben, end: endOf(ben), epoch: 50, has: null })
    expect(shown()).toEqual(['send ben'])
    feed({ type: 'agreed', from: ben, end: endOf(ben), epoch: 50, has: 10 })
    expect(shown()).toEqual([])
    expect([...state.peers.values()].map(isAgreed)).toEqual([true])
    expect(pass(2_900)).toEqual([])
  })

  test('cannot open what was sealed before: there is a new key at once, where the last one is old', () => {
    here(ben)
    meet(ben)
    pass(10_000)
    meet(ben)
    now += 60_000
    const before = newest(state)
    here(ben, cyd)
    expect(shown()).toEqual([`make ${before + 1}`, 'send ben', 'send cyd'])
    expect(epochsFor(state, cyd)).toEqual([before + 1])
    expect(epochsFor(state, ben)).toContain(before)
    expect(state.current).toBe(before)
    feed({ type: 'agreed', from: ben, end: endOf(ben), epoch: 50, has: before + 1 })
    expect(shown()).toEqual([`use ${before + 1}`])
  })

  test('soon after another waits for no new key, which there is when nobody has come for a while', () => {
    now += 60_000
    here(ben)
    expect(shown()).toEqual(['make 11', 'send ben', 'use 11'])
    now += 1_000
    here(ben, cyd)
    expect(shown()).toEqual(['send cyd'])
    expect(epochsFor(state, cyd)).toEqual([11])
    const made = pass(3_000).filter(it => it.type === 'make')
    expect(made).toEqual([{ type: 'make', epoch: 12 }])
  })
})

describe('somebody who goes', () => {
  test('has no key that is used some seconds later', () => {
    here(ben, cyd)
    meet(ben)
    meet(cyd)
    pass(20_000)
    meet(ben)
    meet(cyd)
    const before = newest(state)
    here(ben)
    expect(shown()).toEqual(['forget cyd'])
    expect(pass(2_900)).toEqual([])
    expect(pass(200)).toEqual([
      { type: 'make', epoch: before + 1 },
      { type: 'send', to: ben },
    ])
    expect(state.current).toBe(before)
    const spread = pass(1_000)
    expect(spread).toContainEqual({ type: 'use', epoch: before + 1 })
    expect(state.current).toBe(before + 1)
  })

  test('with many others makes one new key of it, and not many', () => {
    here(ben, cyd, dan)
    pass(20_000)
    here(ben, cyd)
    now += 2_000
    here(ben)
    now += 2_000
    here()
    const made = pass(60_000).filter(it => it.type === 'make')
    expect(made).toHaveLength(1)
  })

  test('again and again does not put a new key off for ever', () => {
    pass(20_000)
    const made: ExchangeEffect[] = []
    for (let turn = 0; turn < 12; turn++) {
      here(...(turn % 2 === 0 ? [ben] : []))
      made.push(...effects, ...pass(1_500))
    }
    const keys = made.filter(it => it.type === 'make').length
    expect(keys).toBeGreaterThanOrEqual(2)
    expect(keys).toBeLessThan(8)
  })
})

describe('a page', () => {
  test('that was loaded anew is met anew, and gets what was sealed meanwhile', () => {
    here(ben)
    meet(ben)
    pass(10_000)
    const epochs = epochsFor(state, ben)
    feed({ type: 'heard', from: ben, end: endOf(ben, '2'), known: null })
    expect(shown()).toEqual(['pair ben', 'send ben'])
    expect(epochsFor(state, ben)).toEqual(epochs)
    expect([...state.peers.values()].map(isAgreed)).toEqual([false])
    feed({ type: 'agreed', from: ben, end: endOf(ben, '1'), epoch: 51, has: 10 })
    expect([...state.peers.values()].map(isAgreed)).toEqual([false])
  })

  test('with another key than before is spoken of, and gets nothing from before', () => {
    here(ben)
    meet(ben)
    pass(10_000)
    const before = newest(state)
    feed({ type: 'heard', from: ben, end: endOf(ben, '2', 'eve’s'), known })
    expect(shown()).toContain('key-changed ben')
    expect(shown()).toContain(`make ${before + 1}`)
    expect(epochsFor(state, ben)).toEqual([before + 1])
  })

  test('that has gone and comes back with another key is spoken of too', () => {
    here(ben)
    meet(ben)
    here()
    here(ben)
    feed({ type: 'heard', from: ben, end: endOf(ben, '2'), known })
    expect(shown()).toEqual(['pair ben'])
    here()
    here(ben)
    feed({ type: 'heard', from: ben, end: endOf(ben, '3', 'eve’s'), known })
    expect(shown()).toContain('key-changed ben')
  })

  test('that shows ever other keys is not listened to any more', () => {
    here(ben)
    for (let turn = 0; turn < 4; turn++)
      feed({ type: 'heard', from: ben, end: endOf(ben, '1', `${turn}`), known })
    expect(shown()).toContain('key-changed ben')
    feed({ type: 'heard', from: ben, end: endOf(ben, '1', '5'), known })
    expect(shown()).toEqual([])
    expect(state.peers.get(ben)?.end?.identity).toBe('3')
  })

  test('cannot be ours, or somebody else’s who is here', () => {
    here(ben, cyd)
    meet(ben)
    for (const identity of ['me', 'ben’s']) {
      feed({ type: 'heard', from: cyd, end: endOf(cyd, '1', identity), known: null })
      expect(shown()).toEqual([])
    }
    expect(state.peers.get(cyd)?.end).toBeNull()
  })

  test('of nobody who is here is not answered', () => {
    feed({ type: 'heard', from: ben, end: endOf(ben), known: null })
    expect(shown()).toEqual([])
  })
})

describe('an agreement that does not come about', () => {
  test('is tried again, ever more rarely, and said to fail after a while', () => {
    here(ben)
    const failing = (): boolean => [...state.peers.values()].some(it => isFailing(it, now))
    const sent = (ms: number): number => pass(ms).filter(it => it.type === 'send').length
    expect(sent(7_900)).toBe(2)
    expect(failing()).toBe(false)
    pass(200)
    expect(failing()).toBe(true)
    pass(60_000)
    expect(sent(60_000)).toBe(6)
    meet(ben)
    expect(failing()).toBe(false)
  })

  test('is none with a page that has just been loaded anew', () => {
    here(ben)
    meet(ben)
    pass(60_000)
    feed({ type: 'heard', from: ben, end: endOf(ben, '2'), known: null })
    const failing = (): boolean => isFailing(state.peers.get(ben) as never, now)
    expect(failing()).toBe(false)
    pass(7_900)
    expect(failing()).toBe(false)
    pass(200)
    expect(failing()).toBe(true)
  })

  test('because somebody in between has changed something fails at once', () => {
    here(ben)
    feed({ type: 'heard', from: ben, end: endOf(ben), known })
    feed({ type: 'refused', from: ben, end: endOf(ben, '2') })
    expect(isFailing(state.peers.get(ben) as never, now)).toBe(false)
    feed({ type: 'refused', from: ben, end: endOf(ben) })
    expect(isFailing(state.peers.get(ben) as never, now)).toBe(true)
  })
})

test('epochs count round, and the last ones are kept', () => {
  state = startExchange(own, 254, now)
  here(ben)
  meet(ben)
  for (let turn = 0; turn < 5; turn++) {
    here(ben, cyd)
    here(ben)
    pass(20_000)
  }
  expect(state.epochs.length).toBe(4)
  expect(newest(state)).toBeLessThan(20)
  expect(state.current).toBe(newest(state))
})
