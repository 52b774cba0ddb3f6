/** Whether a STUN or TURN server has answered, by what a browser tells of the addresses that it found. */
import { afterEach, expect, test, vi } from 'vitest'
import { answersIce } from '../src/link/probe.ts'

type Told = 'srflx' | 'relay' | 'host' | 'error' | 'end'

/** A browser that tells so much; one that knows no errors tells none. */
const browser = (told: readonly Told[], tellsErrors = true): void => {
  class Connection extends EventTarget {
    constructor() {
      super()
      if (tellsErrors) Object.assign(this, { onicecandidateerror: null })
    }
    close = () => undefined
    createDataChannel = () => undefined
    createOffer = async () => ({})
    setLocalDescription = async () => {
      for (const it of told) {
        const type = it === 'error' ? 'icecandidateerror' : 'icecandidate'
        const candidate = it === 'end' ? null : { type: it }
        this.dispatchEvent(Object.assign(new Event(type), { candidate }))
      }
    }
  }
  vi.stubGlobal('RTCPeerConnection', Connection)
}

afterEach(() => void vi.unstubAllGlobals())

const [stun, turn] = [{ urls: 'stun:a' }, { urls: 'turn:a', username: 'u', credential: 'c' }]

test.each<[string, RTCIceServer, Told[], 'yes' | 'no']>([
  ['our address as others see it', stun, ['host', 'srflx', 'end'], 'yes'],
  ['the address that we have, which is left out', stun, ['host', 'end'], 'yes'],
  ['no answer', stun, ['host', 'error', 'end'], 'no'],
  ['nothing at all, as without a network', stun, ['end'], 'no'],
  ['an address of its own', turn, ['relay', 'end'], 'yes'],
  ['none of its own', turn, ['end'], 'no'],
])('%s', async (_, server, told, answered) => {
  browser(told)
  expect(await answersIce(server)).toBe(answered)
})
test('a browser that tells of no errors has to tell an address', async () => {
  browser(['host', 'end'], false)
  expect(await answersIce(stun)).toBe('no')
})
