/** What is put on transceivers that the far end makes. */
import { expect, test } from 'vitest'
import { Sending, type Tuning } from '../src/link/sending.ts'

/** A transceiver that takes a picture in three sizes, as a server that hosts a star offers it. */
const offered = (): { readonly transceiver: RTCRtpTransceiver; readonly active: () => boolean[] } => {
  let encodings: RTCRtpEncodingParameters[] = [{}, {}, {}]
  const sender = {
    track: null as MediaStreamTrack | null,
    setStreams: () => undefined,
    replaceTrack: async (track: MediaStreamTrack | null) => {
      sender.track = track
    },
    getParameters: () => structuredClone({ encodings }),
    setParameters: async (given: { encodings: RTCRtpEncodingParameters[] }) => {
      encodings = given.encodings
    },
  }
  const receiver = { track: { kind: 'video' } }
  const transceiver = { mid: '1', direction: 'recvonly', currentDirection: null, sender, receiver }
  return {
    transceiver: transceiver as unknown as RTCRtpTransceiver,
    active: () => encodings.map(it => it.active ?? true),
  }
}

const medium: Tuning = {
  active: true,
  layers: [{ active: false }, { active: true, scaleDownBy: 2 }, { active: true, scaleDownBy: 4 }],
}

test.each([
  ['in all sizes where nobody has said which are shown', null, [true, true, true]],
  ['in no size that was not asked for by then', medium, [false, true, true]],
] as const)('a picture begins %s', async (_, tuning, active) => {
  const line = offered()
  const sending = new Sending({ getTransceivers: () => [line.transceiver] } as unknown as RTCPeerConnection)
  sending.takesLayers = true
  const picture = { kind: 'video' } as MediaStreamTrack
  sending.publish({ id: 'camera' } as MediaStream, [picture], false)
  if (tuning) expect(await sending.tune('camera', 'video', tuning)).toBe(false)
  await sending.place()
  expect(line.transceiver.sender.track).toBe(picture)
  expect(line.active()).toEqual(active)
})
