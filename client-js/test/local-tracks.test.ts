/** The microphone and camera of a running call: changed over, unplugged, plugged in again, taken away. */
import { expect, test, vi } from 'vitest'
import { allProcessing, type BrowserDevice, type Input } from '../src/call/devices.ts'
import { LocalTracks, type LocalTracksPorts } from '../src/call/local-tracks.ts'
import type { Permission } from '../src/call/preview.ts'

class FakeTrack extends EventTarget {
  readonly kind: string
  readonly device: string
  settings: MediaTrackSettings
  readonly label: string
  refuses = false
  stopped = false
  constructor(kind: string, device: string, settings: MediaTrackSettings) {
    super()
    this.kind = kind
    this.device = device
    this.label = `${device} (046d:0825)`
    this.settings = { ...settings, deviceId: device }
  }
  stop(): void {
    this.stopped = true
  }
  getSettings(): MediaTrackSettings {
    return this.settings
  }
  async applyConstraints(wish: MediaTrackConstraints): Promise<void> {
    if (this.refuses) throw new Error('not while it runs')
    this.settings = { ...this.settings, ...(wish as MediaTrackSettings) }
  }
}

const desk: BrowserDevice = { kind: 'audioinput', deviceId: 'desk', label: 'Desk' }
const headset: BrowserDevice = { kind: 'audioinput', deviceId: 'headset', label: 'Headset' }
const camera: BrowserDevice = { kind: 'videoinput', deviceId: 'cam', label: 'Camera' }
const choice = { id: 'headset', label: 'Headset' }

class Browser extends EventTarget {
  devices = [desk, headset, camera]
  tracks: FakeTrack[] = []
  asked: MediaStreamConstraints[] = []
  permission: Permission = 'granted'
  busy: string | null = null

  async enumerateDevices(): Promise<readonly BrowserDevice[]> {
    return this.devices
  }

  async getUserMedia(wish: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(wish)
    const kind = wish.audio ? 'audioinput' : 'videoinput'
    const wanted = (wish.audio || wish.video) as MediaTrackConstraints & { deviceId?: { exact?: string } }
    const exact = wanted.deviceId?.exact
    const there = this.devices.filter(it => it.kind === kind)
    const found = exact === undefined ? there[0] : there.find(it => it.deviceId === exact)
    if (!found) throw Object.assign(new Error(), { name: exact ? 'OverconstrainedError' : 'NotFoundError' })
    if (found.deviceId === this.busy) throw Object.assign(new Error(), { name: 'NotReadableError' })
    const settings = wish.audio
      ? { noiseSuppression: true, echoCancellation: true, autoGainControl: true }
      : {}
    const track = new FakeTrack(kind === 'audioinput' ? 'audio' : 'video', found.deviceId, {
      ...settings,
      ...(wish.audio ? pickProcessing(wanted) : {}),
    })
    this.tracks.push(track)
    return { getTracks: () => [track] } as unknown as MediaStream
  }

  plug(...devices: BrowserDevice[]): void {
    this.devices = devices
    for (const track of this.tracks) {
      if (!track.stopped && !devices.some(it => it.deviceId === track.device)) {
        track.stopped = true
        track.dispatchEvent(new Event('ended'))
      }
    }
    this.dispatchEvent(new Event('devicechange'))
  }
}

const pickProcessing = (wish: MediaTrackConstraints): MediaTrackSettings => {
  const is = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && 'exact' in value ? value.exact === true : value === true
  const { noiseSuppression, echoCancellation, autoGainControl } = wish
  return {
    noiseSuppression: is(noiseSuppression),
    echoCancellation: is(echoCancellation),
    autoGainControl: is(autoGainControl),
  }
}

type Trouble = Parameters<LocalTracksPorts['trouble']>[1]

const begin = () => {
  const browser = new Browser()
  const troubles: Trouble[] = []
  const replaced: (string | undefined)[] = []
  const inputs = new LocalTracks(allProcessing, {
    media: browser,
    permission: async () => browser.permission,
    changed: () => undefined,
    trouble: (_input, what, by) => {
      troubles.push(what)
      if (what === 'replaced') replaced.push(by)
    },
  })
  const device = (input: Input): string | null =>
    (inputs.track(input) as unknown as FakeTrack | null)?.device ?? null
  return { browser, inputs, troubles, replaced, device }
}

/** Everything that follows from what has just happened, which is a few turns of promises. */
const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

test('another microphone takes over, and the one before is let go first', async () => {
  const { browser, inputs, device } = begin()
  await soon()
  await inputs.open('microphone')
  expect(device('microphone')).toBe('desk')
  const changing = inputs.choose('microphone', choice)
  expect(browser.tracks[0]?.stopped).toBe(true)
  await changing
  expect(device('microphone')).toBe('headset')
})

test('one that cannot be had leaves the one before, and says why', async () => {
  const { browser, inputs, troubles, device } = begin()
  await soon()
  await inputs.open('microphone')
  browser.busy = 'headset'
  await inputs.choose('microphone', choice)
  expect(device('microphone')).toBe('desk')
  expect(inputs.choice('microphone')).toBeNull()
  expect(troubles).toContain('in-use')
})

test('one that is chosen while there is none is used when there is one', async () => {
  const { browser, inputs, device } = begin()
  await soon()
  await inputs.choose('microphone', choice)
  expect(browser.asked).toEqual([])
  await inputs.open('microphone')
  expect(device('microphone')).toBe('headset')
})

