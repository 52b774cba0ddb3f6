/** Calls in real browsers, with the browser's own test picture and beep: everybody sees everybody, whatever happens. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { StreamId } from '../src/call/state.ts'
import { Caller, soundOnly } from './caller.ts'
import { browsers } from './engines.ts'
import { type Server, startServer } from './server.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 120_000 })

const nextBrowser = browsers()
let server: Server
let present: Caller[] = []

beforeAll(async () => {
  server = await startServer()
})
afterEach(async () => {
  await Promise.all(present.map(caller => caller.close()))
  present = []
})
afterAll(async () => {
  await server.stop()
})

type Kind = 'mesh' | 'star'

/** The first makes the room; nobody is in the call yet. */
const gather = async (kind: Kind, ...names: string[]): Promise<Caller[]> => {
  let invitation: string | null = null
  for (const name of names) {
    const caller = await Caller.arrive(await nextBrowser(), server.address, name)
    present.push(caller)
    const link: string = await caller.enter(invitation ?? { name: 'Call', kind })
    invitation ??= link
  }
  return present
}

describe.each<Kind>(['mesh', 'star'])('in a %s', kind => {
  test('three see and hear each other; one leaves and comes back', async () => {
    const [ada, ben, cyd] = await gather(kind, 'Ada', 'Ben', 'Cyd')
    if (!ada || !ben || !cyd) throw new Error('nobody came')
    for (const it of [ada, ben, cyd]) await it.join()
    const all = () =>
      Promise.all([ada.watches('Ben', 'Cyd'), ben.watches('Ada', 'Cyd'), cyd.watches('Ada', 'Ben')])
    await all()
    await Promise.all([ada.hears('Ben', 'Cyd'), ben.hears('Ada', 'Cyd'), cyd.hears('Ada', 'Ben')])
    await ben.do('leave')
    await Promise.all([ada.watches('Cyd'), cyd.watches('Ada')])
    expect((await ada.state()).participants).toHaveLength(1)
    expect((await ben.state()).own.phase).toBe('out')
    await ben.join()
    await all()
  })
  test('a camera comes later, goes and comes back; a muted microphone is known', async () => {
    const [ada, ben] = await gather(kind, 'Ada', 'Ben')
    if (!ada || !ben) throw new Error('nobody came')
    await ada.join(soundOnly)
    await ben.join(soundOnly)
    await Promise.all([ada.hears('Ben'), ben.hears('Ada')])
    expect(await ada.shown()).toMatchObject([{ cameraOff: true, muted: false, hasVideo: false }])
    for (const [one, other] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      await one.do('setCamera', true)
      await other.watches(one.name)
      expect(await other.shown()).toMatchObject([{ cameraOff: false }])
      await one.do('setCamera', false)
      await expect.poll(() => other.shown()).toMatchObject([{ cameraOff: true, hasVideo: false }])
      await one.do('setCamera', true)
      await other.watches(one.name)
      await one.do('setMuted', true)
      await expect.poll(() => other.shown()).toMatchObject([{ muted: true }])
      await one.do('setMuted', false)
      await expect.poll(() => other.shown()).toMatchObject([{ muted: false }])
      await one.do('setCamera', false)
      await expect.poll(() => other.shown()).toMatchObject([{ cameraOff: true }])
    }
  })
  test('screens come beside cameras, two at once, and go one by one', async () => {
    const [ada, ben, cyd] = await gather(kind, 'Ada', 'Ben', 'Cyd')
    if (!ada || !ben || !cyd) throw new Error('nobody came')
    for (const it of [ada, ben, cyd]) await it.join()
    await cyd.watches('Ada', 'Ben')
    await ada.do('shareScreen', { sound: true, hint: 'text' })
    await ben.do('shareScreen', { sound: false, hint: 'motion' })
    await Promise.all([
      ada.watches('Ben', 'Ben', 'Cyd'),
      ben.watches('Ada', 'Ada', 'Cyd'),
      cyd.watches('Ada', 'Ada', 'Ben', 'Ben'),
    ])
    await ada.do('shareScreen', { sound: false, hint: 'motion' })
    await cyd.watches('Ada', 'Ada', 'Ada', 'Ben', 'Ben')
    const { own } = await ada.state()
    expect(own.screens.map(({ hint }) => hint)).toEqual(['text', 'motion'])
    const [first] = own.screens
    if (!first) throw new Error('no screen is shared')
    await ada.do('stopScreen', first.id)
    await Promise.all([cyd.watches('Ada', 'Ada', 'Ben', 'Ben'), ben.watches('Ada', 'Ada', 'Cyd')])
    await ben.endsShare()
    await Promise.all([cyd.watches('Ada', 'Ada', 'Ben'), ada.watches('Ben', 'Cyd')])
    expect((await ben.state()).own.screens).toEqual([])
    await ben.do('shareScreen', { sound: false, hint: 'text' })
    await cyd.watches('Ada', 'Ada', 'Ben', 'Ben')
  })
  test('a picture that nobody shows is not sent, and is there again when it is', async () => {
    const [ada, ben] = await gather(kind, 'Ada', 'Ben')
    if (!ada || !ben) throw new Error('nobody came')
    await ada.join()
    await ben.join()
    await Promise.all([ada.watches('Ben'), ben.watches('Ada')])
    const [shown] = await ben.shown()
    if (!shown) throw new Error('nothing is shown')
    await ben.do('setSize', shown.id as StreamId, 'small')
    await expect.poll(() => ada.scales()).toEqual([4])
    await ben.do('setSize', shown.id as StreamId, 'hidden')
    await expect.poll(() => ada.sendsPictures()).toBe(false)
    expect(await ben.shown()).toMatchObject([{ hasVideo: false, hasAudio: true }])
    await ben.do('setSize', shown.id as StreamId, 'large')
    await ben.watches('Ada')
    await ben.do('setAudioOnly', true)
    await expect.poll(() => ada.sendsPictures()).toBe(false)
    await expect.poll(() => ada.shown()).toMatchObject([{ cameraOff: true }])
    await ben.do('setAudioOnly', false)
    await ben.watches('Ada')
    await ada.watches('Ben')
    await ben.do('setAudioOnly', true)
    await expect.poll(() => ada.shown()).toMatchObject([{ cameraOff: true }])
    await ben.do('setCamera', true)
    expect((await ben.state()).own.audioOnly).toBe(false)
    await Promise.all([ada.watches('Ben'), ben.watches('Ada')])
  })
  test('it is heard who speaks, and measured how well', async () => {
    const [ada, ben] = await gather(kind, 'Ada', 'Ben')
    if (!ada || !ben) throw new Error('nobody came')
    await ada.join()
    await ben.join()
    // The browser's own test sound is a beep every second.
    await expect.poll(async () => (await ben.shown()).some(it => it.speaking)).toBe(true)
    const measured = async () => (await ben.state()).participants[0]?.streams[0]?.measured
    await expect.poll(measured).toMatchObject({ loss: expect.any(Number) })
    expect((await measured())?.bitsPerSecond).toBeGreaterThan(1_000)
    await ada.do('setMuted', true)
    await expect.poll(async () => (await ben.shown()).some(it => it.speaking)).toBe(false)
    const carrying = (await ada.state()).carrying
    if (kind === 'star') expect(carrying).toMatchObject({ guests: 1, streams: 1 })
    else expect(carrying).toBeNull()
  })
  test('a link that is cut in the middle brings everything back', async () => {
    const [ada, ben, cyd] = await gather(kind, 'Ada', 'Ben', 'Cyd')
    if (!ada || !ben || !cyd) throw new Error('nobody came')
    for (const it of [ada, ben, cyd]) await it.join()
    await ben.do('shareScreen', { sound: false, hint: 'text' })
    await cyd.watches('Ada', 'Ben', 'Ben')
    await ben.cutsLinks()
    await Promise.all([
      ada.watches('Ben', 'Ben', 'Cyd'),
      ben.watches('Ada', 'Cyd'),
      cyd.watches('Ada', 'Ben', 'Ben'),
    ])
    await Promise.all([ada.hears('Ben', 'Cyd'), ben.hears('Ada', 'Cyd'), cyd.hears('Ada', 'Ben')])
  })
  test('what is shared while the server is away is seen all the same', async () => {
    const [ada, ben] = await gather(kind, 'Ada', 'Ben')
    if (!ada || !ben) throw new Error('nobody came')
    await ada.join()
    await ben.join(soundOnly)
    await ben.watches('Ada')
    await server.stop()
    await ben.do('setCamera', true)
    await ada.watches('Ben')
    await ada.do('shareScreen', { sound: false, hint: 'text' })
    await ben.watches('Ada', 'Ada')
    await server.start()
  })
})
