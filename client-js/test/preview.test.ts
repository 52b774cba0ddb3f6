/** The microphone and camera before a call: when the browser is asked, and what becomes of its answers. */
import { expect, test } from 'vitest'
import { type BrowserDevice, noChoices } from '../src/call/devices.ts'
import { type Permission, Preview, type PreviewState, type Remembered } from '../src/call/preview.ts'
import { entryWord, isAsking } from '../src/ui/selectors.ts'

class FakeTrack extends EventTarget {
  readonly kind: 'audio' | 'video'
  stopped = false
  constructor(kind: 'audio' | 'video') {
    super()
    this.kind = kind
  }
  stop(): void {
    this.stopped = true
  }
  unplug(): void {
    this.dispatchEvent(new Event('ended'))
  }
}

const refusal = (name: string, message = ''): Error => Object.assign(new Error(message), { name })

/** A browser with the devices it is given; `answer` decides what a question brings. */
class Browser extends EventTarget {
  devices: BrowserDevice[] = [
    { kind: 'audioinput', deviceId: 'm1', label: 'Headset' },
    { kind: 'audioinput', deviceId: 'm2', label: 'Desk' },
    { kind: 'videoinput', deviceId: 'c1', label: 'Camera' },
  ]
  asked: MediaStreamConstraints[] = []
  tracks: FakeTrack[] = []
  answer: (wish: MediaStreamConstraints) => Promise<void> = async () => undefined
  permissions: Record<string, Permission> = { microphone: 'prompt', camera: 'prompt' }
  remembered: Remembered = { wanted: { microphone: false, camera: false }, choices: noChoices }

  async getUserMedia(wish: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(wish)
    await this.answer(wish)
    const kinds = [wish.audio && 'audio', wish.video && 'video'].filter(kind => !!kind)
    const made = kinds.map(kind => new FakeTrack(kind === 'audio' ? 'audio' : 'video'))
    this.tracks.push(...made)
    return { getTracks: () => made } as unknown as MediaStream
  }

  async enumerateDevices(): Promise<BrowserDevice[]> {
    return this.devices
  }

  preview(remembered: Partial<Remembered> = {}): Preview {
    this.remembered = { ...this.remembered, ...remembered }
    return new Preview({
      media: this,
      permission: async input => this.permissions[input] ?? 'unknown',
      remembered: () => this.remembered,
      remember: wanted => {
        this.remembered = { ...this.remembered, wanted }
      },
      changed: () => undefined,
    })
  }
}

const both = { microphone: true, camera: true }
const phases = ({ microphone, camera }: PreviewState) => [
  microphone.trouble ?? (microphone.track ? 'on' : 'off'),
  camera.trouble ?? (camera.track ? 'on' : 'off'),
]

test('nothing is asked of the browser before somebody wants it', async () => {
  const browser = new Browser()
  const preview = browser.preview({ wanted: both })
  await preview.open()
  expect(browser.asked).toEqual([])
  expect(preview.state.untouched).toBe(true)
})

test('who has allowed nothing yet is told that they go into the call without', async () => {
  const browser = new Browser()
  const preview = browser.preview()
  await preview.open()
  expect([isAsking(preview.state), entryWord(preview.state, false)]).toEqual([true, 'startWithout'])
  expect(entryWord(preview.state, true)).toBe('joinWithout')
  await preview.want(['microphone'])
  expect([isAsking(preview.state), entryWord(preview.state, false)]).toEqual([false, 'start'])
  // Who turns it off again knows what they do, and who was refused is told why.
  preview.drop('microphone')
  expect(entryWord(preview.state, true)).toBe('join')
  browser.answer = () => Promise.reject(refusal('NotAllowedError'))
  const refused = browser.preview()
  await refused.want(['microphone', 'camera'])
  expect([isAsking(refused.state), entryWord(refused.state, false)]).toEqual([false, 'start'])
})

test('what was wanted last time and is still allowed comes by itself', async () => {
  const browser = new Browser()
  browser.permissions = { microphone: 'granted', camera: 'prompt' }
  const preview = browser.preview({ wanted: { microphone: true, camera: false } })
  await preview.open()
  expect(phases(preview.state)).toEqual(['on', 'off'])
  expect(browser.asked).toHaveLength(1)
})

test('both are one question, and one is none about the other', async () => {
  const browser = new Browser()
  const preview = browser.preview()
  await preview.want(['microphone', 'camera'])
  expect(browser.asked).toHaveLength(1)
  expect(phases(preview.state)).toEqual(['on', 'on'])
  const alone = browser.preview()
  await alone.want(['microphone'])
  expect(browser.asked[1]?.video).toBe(false)
})

test('without a camera there is still the microphone', async () => {
  const browser = new Browser()
  browser.answer = async ({ video }) => {
    if (video) throw refusal('NotFoundError')
  }
  const preview = browser.preview()
  await preview.want(['microphone', 'camera'])
  expect(phases(preview.state)).toEqual(['on', 'not-found'])
})

