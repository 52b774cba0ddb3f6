/**
 * Devices in a running call, in a browser with several test cameras: changed over, unplugged, treated otherwise, held
 * back.
 */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Caller } from './caller.ts'
import { launch } from './engines.ts'
import { type Server, startServer } from './server.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 120_000 })

let server: Server
let browser: Browser
let ada: Caller
let ben: Caller

beforeAll(async () => {
  server = await startServer()
  browser = await launch({ cameras: 3 })
})
beforeEach(async () => {
  ada = await Caller.arrive(browser, server.address, 'Ada')
  ben = await Caller.arrive(browser, server.address, 'Ben')
  // A Chromium without windows hands out devices, and yet says that this was refused.
  await ada.page.context().grantPermissions(['camera', 'microphone'])
  await ben.enter(await ada.enter({ name: 'Call', kind: 'mesh' }))
  await ada.join()
  await ben.join()
  await Promise.all([ada.watches('Ben'), ben.watches('Ada')])
})
afterEach(() => Promise.all([ada.close(), ben.close()]))
afterAll(async () => {
  await browser.close()
  await server.stop()
})

const seen = () => ben.shown()

test('another camera and another microphone take over within the stream that the others have', async () => {
  const [before] = await seen()
  const cameras = await ada.devices('videoinput')
  const microphones = await ada.devices('audioinput')
  const [camera, microphone] = [cameras.at(-1), microphones.at(-1)]
  if (!camera || !microphone || cameras.length < 2) throw new Error('there is nothing to choose from')
  await ada.do('useCamera', camera)
  await ada.do('useMicrophone', microphone)
  await ben.watches('Ada')
  await ben.hears('Ada')
  expect((await seen())[0]?.id).toBe(before?.id)
  expect((await ada.state()).own.devices).toMatchObject({ camera, microphone })
  expect(await ada.uses()).toEqual({ video: camera.id, audio: microphone.id })
})

test('a camera that is unplugged is replaced, and it is said', async () => {
  await ada.unplugs('video')
  await expect
    .poll(async () => (await ada.state()).troubles)
    .toMatchObject([{ with: 'camera', what: 'replaced', by: expect.stringContaining('fake_device') }])
  await ben.watches('Ada')
  const [trouble] = (await ada.state()).troubles
  if (!trouble) throw new Error('nothing is said')
  await ada.do('dismiss', trouble.key)
  await expect.poll(async () => (await ada.state()).troubles).toEqual([])
})

test('a voice is treated as asked, while it is heard', async () => {
  const treated = () => ada.track('audio', ['noiseSuppression', 'echoCancellation', 'autoGainControl'])
  expect(await treated()).toEqual([true, true, true])
  await ada.do('setProcessing', { noiseSuppression: false })
  await expect.poll(treated).toEqual([false, true, true])
  await ada.do('setProcessing', { echoCancellation: false, autoGainControl: false })
  await expect.poll(treated).toEqual([false, false, false])
  await ben.hears('Ada')
})

test('push-to-talk is heard while it is held', async () => {
  await ada.do('setPushToTalk', true)
  await expect.poll(seen).toMatchObject([{ muted: true }])
  expect((await ben.state()).participants).toMatchObject([{ pushToTalk: true }])
  await expect.poll(async () => (await seen())[0]?.speaking).toBe(false)
  await ada.do('talk', true)
  await expect.poll(seen).toMatchObject([{ muted: false }])
  await expect.poll(async () => (await seen())[0]?.speaking).toBe(true)
  await ada.do('talk', false)
  await expect.poll(seen).toMatchObject([{ muted: true }])
})

test('somebody is heard as loud as one likes, and from the speaker one likes', async () => {
  const [person] = (await ben.state()).participants
  if (!person) throw new Error('nobody is there')
  await ben.do('setVolume', person.member, 0.25)
  await expect.poll(async () => (await ben.state()).participants[0]?.streams[0]?.volume).toBe(0.25)
  const [speaker] = await ben.devices('audiooutput')
  if (!speaker) throw new Error('there is no speaker')
  await ben.do('useSpeaker', speaker)
  expect(await ben.state()).toMatchObject({ own: { devices: { speaker } }, troubles: [] })
  expect(await ben.plays()).toEqual([{ volume: 0.25, speaker: speaker.id, paused: false }])
})
