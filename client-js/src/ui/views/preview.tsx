/** The preview before a call: one's own picture, microphone and camera on or off, and whether they work. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { chime } from '../../call/chime.ts'
import type { Input } from '../../call/devices.ts'
import type { PreviewState } from '../../call/preview.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { useKeptFocus } from '../panels.ts'
import { DeviceList, ToggleWithDevices } from '../parts/devices.tsx'
import { Avatar, Icon } from '../parts/icon.tsx'
import { Level, Video } from '../parts/live.tsx'
import { Popover } from '../parts/popover.tsx'
import { MediaTroubles } from '../parts/trouble.tsx'

type Props = { model: Model; commands: Commands }

export const PreviewView = ({ model, commands }: Props) => {
  const state = model.preview.value
  const { preview } = commands
  const area = useRef<HTMLElement>(null)
  // The button that allows goes away with its press.
  useKeptFocus(area, '.preview-bar button')
  useEffect(() => {
    preview.open()
    return preview.close
  }, [])
  return (
    <section ref={area} class="preview" aria-label={texts().preview.title}>
      <div class="preview-picture">
        <SelfView name={model.userName.value} state={state} want={preview.want} />
        {!isAsking(state) && (
          <div class="preview-bar">
            <InputToggle input="microphone" state={state} commands={commands} />
            <InputToggle input="camera" state={state} commands={commands} />
          </div>
        )}
      </div>
      <MediaTroubles
        microphone={state.microphone.trouble}
        camera={state.camera.trouble}
        again={preview.want}
      />
      <div class="preview-tests">
        {state.microphone.track && <Level track={state.microphone.track} />}
        {!state.untouched && <SpeakerTest state={state} commands={commands} />}
      </div>
    </section>
  )
}

/** Nobody has said yet whether they want any of it. */
const isAsking = ({ untouched, microphone, camera }: PreviewState): boolean =>
  untouched && microphone.trouble === null && camera.trouble === null

type SelfViewProps = { name: string; state: PreviewState; want: (inputs: readonly Input[]) => void }

const SelfView = ({ name, state, want }: SelfViewProps) => {
  const { microphone, camera } = state
  const stream = useMemo(() => camera.track && new MediaStream([camera.track]), [camera.track])
  if (stream) return <Video stream={stream} label={texts().preview.devices.camera} mirrored />
  if (isAsking(state)) return <Ask want={want} />
  const asking = microphone.asking || camera.asking
  return (
    <div class="preview-face">
      {name.trim() === '' ? <Icon name="camera-off" /> : <Avatar name={name} large />}
      <p>{asking ? texts().preview.asking : texts().preview.cameraOff}</p>
    </div>
  )
}

/** Nothing is asked of the browser before this has been pressed. The strong button is the one that goes on. */
const Ask = ({ want }: { want: (inputs: readonly Input[]) => void }) => (
  <div class="preview-ask">
    <p class="preview-ask-title">{texts().preview.ask}</p>
    <button type="button" class="button" onClick={() => want(['microphone', 'camera'])}>
      {texts().preview.allowBoth}
    </button>
    <button type="button" class="button button-quiet" onClick={() => want(['microphone'])}>
      {texts().preview.allowMicrophone}
    </button>
    <p class="preview-ask-hint">{texts().preview.askHint}</p>
  </div>
)

type ToggleProps = { input: Input; state: PreviewState; commands: Commands }

const InputToggle = ({ input, state, commands: { preview, useDevice } }: ToggleProps) => {
  const { track, asking, trouble } = state[input]
  const on = track !== null
  return (
    <ToggleWithDevices
      label={texts().preview.devices[input]}
      chooseLabel={texts().preview.choose[input]}
      icon={input}
      iconOff={`${input}-off`}
      on={on}
      busy={asking}
      troubled={trouble !== null}
      toggle={() => (on || asking ? preview.drop(input) : preview.want([input]))}
      lists={[
        {
          kind: input,
          devices: state.devices[input],
          choice: state.choices[input],
          choose: choice => useDevice(input, choice),
        },
      ]}
    />
  )
}

const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype

const SpeakerTest = ({ state, commands }: { state: PreviewState; commands: Commands }) => {
  const [phase, setPhase] = useState<'idle' | 'playing' | 'failed'>('idle')
  const { devices, choices } = state
  const play = async (): Promise<void> => {
    setPhase('playing')
    setPhase((await chime(choices.speaker?.id ?? '')) ? 'idle' : 'failed')
  }
  return (
    <div class="speaker-test">
      <div class="round-pair">
        <button
          type="button"
          class="button button-small"
          aria-disabled={phase === 'playing'}
          onClick={() => phase !== 'playing' && void play()}
        >
          <Icon name="speaker" />
          {phase === 'playing' ? texts().preview.testing : texts().preview.testSpeaker}
        </button>
        {canChooseSpeaker && devices.speaker.length > 1 && (
          <Popover label={texts().preview.choose.speaker} icon="open" class="round-more">
            {() => (
              <DeviceList
                kind="speaker"
                devices={devices.speaker}
                choice={choices.speaker}
                choose={choice => commands.useDevice('speaker', choice)}
              />
            )}
          </Popover>
        )}
      </div>
      <p class="field-hint" role="status">
        {phase === 'failed' && texts().preview.testFailed}
      </p>
    </div>
  )
}
