/** What the page shows of a session's call, and with which devices one comes into it. */
import type { Preview } from '../call/preview.ts'
import type { MemberId, OwnCall } from '../call/state.ts'
import type { RoomSession } from '../core/room-session.ts'
import type { StayInCall } from '../core/stay.ts'
import type { Model } from '../ui/model.ts'
import { enterCall, processingIn } from './call-commands.ts'
import type { Settings } from './settings.ts'

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
