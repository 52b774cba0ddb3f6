/** The bar of a call: microphone, camera, screen, chat, people, more, leave; always in that order. */
import type { Choice, DeviceKind, Input } from '../../../call/devices.ts'
import type { CallCommands, CallState } from '../../../call/state.ts'
import { texts } from '../../language.ts'
import type { Panels } from '../../panels.ts'
import { ToggleWithDevices } from '../../parts/devices.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PanelButton } from '../../parts/panel.tsx'
import { More, type MoreProps } from './more.tsx'
import { ScreenButton } from './screen-button.tsx'

export type BarProps = MoreProps & {
  state: CallState
  call: CallCommands
  choose: (kind: DeviceKind, choice: Choice) => void
  panels: Panels
  unread: boolean
}

export const Bar = (props: BarProps) => {
  const { call, panels, unread } = props
  return (
    <div class="bar" role="toolbar" aria-label={texts().call.bar}>
      <MicrophoneButton {...props} />
      <CameraButton {...props} />
      <ScreenButton {...props} />
      <PanelButton
        panels={panels}
        panel="chat"
        label={unread ? texts().call.chatUnread : texts().call.chat}
        class="round"
        keys="c"
      >
        <Icon name="chat" />
        {unread && <span class="round-mark round-mark-news" aria-hidden="true" />}
      </PanelButton>
      <PanelButton panels={panels} panel="people" label={texts().call.peoplePanel} class="round bar-wide">
        <Icon name="people" />
      </PanelButton>
      <More {...props} />
      <button type="button" class="round round-leave" title={texts().call.leave} onClick={() => call.leave()}>
        <Icon name="hang-up" />
        <span class="sr-only">{texts().call.leave}</span>
      </button>
    </div>
  )
}

const MicrophoneButton = ({ state: { own, troubles }, call, devices, choose }: BarProps) => {
  const toggle = {
    label: texts().call.microphone,
    icon: 'microphone',
    iconOff: 'microphone-off',
    troubled: isTroubled(troubles, 'microphone'),
  } as const
  const held = own.pushToTalk && own.microphone === 'on'
  const on = own.microphone === 'on'
  return (
    <div class="bar-talk" {...(held && talkWhileHeld(call))}>
      <ToggleWithDevices
        {...toggle}
        on={on}
        lit={held && own.talking}
        shortcut="m"
        toggle={event => {
          if (!held || !isTouch(event)) void call.setMuted(on)
        }}
        chooseLabel={texts().preview.choose.microphone}
        lists={(['microphone', 'speaker'] as const).map(kind => ({
          kind,
          devices: devices[kind],
          choice: own.devices[kind],
          choose: (choice: Choice) => choose(kind, choice),
        }))}
      />
    </div>
  )
}

const isTroubled = (troubles: CallState['troubles'], input: Input): boolean =>
  troubles.some(trouble => trouble.with === input && trouble.what !== 'replaced')

const isTouch = (event: MouseEvent): boolean => 'pointerType' in event && event.pointerType === 'touch'

/** For fingers, which have no space bar. */
const talkWhileHeld = (call: CallCommands) => ({
  onPointerDown: (event: PointerEvent): void => {
    if (event.pointerType === 'touch') call.talk(true)
  },
  onPointerUp: () => call.talk(false),
  onPointerCancel: () => call.talk(false),
})

const CameraButton = ({ state: { own, troubles }, call, devices, choose }: BarProps) => (
  <ToggleWithDevices
    label={texts().call.camera}
    icon="camera"
    iconOff="camera-off"
    on={own.camera !== 'off'}
    busy={own.camera === 'starting'}
    troubled={isTroubled(troubles, 'camera')}
    shortcut="v"
    toggle={() => void call.setCamera(own.camera === 'off')}
    chooseLabel={texts().preview.choose.camera}
    lists={[
      {
        kind: 'camera',
        devices: devices.camera,
        choice: own.devices.camera,
        choose: choice => choose('camera', choice),
      },
    ]}
  />
)
