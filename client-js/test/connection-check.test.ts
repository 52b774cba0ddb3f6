/** The connection check where there is little to find: what it still tells, and what it does not blame. */
import { afterEach, expect, test, vi } from 'vitest'
import { type Checked, checkConnection } from '../src/core/connection-check.ts'

afterEach(() => void vi.unstubAllGlobals())

const found = async (isInRoom: boolean): Promise<string[]> => {
  const told: Checked[] = []
  await checkConnection({
    transport: () => 'polling',
    inRoom: async done => {
      if (isInRoom) await done()
      return isInRoom
    },
    iceServers: () => [],
    told: checked => told.push(checked),
  })
  return told.map(({ step, outcome, detail }) => `${step} ${outcome} ${detail}`.trimEnd())
}

const devices = (permission: PermissionState): void => {
  const listed = [{ kind: 'audioinput' }, { kind: 'videoinput' }]
  vi.stubGlobal('navigator', {
    mediaDevices: { enumerateDevices: async () => listed },
    permissions: { query: async () => ({ state: permission }) },
  })
  vi.stubGlobal('isSecureContext', true)
}

test('a server that is away is the last that is told, and the relay is not blamed', async () => {
  devices('granted')
  expect(await found(false)).toEqual(['secure good', 'microphone good', 'camera good', 'server fault'])
})
test('devices that the site may not use do not work', async () => {
  devices('denied')
  expect((await found(true)).slice(1, 4)).toEqual(['microphone fault', 'camera fault', 'server good polling'])
})
test('a browser that gives nothing of all this is told so, step by step', async () => {
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('isSecureContext', false)
  expect(await found(true)).toEqual([
    'secure fault',
    'microphone fault',
    'camera fault',
    'server good polling',
    'stun absent',
    'udp absent',
    'tcp absent',
    'tls absent',
  ])
})
