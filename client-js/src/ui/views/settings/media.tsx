/** Owns the settings of sound and picture: which devices, and how the browser treats what they hear. */
import { areNamed, type Device, type DeviceKind, present } from '../../../call/devices.ts'
import { useDevices } from '../../devices.ts'
import { Select, Switch } from '../../parts/choice.tsx'
import { text } from '../../text.ts'
import type { SettingsProps } from '../settings.tsx'

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
      {!named && <p class="field-hint">{text().settings.devicesHint}</p>}
      <Switch
        label={text().settings.noiseSuppression}
        hint={text().settings.noiseSuppressionHint}
        on={noiseSuppression}
        change={on => commands.process({ noiseSuppression: on })}
      />
      <Switch
        label={text().settings.echoCancellation}
        hint={text().settings.echoCancellationHint}
        on={echoCancellation}
        change={on => commands.process({ echoCancellation: on })}
      />
      <Switch
        label={text().settings.autoGain}
        hint={text().settings.autoGainHint}
        on={autoGain}
        change={on => commands.process({ autoGainControl: on })}
      />
      <Switch
        label={text().call.pushToTalk}
        hint={text().call.pushToTalkHint}
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
    label={text().preview.devices[kind]}
    options={[
      { value: '', label: text().preview.systemDevice },
      ...(areNamed(devices) ? devices.map(({ id, label }) => ({ value: id, label })) : []),
    ]}
    value={chosen?.id ?? ''}
    change={id => choose(devices.find(device => device.id === id && id !== '') ?? null)}
  />
)
