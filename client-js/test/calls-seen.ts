/** Made-up calls as a view sees them: one that we are not in, people, streams, screens. */
import { allProcessing, noChoices } from '../src/call/devices.ts'
import type { CallState, OwnScreen, Participant, RemoteStream } from '../src/call/state.ts'
import { memberId, streamId } from '../src/wire/ids.ts'

/** Views only hand it on. */
export const someStream = (): MediaStream => ({}) as MediaStream

export const noCall: CallState = {
  own: {
    phase: 'out',
    stream: null,
    microphone: 'none',
    camera: 'off',
    cameraInterrupted: false,
    pushToTalk: false,
    talking: false,
    speaking: false,
    silent: false,
    devices: noChoices,
    processing: allProcessing,
    audioOnly: false,
    screens: [],
  },
  participants: [],
  carrying: null,
  troubles: [],
}

export const remote = (id: string, part: Partial<RemoteStream> = {}): RemoteStream => ({
  id: streamId(id),
  kind: 'camera',
  hint: 'motion',
  stream: someStream(),
  hasVideo: true,
  hasAudio: true,
  muted: false,
  cameraOff: false,
  speaking: false,
  volume: 1,
  size: 'large',
  measured: null,
  ...part,
})

export const participant = (id: string, ...streams: RemoteStream[]): Participant => ({
  member: memberId(id),
  streams,
  pushToTalk: false,
})

export const ownScreen = (id: string, surface: OwnScreen['surface']): OwnScreen => ({
  id: streamId(id),
  stream: someStream(),
  surface,
  sound: false,
  hint: 'text',
})
