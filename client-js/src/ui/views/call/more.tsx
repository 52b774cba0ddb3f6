/** The menu of what is needed less often in a call, and of what bar and head have no room for in a small window. */
import type { ComponentChildren } from 'preact'
import { type Devices, following } from '../../../call/devices.ts'
import type { CallCommands, CallState } from '../../../call/state.ts'
import { type FullScreen, isTouch } from '../../browser.ts'
import { canShare, toggleScreen } from '../../devices.ts'
import { texts } from '../../language.ts'
import type { Panels } from '../../panels.ts'
import { Switch } from '../../parts/choice.tsx'
import { MenuItem, Popover } from '../../parts/popover.tsx'
import { isRelaying } from './banners.tsx'

export type MoreProps = {
  state: CallState
  call: CallCommands
  devices: Devices
  panels: Panels
  fullScreen: FullScreen
  setPushToTalk: (on: boolean) => void
  openSettings: () => void
  openShortcuts: () => void
  /** What its head says of the room, which a short window or a full screen has no place for. */
  room: ComponentChildren
  leaveRoom: () => void
}

export const More = (props: MoreProps) => (
  <Popover label={texts().call.more} icon="more" class="round">
    {close => <Menu {...props} close={close} />}
  </Popover>
)

const Menu = (props: MoreProps & { close: () => void }) => {
  const { state, call, devices, panels, fullScreen, setPushToTalk, openSettings, openShortcuts } = props
  const { room, leaveRoom, close } = props
  /** The menu goes first, so that the focus is where it came from when something else asks for it. */
  const after = (press: () => void) => () => {
    close()
    press()
  }
  const { own } = state
  const touch = isTouch()
  const other = touch && own.camera === 'on' ? following(devices.camera, cameraOf(own.stream)) : null
  return (
    <div class="menu">
      <p class="menu-title menu-headless">{room}</p>
      {other && (
        <MenuItem
          icon="camera-switch"
          label={texts().call.switchCamera}
          // Not remembered: the next call begins with the camera that was chosen.
          press={after(() => void call.useCamera(other))}
        />
      )}
      {canShare() && (
        <div class="bar-narrow">
          <MenuItem
            icon={own.screens.length > 0 ? 'screen-off' : 'screen'}
            label={own.screens.length > 0 ? texts().call.screenStop : texts().call.screen}
            press={after(() => toggleScreen(state, call))}
          />
        </div>
      )}
      <div class="bar-narrow">
        <MenuItem
          icon="people"
          label={texts().call.peoplePanel}
          press={after(() => panels.toggle('people'))}
        />
      </div>
      {fullScreen.can && (
        <MenuItem
          icon={fullScreen.on ? 'full-screen-off' : 'full-screen'}
          label={fullScreen.on ? texts().call.fullScreenOff : texts().call.fullScreen}
          keys={touch ? undefined : 'f'}
          press={after(fullScreen.toggle)}
        />
      )}
      <div class="menu-switches">
        <Switch
          label={texts().call.audioOnly}
          hint={isRelaying(state) ? texts().call.audioOnlyHintRelaying : texts().call.audioOnlyHint}
          on={own.audioOnly}
          change={on => void call.setAudioOnly(on)}
        />
        <Switch
          label={texts().call.pushToTalk}
          hint={touch ? texts().call.pushToTalkHintTouch : texts().call.pushToTalkHint}
          on={own.pushToTalk}
          change={setPushToTalk}
        />
      </div>
      <MenuItem icon="settings" label={texts().settings.title} press={after(openSettings)} />
      {!touch && (
        <MenuItem icon="keyboard" label={texts().call.shortcutsTitle} keys="?" press={after(openShortcuts)} />
      )}
      <div class="menu-headless">
        <MenuItem icon="leave" label={texts().room.leaveNamed} danger press={after(leaveRoom)} />
      </div>
    </div>
  )
}

const cameraOf = (stream: MediaStream | null): string | undefined =>
  stream?.getVideoTracks()[0]?.getSettings().deviceId
