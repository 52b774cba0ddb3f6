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
import { isAsking } from '../selectors.ts'

type Props = {
  model: Model
  commands: Commands
  /** Whether what follows is a call, in which nobody wants to sit without being heard. */
  calling?: boolean
}

export const PreviewView = ({ model, commands, calling = false }: Props) => {
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
        <SelfView name={model.userName.value} state={state} want={preview.want} calling={calling} />
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

type AskProps = { want: (inputs: readonly Input[]) => void; calling: boolean }
type SelfViewProps = AskProps & { name: string; state: PreviewState }

const SelfView = ({ name, state, want, calling }: SelfViewProps) => {
  const { microphone, camera } = state
  const stream = useMemo(() => camera.track && new MediaStream([camera.track]), [camera.track])
  if (stream) return <Video stream={stream} label={texts().preview.devices.camera} mirrored />
  if (isAsking(state)) return <Ask want={want} calling={calling} />
  const asking = microphone.asking || camera.asking
  return (
    <div class="preview-face">
      {name.trim() === '' ? <Icon name="camera-off" /> : <Avatar name={name} large />}
      <p>{asking ? texts().preview.asking : texts().preview.cameraOff}</p>
    </div>
  )
}

/**
 * Nothing is asked of the browser before this has been pressed. The strong button is the one that people want: this one
 * before a call, and the one that goes on where a room is joined.
 */
const Ask = ({ want, calling }: AskProps) => (
  <div class="preview-ask">
    <p class="preview-ask-title">{texts().preview.ask}</p>
    <button
      type="button"
      class={calling ? 'button button-strong' : 'button'}
      onClick={() => want(['microphone', 'camera'])}
    >
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
