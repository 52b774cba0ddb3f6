/** What a call tells the views, whatever its browser refuses. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Call } from '../src/call/call.ts'
import type { CallState } from '../src/call/state.ts'
import { Alone } from './alone.ts'

class Stream extends EventTarget {
  readonly id = 'own stream'
  tracks: unknown[] = []
  getTracks = () => this.tracks
  getAudioTracks = () => this.tracks
  getVideoTracks = () => []
  addTrack = (track: unknown) => void this.tracks.push(track)
  removeTrack = (track: unknown) => {
    this.tracks = this.tracks.filter(it => it !== track)
  }
}

class Microphone extends EventTarget {
  readonly kind = 'audio'
  readonly readyState = 'live'
  enabled = true
  muted = false
  getSettings = () => ({})
  applyConstraints = async () => undefined
  stop = () => undefined
  clone = () => {
    throw new DOMException('', 'NotSupportedError')
  }
}

beforeEach(() => void vi.stubGlobal('MediaStream', Stream))
afterEach(() => void vi.unstubAllGlobals())

test('the state reaches the views although nothing of sound works', async () => {
  const refuse = () => {
    throw new DOMException('', 'NotSupportedError')
  }
  vi.stubGlobal('AudioContext', refuse)
  vi.stubGlobal('Audio', refuse)
  const room = new Alone('mesh')
  room.begin()
  const told: CallState[] = []
  const call = new Call({
    feed: event => room.feed(event),
    room: () => room.state,
    link: () => null,
    media: null,
    permission: async () => 'unknown',
    pick: null,
    changed: state => told.push(state),
  })
  const track = new Microphone() as unknown as MediaStreamTrack
  await call.join({ microphone: { on: true, track }, camera: { on: false } })
  await Promise.resolve()
  expect(told.at(-1)?.own).toMatchObject({ phase: 'in', microphone: 'on' })
  call.leave()
  await Promise.resolve()
  expect(told.at(-1)?.own.phase).toBe('out')
})
