/** The players of the others: held back, interrupted by the system, and turned down where a browser ignores that. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RemoteAudio } from '../src/call/remote-audio.ts'
import { streamId } from '../src/wire/ids.ts'

class Page extends EventTarget {
  visibilityState = 'visible'
}

let page: Page
let pressed: EventTarget
let players: Player[]
let refused: boolean
let fixed: boolean
let contexts: Context[]

class Player extends EventTarget {
  srcObject: unknown = null
  muted = false
  paused = true
  ended = false
  #volume = 1
  constructor() {
    super()
    players.push(this)
  }
  get volume(): number {
    return this.#volume
  }
  set volume(volume: number) {
    if (!fixed) this.#volume = Math.fround(volume)
  }
  async play(): Promise<void> {
    if (refused) throw new DOMException('', 'NotAllowedError')
    this.paused = false
  }
  pause(): void {
    this.paused = true
    this.dispatchEvent(new Event('pause'))
  }
}

class Context extends EventTarget {
  state = 'suspended'
  gain = { gain: { value: 1 }, connect: () => undefined, disconnect: () => undefined }
  constructor() {
    super()
    contexts.push(this)
  }
  createMediaStreamSource = () => ({ connect: () => this.gain, disconnect: () => undefined })
  createGain = () => this.gain
  resume = async () => this.becomes('running')
  close = async () => this.becomes('closed')
  becomes(state: string): void {
    this.state = state
    this.dispatchEvent(new Event('statechange'))
  }
}

const a = streamId('a')
const stream = { getAudioTracks: () => [{ id: 't' }] } as unknown as MediaStream
const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve))
const press = async (): Promise<void> => {
  pressed.dispatchEvent(new Event('pointerdown'))
  await soon()
}
const shows = async (visibilityState: string): Promise<void> => {
  page.visibilityState = visibilityState
  page.dispatchEvent(new Event('visibilitychange'))
  await soon()
}

beforeEach(() => {
  page = new Page()
  pressed = new EventTarget()
  players = []
  contexts = []
  refused = false
  fixed = false
  vi.stubGlobal('Audio', Player)
  vi.stubGlobal('AudioContext', Context)
  vi.stubGlobal('MediaStream', class {})
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', pressed.addEventListener.bind(pressed))
})
afterEach(() => void vi.unstubAllGlobals())

const begin = async (volume = 1) => {
  const told: boolean[] = []
  const audio = new RemoteAudio(blocked => told.push(blocked))
  audio.play(a, stream, volume)
  await soon()
  const [player] = players
  if (!player) throw new Error('no player was made')
  return { told, audio, player }
}

test('sound that is held back is said once it is, begins with a press, and nothing else is told', async () => {
  refused = true
  const { told, player } = await begin()
  expect(told).toEqual([true])
  refused = false
  await press()
  expect(player.paused).toBe(false)
  expect(told).toEqual([true, false])
})

test('a start that was never held back clears no trouble of another kind', async () => {
  const { told } = await begin()
  expect(told).toEqual([])
})

test('a player that was stopped while it began is not waited for', async () => {
  refused = true
  const told: boolean[] = []
  const audio = new RemoteAudio(blocked => told.push(blocked))
  audio.play(a, stream, 1)
  audio.stop(a)
  await soon()
  expect(told).toEqual([])
})

test('players that the system paused go on when the page is seen again', async () => {
  const { player } = await begin()
  await shows('hidden')
  player.pause()
  await soon()
  expect(player.paused).toBe(true)
  await shows('visible')
  expect(player.paused).toBe(false)
})

test('players that the system paused go on with a press', async () => {
  const { player } = await begin()
  await shows('hidden')
  player.pause()
  await press()
  expect(player.paused).toBe(false)
})

test('a player that is paused while the page is seen goes on by itself, and one that was stopped does not', async () => {
  const { audio, player } = await begin()
  player.pause()
  await soon()
  expect(player.paused).toBe(false)
  audio.stop(a)
  await soon()
  expect(player.paused).toBe(true)
  await press()
  expect(player.paused).toBe(true)
})

test('a volume is set where the browser lets a page', async () => {
  const { audio, player } = await begin(0.3)
  expect(player.volume).toBeCloseTo(0.3)
  audio.play(a, stream, 0)
  expect(player.muted).toBe(true)
  audio.play(a, stream, 0.3)
  expect(player.muted).toBe(false)
  expect(contexts).toEqual([])
})

test('where the browser ignores it, nothing is muted, and less goes through a gain once that can sound', async () => {
  fixed = true
  const { audio, player } = await begin(0)
  expect(player.muted).toBe(true)
  audio.play(a, stream, 0.4)
  expect(player.muted).toBe(false)
  await press()
  const [context] = contexts
  expect(context?.gain.gain.value).toBe(0.4)
  expect(player.muted).toBe(true)
  context?.becomes('suspended')
  expect(player.muted).toBe(false)
  await press()
  audio.play(a, stream, 1)
  expect(player.muted).toBe(false)
  audio.keepOnly(new Set())
  expect(context?.state).toBe('closed')
})
