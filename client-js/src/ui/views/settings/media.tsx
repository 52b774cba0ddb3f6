/** The settings of sound and picture: which devices, and how the browser processes what they hear. */
import { areNamed, type Device, type DeviceKind, present } from '../../../call/devices.ts'
import { useDevices } from '../../devices.ts'
import { texts } from '../../language.ts'
import { Select, Switch } from '../../parts/choice.tsx'
import type { SettingsProps } from './settings.tsx'

const kinds: readonly DeviceKind[] = ['microphone', 'camera', 'speaker']

export const MediaSettings = ({ model, commands }: SettingsProps) => {
  const { settings } = model
  const devices = useDevices(`${model.preview.value.untouched} ${model.call.value?.own.phase}`)
  const { noiseSuppression, echoCancellation, autoGain, pushToTalk } = settings.value
  const shown = kinds.filter(kind => kind !== 'speaker' || areNamed(devices.speaker))
  const named = shown.some(kind => areNamed(devices[kind]))
  return (
    <>
      {shown.map(kind => (
        <DeviceSelect
          key={kind}
          kind={kind}
          devices={devices[kind]}
          chosen={present(devices[kind], settings.value[kind])}
          choose={device => commands.useDevice(kind, device)}
        />
      ))}
      {!named && <p class="field-hint">{texts().settings.devicesHint}</p>}
      <Switch
        label={texts().settings.noiseSuppression}
        hint={texts().settings.noiseSuppressionHint}
        on={noiseSuppression}
        change={on => commands.process({ noiseSuppression: on })}
      />
      <Switch
        label={texts().settings.echoCancellation}
        hint={texts().settings.echoCancellationHint}
        on={echoCancellation}
        change={on => commands.process({ echoCancellation: on })}
      />
      <Switch
        label={texts().settings.autoGain}
        hint={texts().settings.autoGainHint}
        on={autoGain}
        change={on => commands.process({ autoGainControl: on })}
      />
      <Switch
        label={texts().call.pushToTalk}
        hint={texts().call.pushToTalkHint}
        on={pushToTalk}
        change={commands.setPushToTalk}
      />
    </>
  )
}

type DeviceProps = {
  kind: DeviceKind
  devices: readonly Device[]
  chosen: Device | null
  choose: (device: Device | null) => void
}

const DeviceSelect = ({ kind, devices, chosen, choose }: DeviceProps) => (
  <Select
    label={texts().preview.devices[kind]}
    options={[
      { value: '', label: texts().preview.systemDevice },
      ...(areNamed(devices) ? devices.map(({ id, label }) => ({ value: id, label })) : []),
    ]}
    value={chosen?.id ?? ''}
    change={id => choose(devices.find(device => device.id === id && id !== '') ?? null)}
  />
)
