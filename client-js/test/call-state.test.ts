/** What a call tells the views, whatever its browser refuses. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Call } from '../src/call/call.ts'
import type { CallState } from '../src/call/state.ts'
import type { CallEvent } from '../src/room/state.ts'
import { tilesOf } from '../src/ui/tiles.ts'
import { Alone } from './alone.ts'

class Stream extends EventTarget {
  readonly id = 'own stream'
  tracks: Device[] = []
  getTracks = () => this.tracks
  getAudioTracks = () => this.tracks.filter(({ kind }) => kind === 'audio')
  getVideoTracks = () => this.tracks.filter(({ kind }) => kind === 'video')
  addTrack = (track: Device) => void this.tracks.push(track)
  removeTrack = (track: Device) => {
    this.tracks = this.tracks.filter(it => it !== track)
  }
}

class Device extends EventTarget {
  readonly kind: 'audio' | 'video'
  readonly readyState = 'live'
  enabled = true
  muted = false
  constructor(kind: 'audio' | 'video') {
    super()
    this.kind = kind
  }
  getSettings = () => ({})
  applyConstraints = async () => undefined
  stop = () => undefined
  clone = () => {
    throw new DOMException('', 'NotSupportedError')
  }
}

beforeEach(() => void vi.stubGlobal('MediaStream', Stream))
afterEach(() => void vi.unstubAllGlobals())

const begin = () => {
  const room = new Alone('mesh')
  room.begin()
  const told: CallState[] = []
  const fed: CallEvent[] = []
  const call = new Call({
    feed: event => {
      fed.push(event)
      room.feed(event)
    },
    room: () => room.state,
    link: () => null,
    media: null,
    permission: async () => 'unknown',
    pick: null,
    changed: state => told.push(state),
  })
  const [microphone, camera] = [new Device('audio'), new Device('video')]
  const trackOf = (device: Device) => device as unknown as MediaStreamTrack
  const join = async (): Promise<void> => {
    await call.join({
      microphone: { on: true, track: trackOf(microphone) },
      camera: { on: true, track: trackOf(camera) },
    })
    await Promise.resolve()
  }
  return { call, told, fed, microphone, camera, join }
}

test('the state reaches the views although nothing of sound works', async () => {
  const refuse = () => {
    throw new DOMException('', 'NotSupportedError')
  }
  vi.stubGlobal('AudioContext', refuse)
  vi.stubGlobal('Audio', refuse)
  const { call, told, join } = begin()
  await join()
  expect(told.at(-1)?.own).toMatchObject({ phase: 'in', microphone: 'on' })
  call.leave()
  await Promise.resolve()
  expect(told.at(-1)?.own.phase).toBe('out')
})

test('a microphone that the system takes is muted for all to see, until it is given back', async () => {
  const { call, told, fed, microphone, join } = begin()
  await join()
  const muted = () => fed.flatMap(it => (it.type === 'call-media' ? [it.media.muted] : []))
  for (const taken of [true, false]) {
    microphone.muted = taken
    microphone.dispatchEvent(new Event(taken ? 'mute' : 'unmute'))
    await Promise.resolve()
    expect(told.at(-1)?.own.microphone).toBe(taken ? 'muted' : 'on')
    expect(muted().at(-1)).toBe(taken)
  }
  call.leave()
})

test('a camera that the system takes gives no picture, at either end, until it is given back', async () => {
  const { call, told, fed, camera, join } = begin()
  await join()
  const own = () => told.at(-1) ?? call.state
  const tile = () => tilesOf(own(), 'Me', name => ({ name, connectionStatus: 'direct' })).at(-1)
  const off = () => fed.flatMap(it => (it.type === 'call-media' ? [it.media.cameraOff] : []))
  expect(tile()?.picture).toBe(own().own.stream)
  for (const taken of [true, false]) {
    camera.muted = taken
    camera.dispatchEvent(new Event(taken ? 'mute' : 'unmute'))
    await Promise.resolve()
    expect(own().own).toMatchObject({ camera: 'on', cameraInterrupted: taken })
    expect(tile()?.picture).toBe(taken ? null : own().own.stream)
    expect(off().at(-1)).toBe(taken)
  }
  call.leave()
})
