/** What is asked of the browser when somebody shares a screen, and what is made of its answer. */
import { afterEach, expect, test, vi } from 'vitest'
import { LocalScreens } from '../src/call/local-screens.ts'
import type { TroubleKind } from '../src/call/state.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const askedFor = async (sound: boolean): Promise<DisplayMediaStreamOptions | undefined> => {
  const asked: DisplayMediaStreamOptions[] = []
  const screens = new LocalScreens({
    pick: async wanted => {
      asked.push(wanted)
      throw Object.assign(new Error(), { name: 'NotAllowedError' })
    },
    changed: () => undefined,
    trouble: () => undefined,
  })
  await screens.share({ sound, hint: 'text' })
  return asked[0]
}

test('the sound of a screen comes untreated, and without what the page itself plays of the others', async () => {
  const asked = await askedFor(true)
  expect(asked).toMatchObject({ systemAudio: 'include' })
  expect(asked?.audio).toEqual({
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    restrictOwnAudio: true,
  })
})

test('a screen without its sound asks for none', async () => {
  expect(await askedFor(false)).toMatchObject({ audio: false, systemAudio: 'exclude' })
})

const told = async (
  pick: () => Promise<MediaStream>,
): Promise<{ troubles: (TroubleKind | null)[]; all: LocalScreens }> => {
  const troubles: (TroubleKind | null)[] = []
  const all = new LocalScreens({
    pick,
    changed: () => undefined,
    trouble: what => troubles.push(what),
  })
  await all.share({ sound: true, hint: 'text' })
  return { troubles, all }
}

const refuse = (afterMs: number) => async (): Promise<MediaStream> => {
  vi.advanceTimersByTime(afterMs)
  throw new DOMException('Permission denied', 'NotAllowedError')
}

test('a refusal that comes sooner than anybody can press a button is said, and a change of mind is not', async () => {
  vi.useFakeTimers()
  expect((await told(refuse(5))).troubles).toEqual(['blocked'])
  expect((await told(refuse(2_000))).troubles).toEqual([])
})

class Track extends EventTarget {
  readonly kind: string
  readonly settings: object
  stopped = false
  contentHint = ''
  constructor(kind: string, settings: object) {
    super()
    this.kind = kind
    this.settings = settings
  }
  getSettings = () => this.settings
  stop = (): void => {
    this.stopped = true
  }
}

const shared = (surface: string, settings: object) => {
  const sound = new Track('audio', settings)
  let tracks = [new Track('video', { displaySurface: surface }), sound]
  const stream = {
    id: surface,
    getTracks: () => tracks,
    getVideoTracks: () => tracks.filter(({ kind }) => kind === 'video'),
    getAudioTracks: () => tracks.filter(({ kind }) => kind === 'audio'),
    removeTrack: (gone: Track) => {
      tracks = tracks.filter(it => it !== gone)
    },
  }
  return { sound, pick: async () => stream as unknown as MediaStream }
}

test.each([
  ['monitor', {}, 'echo'],
  ['monitor', { restrictOwnAudio: false }, 'echo'],
  ['monitor', { restrictOwnAudio: true }, null],
  ['browser', {}, null],
  ['window', {}, 'echo'],
  ['window', { restrictOwnAudio: true }, null],
  ['', {}, 'echo'],
])('the sound of a "%s", whose track says %j of itself', async (surface, settings, trouble) => {
  vi.stubGlobal('navigator', {
    mediaDevices: { getSupportedConstraints: () => ({ restrictOwnAudio: true }) },
  })
  const { sound, pick } = shared(surface, settings)
  const { troubles, all } = await told(pick)
  expect(troubles).toEqual([trouble])
  expect(sound.stopped).toBe(trouble === 'echo')
  expect(all.all).toMatchObject([{ sound: trouble === null, surface: surface || 'unknown' }])
})
