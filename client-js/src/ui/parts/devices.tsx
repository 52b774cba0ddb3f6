/** Chooses a device: its list beside the button that turns it on and off. */
import { useId } from 'preact/hooks'
import { areNamed, type Choice, type Device, type DeviceKind, present } from '../../call/devices.ts'
import { texts } from '../language.ts'
import { Icon, type IconName } from './icon.tsx'
import { Popover } from './popover.tsx'

type ListProps = {
  kind: DeviceKind
  devices: readonly Device[]
  choice: Choice
  choose: (choice: Choice) => void
}

/** Radio buttons, so that arrow keys go through them. */
export const DeviceList = ({ kind, devices, choice, choose }: ListProps) => {
  const name = useId()
  const chosen = present(devices, choice)
  const option = (device: Device | null, label: string) => (
    <label class="option" key={device?.id ?? ''}>
      <input type="radio" name={name} checked={device?.id === chosen?.id} onChange={() => choose(device)} />
      <span>{label}</span>
    </label>
  )
  return (
    <fieldset class="options">
      <legend>{texts().preview.devices[kind]}</legend>
      {option(null, texts().preview.systemDevice)}
      {areNamed(devices) && devices.map(device => option(device, device.label))}
    </fieldset>
  )
}

type ToggleProps = {
  /** What it is called and drawn as; the drawing for off follows. */
  label: string
  icon: IconName
  iconOff: IconName
  on: boolean
  toggle: (event: MouseEvent) => void
  busy?: boolean
  /** In use this very moment. */
  lit?: boolean
  /** Something is wrong with it. */
  troubled?: boolean
  shortcut?: string
}

/** Round, and red while off, since being unheard without knowing is the worst that happens in calls. */
export const Toggle = ({ label, icon, iconOff, on, toggle, busy, lit, troubled, shortcut }: ToggleProps) => (
  <button
    type="button"
    class={`round${on ? '' : ' round-off'}${lit ? ' round-on' : ''}${busy ? ' round-busy' : ''}`}
    aria-pressed={on}
    aria-keyshortcuts={shortcut}
    title={shortcut === undefined ? label : `${label} (${shortcut})`}
    onClick={toggle}
  >
    <Icon name={on ? icon : iconOff} />
    <span class="sr-only">{label}</span>
    {troubled && <span class="round-mark" aria-hidden="true" />}
  </button>
)

type WithDevicesProps = ToggleProps & { lists: readonly ListProps[]; chooseLabel: string }

/** The toggle, and beside it which device is meant. */
export const ToggleWithDevices = ({ lists, chooseLabel, ...toggle }: WithDevicesProps) => (
  <div class="round-pair">
    <Toggle {...toggle} />
    <Popover label={chooseLabel} icon="open" class="round-more">
      {() => lists.map(list => <DeviceList key={list.kind} {...list} />)}
    </Popover>
  </div>
)
