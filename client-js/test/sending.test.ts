/** What is put on transceivers that the far end makes, and in which sizes. */
import { expect, test } from 'vitest'
import { Sending, type Tuning } from '../src/link/sending.ts'

type Encoding = { active: boolean; scaleResolutionDownBy?: number }

/** A transceiver that takes a picture in three sizes, as a server that hosts a star offers it. */
const offered = () => {
  let encodings: Encoding[] = [1, 2, 3].map(() => ({ active: false }))
  const sender = {
    track: null as MediaStreamTrack | null,
    setStreams: () => undefined,
    replaceTrack: async (track: MediaStreamTrack | null) => {
      sender.track = track
    },
    getParameters: () => structuredClone({ encodings }),
    setParameters: async (given: { encodings: Encoding[] }) => {
      encodings = given.encodings
    },
  }
  const receiver = { track: { kind: 'video' } }
  const transceiver = { mid: '1', direction: 'recvonly', currentDirection: null, sender, receiver }
  return {
    transceiver: transceiver as unknown as RTCRtpTransceiver,
    /** The far end names sizes, all of which go then. */
    described: () => {
      for (const encoding of encodings) encoding.active = true
    },
    sizes: () => encodings.flatMap(it => (it.active ? [it.scaleResolutionDownBy] : [])),
  }
}

const sized = (...active: readonly boolean[]): Tuning => ({
  active: active.includes(true),
  layers: active.map((it, at) => ({ active: it, scaleDownBy: 2 ** at })),
})
const medium = sized(false, true, true)

const publishing = () => {
  const line = offered()
  const sending = new Sending({ getTransceivers: () => [line.transceiver] } as unknown as RTCPeerConnection)
  sending.takesLayers = true
  const picture = { kind: 'video' } as MediaStreamTrack
  sending.publish({ id: 'camera' } as MediaStream, [picture], false)
  return { line, sending, picture }
}

test.each([
  ['in all sizes where nobody has said which are shown', [], [1, 2, 4]],
  ['in no size that was not asked for by then', [medium], [2, 4]],
  ['in those that were asked for last', [sized(false, false, false), medium], [2, 4]],
] as const)('a picture begins %s', async (_, tunings, sizes) => {
  const { line, sending, picture } = publishing()
  for (const tuning of tunings) expect(await sending.tune('camera', 'video', tuning)).toBe(false)
  line.described()
  await sending.place()
  expect(line.transceiver.sender.track).toBe(picture)
  expect(line.sizes()).toEqual(sizes)
})

test('a browser that says nothing of a sender costs no negotiation', async () => {
  const { line, sending } = publishing()
  line.transceiver.sender.getParameters = () => {
    throw new Error('not now')
  }
  await sending.place()
  await sending.retune()
  expect(line.transceiver.direction).toBe('sendrecv')
})

test('a picture goes on in the sizes that are shown, whatever a later description names', async () => {
  const { line, sending } = publishing()
  await sending.place()
  expect(await sending.tune('camera', 'video', medium)).toBe(true)
  line.described()
  await sending.place()
  expect(line.sizes()).toEqual([2, 4])
  line.described()
  await sending.retune()
  expect(line.sizes()).toEqual([2, 4])
})
