/** What the banners over a call say, and when they say nothing. */
import { describe, expect, test } from 'vitest'
import type { CallCommands, CallState, Carrying, OwnCall } from '../src/call/state.ts'
import { bannersOf, isRelaying } from '../src/ui/views/call/banners.tsx'
import { noCall } from './calls-seen.ts'

const carrying: Carrying = { guests: 2, streams: 2, bitsPerSecond: 1_000_000, strained: true }

const inCall = (own: Partial<OwnCall>, carried: Carrying | null): CallState => ({
  ...noCall,
  own: { ...noCall.own, phase: 'in', microphone: 'on', ...own },
  carrying: carried,
})

const keysOf = (state: CallState): string[] => {
  const call = {} as CallCommands
  const none = { reconnecting: false, unsealed: null, touch: false, plugged: null }
  const banners = bannersOf({ state, call, ...none, use: () => undefined, forget: () => undefined })
  return banners.map(({ key }) => key)
}

describe('that audio only would help is said', () => {
  test('to a host whose picture costs too much', () => {
    expect(keysOf(inCall({ camera: 'on' }, carrying))).toEqual(['strained'])
    expect(keysOf(inCall({ camera: 'on' }, { ...carrying, strained: false }))).toEqual([])
    expect(keysOf(inCall({ camera: 'on' }, null))).toEqual([])
  })
  test.each<Partial<OwnCall>>([{ camera: 'off' }, { camera: 'starting' }, { audioOnly: true }])(
    'to nobody who sends no picture: %j',
    own => expect(keysOf(inCall(own, carrying))).toEqual([]),
  )
})

test('relaying takes two guests', () => {
  expect(isRelaying(inCall({}, carrying))).toBe(true)
  expect(isRelaying(inCall({}, { ...carrying, guests: 1 }))).toBe(false)
  expect(isRelaying(inCall({}, null))).toBe(false)
})