test('an unplugged one is replaced, which is said, and taken up again when it is back', async () => {
  const { browser, inputs, troubles, replaced, device } = begin()
  await soon()
  await inputs.choose('microphone', choice)
  await inputs.open('microphone')
  browser.plug(desk, camera)
  await soon()
  expect(troubles.at(-1)).toBe('replaced')
  expect(replaced).toEqual(['desk'])
  expect(device('microphone')).toBe('desk')
  browser.plug(desk, headset, camera)
  await soon()
  expect(device('microphone')).toBe('headset')
  expect(troubles.at(-1)).toBeNull()
})

test('with nothing to replace it, it is said to be lost, and waited for', async () => {
  const { browser, inputs, troubles, device } = begin()
  await soon()
  await inputs.open('camera')
  browser.plug(desk)
  await soon()
  expect(device('camera')).toBeNull()
  expect(troubles.at(-1)).toBe('lost')
  browser.plug(desk, camera)
  await soon()
  expect(troubles.at(-1)).toBe('replaced')
  expect(device('camera')).toBe('cam')
})

test('who took it away in the browser’s own bar is not asked again', async () => {
  const { browser, inputs, troubles, device } = begin()
  await soon()
  await inputs.open('camera')
  browser.permission = 'prompt'
  const asked = browser.asked.length
  browser.tracks[0]?.dispatchEvent(new Event('ended'))
  await soon()
  expect(device('camera')).toBeNull()
  expect(troubles.at(-1)).toBe('lost')
  expect(browser.asked).toHaveLength(asked)
})

test('what comes too late is given back', async () => {
  const { browser, inputs, device } = begin()
  await soon()
  const opening = inputs.open('camera')
  expect(inputs.opening('camera')).toBe(true)
  inputs.close('camera')
  expect(await opening).toBe(false)
  expect(browser.tracks.map(it => it.stopped)).toEqual([true])
  expect(device('camera')).toBeNull()
  const again = inputs.open('camera')
  inputs.end()
  await again
  expect(browser.tracks.every(it => it.stopped)).toBe(true)
})

test('how sound is treated changes on the running track, or with a new one where that cannot be', async () => {
  const { browser, inputs } = begin()
  await soon()
  await inputs.open('microphone')
  await inputs.process({ noiseSuppression: false })
  expect(browser.tracks).toHaveLength(1)
  expect(browser.tracks[0]?.settings).toMatchObject({ noiseSuppression: false, echoCancellation: true })
  const [first] = browser.tracks
  if (first) first.refuses = true
  await inputs.process({ echoCancellation: false })
  expect(browser.tracks).toHaveLength(2)
  expect(browser.tracks[1]?.settings).toMatchObject({ noiseSuppression: false, echoCancellation: false })
  expect(first?.stopped).toBe(true)
  expect(browser.asked.at(-1)).toMatchObject({ audio: { echoCancellation: { exact: false } } })
})

test('a track from elsewhere is treated as the others would be', async () => {
  const { browser, inputs } = begin()
  const preview = new FakeTrack('audio', 'desk', { noiseSuppression: false })
  inputs.take('microphone', preview as unknown as MediaStreamTrack)
  await inputs.process()
  expect(preview.settings.noiseSuppression).toBe(true)
  expect(browser.tracks).toEqual([])
})

test('a page without devices is told so', async () => {
  const troubles: Trouble[] = []
  const inputs = new LocalTracks(allProcessing, {
    media: null,
    permission: async () => 'unknown',
    changed: () => undefined,
    trouble: (_input, what) => troubles.push(what),
  })
  expect(await inputs.open('microphone')).toBe(false)
  expect(troubles).toEqual(['insecure'])
})

const gate = () => {
  let open = (): void => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, opened }
}

test.each(['first', 'second'] as const)(
  'of two quick choices the second is in use and shown, also when the %s comes first',
  async sooner => {
    const { browser, inputs, device } = begin()
    await soon()
    await inputs.open('microphone')
    const get = browser.getUserMedia.bind(browser)
    const gates = [gate(), gate()] as const
    let asked = 0
    browser.getUserMedia = async wish => {
      const waits = gates[asked++]
      await waits?.opened
      return get(wish)
    }
    const choices = [inputs.choose('microphone', choice), inputs.choose('microphone', null)]
    for (const it of sooner === 'first' ? gates : [...gates].reverse()) {
      it.open()
      await soon()
    }
    await Promise.all(choices)
    expect(inputs.choice('microphone')).toBeNull()
    expect(device('microphone')).toBe('desk')
    expect(browser.tracks.filter(track => !track.stopped)).toHaveLength(1)
  },
)

test('a camera that is turned off while another opens stays off', async () => {
  const { browser, inputs } = begin()
  await soon()
  await inputs.open('camera')
  const changing = inputs.choose('camera', { id: 'cam', label: 'Camera' })
  inputs.close('camera')
  await changing
  expect(inputs.track('camera')).toBeNull()
  expect(browser.tracks.every(track => track.stopped)).toBe(true)
})

test('a list of devices that never comes keeps no other microphone from taking over', async () => {
  vi.useFakeTimers()
  const { browser, inputs, device } = begin()
  await vi.advanceTimersByTimeAsync(0)
  await inputs.open('microphone')
  browser.enumerateDevices = () => new Promise(() => undefined)
  browser.plug(headset)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(device('microphone')).toBe('headset')
  vi.useRealTimers()
})
