/** Who and what of a call is shown where. */
import { expect, test } from 'vitest'
import type { CallState, OwnScreen, Participant, RemoteStream } from '../src/call/state.ts'
import { CallNames, callAnnouncements } from '../src/ui/call-announcements.ts'
import { en } from '../src/ui/texts/en.ts'
import { arrange, type Tile, tilesOf, titleOf } from '../src/ui/tiles.ts'
import { noCall, ownScreen, participant, remote } from './calls-seen.ts'

const known = (id: string) => ({ name: id.toUpperCase(), connectionStatus: 'direct' as const })
const inCall = (...participants: Participant[]): CallState => ({
  ...noCall,
  own: { ...noCall.own, phase: 'in' },
  participants,
})
const screen = (id: string): RemoteStream => remote(id, { kind: 'screen', hasVideo: true })
const keys = (tiles: readonly Tile[]): string[] => tiles.map(({ key }) => key)
const shown = (state: CallState, ...pinned: string[]) => {
  const { stage, grid, corner } = arrange(tilesOf(state, 'Me', known), new Set(pinned))
  return { stage: keys(stage), grid: keys(grid), corner: corner?.key ?? null }
}

test('alone one sees oneself; two see the other, and themselves in the corner', () => {
  expect(shown(inCall())).toEqual({ stage: [], grid: ['self'], corner: null })
  expect(shown(inCall(participant('a')))).toEqual({ stage: [], grid: ['person a'], corner: 'self' })
})

test('three and more stand in the grid, oneself last', () => {
  expect(shown(inCall(participant('a'), participant('b'))).grid).toEqual(['person a', 'person b', 'self'])
})

test('who is not in the call does not see themselves', () => {
  expect(keys(tilesOf({ ...noCall, participants: [participant('a')] }, 'Me', known))).toEqual(['person a'])
})

test('screens take the stage, several beside each other', () => {
  const state = inCall(participant('a', screen('s1')), participant('b', screen('s2')))
  expect(shown(state)).toEqual({
    stage: ['screen a s1', 'screen b s2'],
    grid: ['person a', 'person b', 'self'],
    corner: null,
  })
})

test('what is pinned takes the stage from everything else, and gives it back when it is gone', () => {
  const state = inCall(participant('a', screen('s1')), participant('b'))
  expect(shown(state, 'person b')).toEqual({
    stage: ['person b'],
    grid: ['person a', 'screen a s1', 'self'],
    corner: null,
  })
  expect(shown(state, 'person gone').stage).toEqual(['screen a s1'])
})

const sharing = (surface: OwnScreen['surface']): CallState => {
  const state = inCall(participant('a'))
  return { ...state, own: { ...state.own, screens: [ownScreen('o1', surface)] } }
}

test('one’s own screen is no reason to see the others smaller', () => {
  expect(shown(sharing('window'))).toEqual({
    stage: [],
    grid: ['person a', 'own-screen o1', 'self'],
    corner: null,
  })
})

test('one’s own whole screen is not shown, since it would show itself', () => {
  const pictures = (surface: OwnScreen['surface']) =>
    tilesOf(sharing(surface), 'Me', known).find(({ key }) => key === 'own-screen o1')?.picture
  expect(pictures('monitor')).toBeNull()
  expect(pictures('window')).not.toBeNull()
})

test('a camera that is off leaves no picture', () => {
  const [tile] = tilesOf(inCall(participant('a', remote('c', { hasVideo: false }))), 'Me', known)
  expect(tile?.picture).toBeNull()
})

test('with sound alone, whose picture is only not shown is not said to have the camera off', () => {
  const hidden = (cameraOff: boolean | null, audioOnly: boolean) => {
    const state = inCall(participant('a', remote('c', { hasVideo: false, cameraOff })))
    return tilesOf({ ...state, own: { ...state.own, audioOnly } }, 'Me', known)[0]?.hidden
  }
  expect([hidden(false, true), hidden(null, true), hidden(true, true)]).toEqual([true, true, false])
  expect(hidden(false, false)).toBe(false)
})

test('with push-to-talk one is muted until the key is held', () => {
  const state = inCall()
  const own = { ...state.own, microphone: 'on', pushToTalk: true, speaking: true } as const
  const self = (talking: boolean) => tilesOf({ ...state, own: { ...own, talking } }, 'Me', known).at(-1)
  expect(self(false)).toMatchObject({ muted: true, speaking: false })
  expect(self(true)).toMatchObject({ muted: false, speaking: true })
})

const said = (before: CallState, after: CallState) =>
  callAnnouncements(before, after, id => id.toUpperCase(), en.call.said)

test('who comes, goes and shows something is said', () => {
  const both = inCall(participant('a'), participant('b', screen('s')))
  expect(said(inCall(participant('a')), both)).toEqual(['B joined the call', 'B is sharing a screen'])
  expect(said(both, inCall(participant('b')))).toEqual(['B stopped sharing a screen', 'A left the call'])
})

test('what one does oneself is said, too', () => {
  const before = inCall()
  const after = { ...before, own: { ...before.own, microphone: 'on', camera: 'on' } } as const
  expect(said(before, after)).toEqual(['Microphone on', 'Camera on'])
  const alone = { ...after, own: { ...after.own, camera: 'off', audioOnly: true } } as const
  expect(said(after, alone)).toEqual(['Audio only on', 'Camera off'])
  expect(said(alone, after)).toEqual(['Audio only off', 'Camera on'])
  expect(said(noCall, before)).toEqual(['You joined the call'])
  expect(said(before, noCall)).toEqual(['You left the call'])
})

test('of a call one is not in, nothing is said', () => {
  expect(said(noCall, { ...noCall, participants: [participant('a')] })).toEqual([])
})

test('somebody who goes on under another id neither came nor left', () => {
  const names: Readonly<Record<string, string>> = { a: 'Ann', b: 'Ben', 'b again': 'Ben' }
  const told = (before: CallState, after: CallState) =>
    callAnnouncements(before, after, id => names[id] ?? '?', en.call.said)
  const before = inCall(participant('a'), participant('b', screen('s')))
  expect(told(before, inCall(participant('a'), participant('b again', screen('s'))))).toEqual([])
  expect(told(before, inCall(participant('a'), participant('b again')))).toEqual([
    'Ben stopped sharing a screen',
  ])
  expect(told(before, inCall(participant('a')))).toEqual(['Ben left the call'])
})

test('whoever drops out of call and room at once is said to have left by name, also if that came late', () => {
  const names = new CallNames()
  const before = inCall(participant('a'), participant('b'))
  names.learn(null, () => undefined)
  names.learn(before, () => undefined)
  names.learn(before, id => (id === 'b' ? 'Ben' : undefined))
  const after = inCall(participant('a'))
  names.learn(after, () => undefined)
  const said = callAnnouncements(before, after, id => names.of(id) ?? 'Someone', en.call.said)
  expect(said).toEqual(['Ben left the call'])
})

test('several screens of one person have numbers, and a single one has none', () => {
  const titles = (call: CallState) =>
    tilesOf(call, 'Me', () => ({ name: 'Ann', connectionStatus: 'direct' })).map(titleOf)
  expect(titles(inCall(participant('a', screen('s'))))).toContain('Ann’s screen')
  const two = titles(inCall(participant('a', screen('s'), screen('t'))))
  expect(two.filter(title => title.startsWith('Ann’s'))).toEqual(['Ann’s screen 1', 'Ann’s screen 2'])
})
