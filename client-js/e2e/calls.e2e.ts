/** Calls in real browsers, with the browser's own test picture and beep: everybody sees everybody, whatever happens. */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launch } from './browser.ts'
import { Caller, soundOnly } from './caller.ts'
import { type Server, startServer } from './server.ts'

let server: Server
let browser: Browser
let present: Caller[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launch()
})
afterEach(async () => {
  await Promise.all(present.map(caller => caller.close()))
  present = []
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})

type Kind = 'mesh' | 'star'

/** The first makes the room; nobody is in the call yet. */
const gather = async (kind: Kind, ...names: string[]): Promise<Caller[]> => {
  let invitation: string | null = null
  for (const name of names) {
    const caller = await Caller.arrive(browser, server.address, name)
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
})
