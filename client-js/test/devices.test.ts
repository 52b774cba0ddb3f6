/** Devices as browsers name them, before and after somebody allowed them. */
import { expect, test } from 'vitest'
import {
  areNamed,
  type BrowserDevice,
  changes,
  devicesFrom,
  following,
  meant,
  picture,
  present,
  troubleOf,
} from '../src/call/devices.ts'
import { levelOf, SilenceWatch } from '../src/call/level.ts'

const told = (kind: string, deviceId: string, label: string): BrowserDevice => ({ kind, deviceId, label })

const chromium: readonly BrowserDevice[] = [
  told('audioinput', 'default', 'Default - Headset'),
  told('audioinput', 'communications', 'Communications - Headset'),
  told('audioinput', 'a1', 'Headset (046d:0a44)'),
  told('audioinput', 'a2', 'Built-in'),
  told('videoinput', 'v1', 'Camera (04f2:b5ce)'),
  told('audiooutput', 'default', 'Default - Speakers'),
  told('audiooutput', 's1', 'Speakers'),
]

test('each device is listed once, without the maker’s number', () => {
  expect(devicesFrom(chromium)).toEqual({
    microphone: [
      { id: 'a1', label: 'Headset' },
      { id: 'a2', label: 'Built-in' },
    ],
    camera: [{ id: 'v1', label: 'Camera' }],
    speaker: [{ id: 's1', label: 'Speakers' }],
  })
})

test('before permission there is one nameless device of a kind', () => {
  const { microphone, camera } = devicesFrom([told('audioinput', '', ''), told('audioinput', '', '')])
  expect(microphone).toEqual([{ id: '', label: '' }])
  expect(areNamed(microphone)).toBe(false)
  expect(camera).toEqual([])
})

test('unknown kinds and endless lists are passed over', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => told('audioinput', `m${at}`, 'x'.repeat(5_000)))
  const { microphone, speaker } = devicesFrom([told('smell', 'n', 'Nose'), ...many])
  expect(microphone).toHaveLength(50)
  expect(microphone[0]?.label).toHaveLength(100)
  expect(speaker).toEqual([])
})

test('a chosen device is found by its id, and by its name when the browser gave it another id', () => {
  const { microphone } = devicesFrom(chromium)
  expect(present(microphone, { id: 'a2', label: 'old name' })?.id).toBe('a2')
  expect(present(microphone, { id: 'gone', label: 'Built-in' })?.id).toBe('a2')
  expect(present(microphone, { id: 'gone', label: 'Gone' })).toBeNull()
  expect(present(microphone, null)).toBeNull()
})

test('a device that is there is asked for and no other; one that may be is preferred', () => {
  const choice = { id: 'a2', label: 'Built-in' }
  expect(meant(devicesFrom(chromium).microphone, choice)).toEqual({ deviceId: { exact: 'a2' } })
  expect(meant([{ id: '', label: '' }], choice)).toEqual({ deviceId: { ideal: 'a2' } })
  expect(meant(devicesFrom(chromium).microphone, { id: 'gone', label: 'Gone' })).toEqual({})
  expect(meant([], null)).toEqual({})
})

test('what was plugged in and out is told, a permission is not mistaken for either', () => {
  const before = devicesFrom(chromium).microphone
  const after = [...before.slice(1), { id: 'a3', label: 'New one' }]
  expect(changes(before, after)).toEqual({
    came: [{ id: 'a3', label: 'New one' }],
    went: [{ id: 'a1', label: 'Headset' }],
  })
  expect(changes([{ id: '', label: '' }], before)).toEqual({ came: [], went: [] })
})

const refusal = (name: string, message = ''): Error => Object.assign(new Error(message), { name })

test('every way to say no has a name', () => {
  expect(troubleOf(refusal('NotAllowedError', 'Permission denied'))).toBe('blocked')
  expect(troubleOf(refusal('NotAllowedError', 'Permission dismissed'))).toBe('dismissed')
  expect(troubleOf(refusal('NotAllowedError', 'Permission denied by system'))).toBe('blocked-by-system')
  expect(troubleOf(refusal('NotFoundError'))).toBe('not-found')
  expect(troubleOf(refusal('NotReadableError'))).toBe('in-use')
  expect(troubleOf(refusal('WhateverError'))).toBe('failed')
  expect(troubleOf('no')).toBe('failed')
})

test('loudness goes from silence to full', () => {
  expect(levelOf([])).toBe(0)
  expect(levelOf(new Float32Array(64))).toBe(0)
  expect(levelOf([1, -1, 1, -1])).toBe(1)
  expect(levelOf([0.001, -0.001])).toBeCloseTo(0, 1)
  const whisper = levelOf([0.01, -0.01])
  const voice = levelOf([0.1, -0.1])
  expect(whisper).toBeGreaterThan(0.2)
  expect(voice).toBeGreaterThan(whisper)
  // A quiet room is not a dead microphone.
  expect(levelOf([0.0003, -0.0003])).toBeGreaterThan(0)
  expect(levelOf([0.00001, -0.00001])).toBe(0)
})

test('a microphone is silent only after a while without any sound at all', () => {
  const watch = new SilenceWatch()
  expect(watch.isSilent(0, 1_000)).toBe(false)
  expect(watch.isSilent(0, 4_000)).toBe(false)
  expect(watch.isSilent(0, 5_000)).toBe(true)
  expect(watch.isSilent(0.1, 5_100)).toBe(false)
  expect(watch.isSilent(0, 9_000)).toBe(false)
})

test('the next camera follows the one in use, and there is none to switch to where it is the only one', () => {
  const [front, back] = [
    { id: 'f', label: 'facing front' },
    { id: 'b', label: '' },
  ]
  expect(following([front, back], 'f')).toBe(back)
  expect(following([front, back], 'b')).toBe(front)
  expect(following([front], 'f')).toBeNull()
  expect(following([{ id: '', label: '' }, front], 'f')).toBeNull()
})

test('a camera is refused for nothing that it cannot do', () => {
  expect(JSON.stringify(picture)).not.toMatch(/"(min|max|exact)"/)
})