test('a camera that is taken is told from one that is forbidden', async () => {
  const browser = new Browser()
  browser.answer = async ({ video }) => {
    if (video) throw refusal('NotReadableError')
  }
  const preview = browser.preview()
  await preview.want(['camera'])
  expect(phases(preview.state)).toEqual(['off', 'in-use'])
})

test('who said no is not asked again at once; what is allowed is taken', async () => {
  const browser = new Browser()
  browser.permissions = { microphone: 'granted', camera: 'denied' }
  browser.answer = async ({ video }) => {
    if (video) throw refusal('NotAllowedError', 'Permission denied')
  }
  const preview = browser.preview()
  await preview.want(['microphone', 'camera'])
  expect(phases(preview.state)).toEqual(['on', 'blocked'])
  browser.permissions = { microphone: 'denied', camera: 'denied' }
  const asked = browser.asked.length
  browser.answer = async () => {
    throw refusal('NotAllowedError', 'Permission denied')
  }
  const other = browser.preview()
  await other.want(['microphone', 'camera'])
  expect(phases(other.state)).toEqual(['blocked', 'blocked'])
  expect(browser.asked).toHaveLength(asked + 1)
})

test('what comes after it was turned off is given back', async () => {
  const browser = new Browser()
  let allow = (): void => undefined
  browser.answer = () =>
    new Promise(resolve => {
      allow = resolve
    })
  const preview = browser.preview()
  const wanting = preview.want(['camera'])
  preview.drop('camera')
  allow()
  await wanting
  expect(phases(preview.state)).toEqual(['off', 'off'])
  expect(browser.tracks.every(track => track.stopped)).toBe(true)
})

test('another device replaces the first, which is let go', async () => {
  const browser = new Browser()
  const preview = browser.preview()
  await preview.want(['microphone'])
  await preview.choose('microphone', { id: 'm2', label: 'Desk' })
  expect(browser.asked[1]?.audio).toMatchObject({ deviceId: { exact: 'm2' } })
  expect(browser.tracks.map(track => track.stopped)).toEqual([true, false])
})

test('a chosen device that went is replaced by any other', async () => {
  const browser = new Browser()
  browser.answer = async ({ audio }) => {
    if (typeof audio === 'object' && audio.deviceId) throw refusal('OverconstrainedError')
  }
  const preview = browser.preview({ choices: { ...noChoices, microphone: { id: 'm2', label: 'Desk' } } })
  await preview.open()
  await preview.want(['microphone'])
  expect(phases(preview.state)).toEqual(['on', 'off'])
})

test('an unplugged microphone is replaced while that needs no question', async () => {
  const browser = new Browser()
  const preview = browser.preview()
  await preview.open()
  await preview.want(['microphone'])
  browser.devices = []
  browser.tracks[0]?.unplug()
  await expect.poll(() => phases(preview.state)).toEqual(['lost', 'off'])
  browser.devices = [{ kind: 'audioinput', deviceId: 'm3', label: 'New' }]
  browser.permissions = { microphone: 'granted' }
  browser.dispatchEvent(new Event('devicechange'))
  await expect.poll(() => phases(preview.state)).toEqual(['on', 'off'])
})

test('handed over, the tracks live on and the preview knows nothing of them', async () => {
  const browser = new Browser()
  const preview = browser.preview()
  await preview.want(['microphone', 'camera'])
  const given = preview.releaseTracks()
  expect(given.microphone.track).not.toBeNull()
  expect(preview.state.microphone.track).toBeNull()
  expect(browser.tracks.some(track => track.stopped)).toBe(false)
})

test('closed, everything is let go', async () => {
  const browser = new Browser()
  const preview = browser.preview()
  await preview.want(['microphone', 'camera'])
  preview.close()
  expect(browser.tracks.every(track => track.stopped)).toBe(true)
})

test('a page without https says so and asks nothing', async () => {
  const preview = new Preview({
    media: null,
    permission: async () => 'unknown',
    remembered: () => ({ wanted: both, choices: noChoices }),
    remember: () => undefined,
    changed: () => undefined,
  })
  await preview.open()
  await preview.want(['camera'])
  expect(phases(preview.state)).toEqual(['insecure', 'insecure'])
})

test('each opening goes by what is chosen then, and writes down nothing but what is on', async () => {
  const browser = new Browser()
  browser.permissions = { microphone: 'granted', camera: 'granted' }
  const preview = browser.preview({ wanted: both })
  await preview.open()
  preview.close()
  browser.remembered = {
    wanted: { microphone: true, camera: false },
    choices: { ...noChoices, microphone: { id: 'm2', label: 'Desk' } },
  }
  const { choices } = browser.remembered
  await preview.open()
  expect(browser.asked.at(-1)).toMatchObject({ audio: { deviceId: { exact: 'm2' } }, video: false })
  preview.drop('microphone')
  expect(browser.remembered).toEqual({ wanted: { microphone: false, camera: false }, choices })
})
