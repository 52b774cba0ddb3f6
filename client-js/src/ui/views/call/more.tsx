/** Owns what is wanted less often in a call, and on a narrow window what the bar has no room for. */
import { type Devices, following } from '../../../call/devices.ts'
import type { CallCommands, CallState } from '../../../call/state.ts'
import type { FullScreen } from '../../full-screen.ts'
import type { Panels } from '../../panels.ts'
import { Switch } from '../../parts/choice.tsx'
import { MenuItem } from '../../parts/menu.tsx'
import { Popover } from '../../parts/popover.tsx'
import { canShare, toggleScreen } from '../../screens.ts'
import { text } from '../../text.ts'
import { isTouch } from '../../touch.ts'

export type MoreProps = {
  state: CallState
  call: CallCommands
  devices: Devices
  panels: Panels
  fullScreen: FullScreen
  setPushToTalk: (on: boolean) => void
  openSettings: () => void
  openShortcuts: () => void
}

export const More = (props: MoreProps) => (
  <Popover label={text().call.more} icon="more" class="round">
    {close => <Menu {...props} close={close} />}
  </Popover>
)

const Menu = (props: MoreProps & { close: () => void }) => {
  const { state, call, devices, panels, fullScreen, setPushToTalk, openSettings, openShortcuts, close } =
    props
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
      {other && (
        <MenuItem
          icon="camera-switch"
          label={text().call.switchCamera}
          // Not remembered: the next call begins with the camera that was chosen.
          press={after(() => void call.useCamera(other))}
        />
      )}
      {canShare() && (
        <div class="bar-narrow">
          <MenuItem
            icon={own.screens.length > 0 ? 'screen-off' : 'screen'}
            label={own.screens.length > 0 ? text().call.screenStop : text().call.screen}
            press={after(() => toggleScreen(state, call))}
          />
        </div>
      )}
      <div class="bar-narrow">
        <MenuItem
          icon="people"
          label={text().call.peoplePanel}
          press={after(() => panels.toggle('people'))}
        />
      </div>
      {fullScreen.can && (
        <MenuItem
          icon={fullScreen.on ? 'full-screen-off' : 'full-screen'}
          label={fullScreen.on ? text().call.fullScreenOff : text().call.fullScreen}
          keys={touch ? undefined : 'f'}
          press={after(fullScreen.toggle)}
        />
      )}
      <div class="menu-switches">
        <Switch
          label={text().call.audioOnly}
          hint={text().call.audioOnlyHint}
          on={own.audioOnly}
          change={on => void call.setAudioOnly(on)}
        />
        <Switch
          label={text().call.pushToTalk}
          hint={touch ? text().call.pushToTalkHintTouch : text().call.pushToTalkHint}
          on={own.pushToTalk}
          change={setPushToTalk}
        />
      </div>
      <MenuItem icon="settings" label={text().settings.title} press={after(openSettings)} />
      {!touch && (
        <MenuItem icon="keyboard" label={text().call.shortcutsTitle} keys="?" press={after(openShortcuts)} />
      )}
    </div>
  )
}

const cameraOf = (stream: MediaStream | null): string | undefined =>
  stream?.getVideoTracks()[0]?.getSettings().deviceId
