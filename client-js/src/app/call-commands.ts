/** What the page asks of a room's call, before it and in it: the preview's tracks go in, and choices are remembered. */
import type { Choice, DeviceKind } from '../call/devices.ts'
import type { Preview } from '../call/preview.ts'
import type { MemberId, OwnCall, Processing } from '../call/state.ts'
import type { RoomSession } from '../core/room-session.ts'
import type { StayInCall } from '../core/stay.ts'
import type { Commands, Model } from '../ui/model.ts'
import type { Settings } from './settings.ts'

type CallingCommands = Pick<
  Commands,
  'preview' | 'enterCall' | 'call' | 'useDevice' | 'process' | 'setPushToTalk'
>

type Around = {
  readonly model: Model
  readonly preview: Preview
  readonly session: () => RoomSession | null
  readonly choose: (part: Partial<Settings>) => void
}

export const callCommands = ({ model, preview, session, choose }: Around): CallingCommands => {
  const calling = () => (model.call.value?.own.phase === 'out' ? null : (session()?.call ?? null))
  return {
    preview: {
      open: () => void preview.open(),
      close: () => preview.close(),
      want: inputs => void preview.want(inputs),
      drop: input => preview.drop(input),
    },
    enterCall: () => enterCall(model, preview, session()),
    call: () => session()?.call ?? null,
    useDevice: (kind, choice) => {
      choose({ [kind]: choice })
      void preview.choose(kind, choice)
      const call = calling()
      if (call) void use[kind](call, choice)
    },
    process: part => {
      const { autoGainControl, ...same } = part
      choose(autoGainControl === undefined ? same : { ...same, autoGain: autoGainControl })
      void calling()?.setProcessing(part)
    },
    setPushToTalk: on => {
      choose({ pushToTalk: on })
      calling()?.setPushToTalk(on)
    },
  }
}

type Call = RoomSession['call']

const use: Record<DeviceKind, (call: Call, choice: Choice) => Promise<void>> = {
  microphone: (call, choice) => call.useMicrophone(choice),
  camera: (call, choice) => call.useCamera(choice),
  speaker: (call, choice) => call.useSpeaker(choice),
}

export const processingIn = ({ noiseSuppression, echoCancellation, autoGain }: Settings): Processing => ({
  noiseSuppression,
  echoCancellation,
  autoGainControl: autoGain,
})

const enterCall = (model: Model, preview: Preview, session: RoomSession | null): void => {
  const { microphone, camera, choices } = preview.releaseTracks()
  const settings = model.settings.value
  void session?.call.join({
    microphone: { on: microphone.track !== null, choice: choices.microphone, track: microphone.track },
    camera: { on: camera.track !== null, choice: choices.camera, track: camera.track },
    speaker: choices.speaker,
    processing: processingIn(settings),
    pushToTalk: settings.pushToTalk,
  })
}

/** After a reload: the devices as they were, which the browser gives without asking again where it was told to. */
export const goOnInCall = (
  model: Model,
  session: RoomSession,
  { microphone, camera }: NonNullable<StayInCall>,
): void => {
  const settings = model.settings.value
  void session.call.join({
    microphone: { on: microphone, choice: settings.microphone },
    camera: { on: camera, choice: settings.camera },
    speaker: settings.speaker,
    processing: processingIn(settings),
    pushToTalk: settings.pushToTalk,
  })
}

type Attached = {
  readonly choose: (part: Partial<Settings>) => void
  /** Somebody has begun a call that one is not in oneself. */
  readonly begun: (member: MemberId) => void
}

/** Whoever leaves a call and comes back finds microphone and camera as they left them. */
const stateOfDevices = ({ microphone, camera, audioOnly }: OwnCall): Partial<Settings> => ({
  ...(microphone === 'none' ? {} : { microphoneOn: microphone === 'on' }),
  ...(audioOnly ? {} : { cameraOn: camera === 'on' }),
})

/** With whatever the preview shows one goes straight into the call; with nothing, into the room alone. */
export const attachCall = (
  session: RoomSession,
  model: Model,
  preview: Preview,
  around: Attached,
): (() => void) => {
  const { microphone, camera } = preview.state
  if (microphone.track || camera.track) enterCall(model, preview, session)
  model.call.value = session.call.state
  const stop = session.on('call', state => {
    const was = model.call.peek()
    model.call.value = state
    if (was?.own.phase === 'in' && state.own.phase === 'out') around.choose(stateOfDevices(was.own))
    const caller = state.participants[0]
    if (caller && was?.participants.length === 0 && state.own.phase === 'out') around.begun(caller.member)
  })
  return () => {
    stop()
    model.call.value = null
    model.dialog.value = null
  }
}
