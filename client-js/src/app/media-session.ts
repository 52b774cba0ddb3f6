/**
 * A call as the system shows it outside the page, on a lock screen or beside a video that floats, and what the buttons
 * there and on a headset do: https://www.w3.org/TR/mediasession/. Browsers know some of it, or nothing.
 */
import { computed, effect } from '@preact/signals'
import type { CallCommands, OwnCall } from '../call/state.ts'
import { attempt } from '../link/browser-api.ts'
import type { Model } from '../ui/model.ts'

/** The last four are the specification's, and not in every browser's or the compiler's list. */
const actions: Readonly<Record<string, (call: CallCommands, own: OwnCall) => unknown>> = {
  // Without a handler a browser pauses the others' sound itself.
  play: call => call.playSound(),
  pause: call => call.playSound(),
  stop: call => call.playSound(),
  togglemicrophone: (call, { microphone }) => call.setMuted(microphone === 'on'),
  togglecamera: (call, { camera }) => call.setCamera(camera === 'off'),
  hangup: call => call.leave(),
}

/** Until the function given back is called. */
export const showCallToSystem = (
  { call, view }: Pick<Model, 'call' | 'view'>,
  commands: () => CallCommands | null,
): (() => void) => {
  const session = attempt(() => navigator.mediaSession)
  if (!session) return () => undefined
  const calling = computed(() => (call.value?.own.phase ?? 'out') !== 'out')
  const title = computed(() => (view.value.kind === 'room' ? view.value.state.card.name : ''))
  const microphoneOn = computed(() => call.value?.own.microphone === 'on')
  const cameraOn = computed(() => call.value?.own.camera === 'on')
  const stops = [
    effect(() => {
      const shown = calling.value
      for (const [name, act] of Object.entries(actions)) {
        const press = (): void => {
          const [asked, own] = [commands(), call.peek()?.own]
          if (asked && own) void act(asked, own)
        }
        attempt(() => session.setActionHandler(name as MediaSessionAction, shown ? press : null))
      }
      attempt(() => {
        session.playbackState = shown ? 'playing' : 'none'
      })
    }),
    effect(() => {
      const shown = calling.value ? title.value : null
      attempt(() => {
        session.metadata = shown === null ? null : new MediaMetadata({ title: shown })
      })
    }),
    effect(() => {
      const on = microphoneOn.value
      void attempt(() => session.setMicrophoneActive(on))?.catch(() => undefined)
    }),
    effect(() => {
      const on = cameraOn.value
      void attempt(() => session.setCameraActive(on))?.catch(() => undefined)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
