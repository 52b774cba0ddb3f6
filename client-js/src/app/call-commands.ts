/** What the page asks of a room's call, before it and in it: the preview's tracks go in, and choices are remembered. */
import type { Choice, DeviceKind } from '../call/devices.ts'
import type { Preview } from '../call/preview.ts'
import type { Processing } from '../call/state.ts'
import type { RoomSession } from '../core/room-session.ts'
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

/** With whatever the preview shows. */
export const enterCall = (model: Model, preview: Preview, session: RoomSession | null): void => {
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
