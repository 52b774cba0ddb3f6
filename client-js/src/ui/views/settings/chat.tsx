/**
 * The settings of the conversation: how one is told of a message, what others see, and what is shared with newcomers.
 */
import { useState } from 'preact/hooks'
import { texts } from '../../language.ts'
import { Switch } from '../../parts/choice.tsx'
import type { SettingsProps } from './settings.tsx'

export const ChatSettings = ({ model, commands }: SettingsProps) => {
  const { notifications, sound, typing, handOver } = model.settings.value
  const [refused, setRefused] = useState(false)
  const wantNotifications = async (on: boolean): Promise<void> => {
    const may = on && (await commands.mayNotify())
    setRefused(on && !may)
    commands.choose({ notifications: may })
  }
  return (
    <>
      <Switch
        label={texts().settings.notifications}
        hint={texts().settings.notificationsHint}
        on={notifications}
        change={on => void wantNotifications(on)}
      />
      <div class="form-trouble" role="status">
        {refused && <p>{texts().settings.notificationsRefused}</p>}
      </div>
      <Switch
        label={texts().settings.sound}
        hint={texts().settings.soundHint}
        on={sound}
        change={on => {
          commands.choose({ sound: on })
          if (on) commands.chime()
        }}
      />
      <Switch
        label={texts().settings.typing}
        hint={texts().settings.typingHint}
        on={typing}
        change={on => commands.choose({ typing: on })}
      />
      <Switch
        label={texts().settings.handOver}
        hint={texts().settings.handOverHint}
        on={handOver}
        change={on => commands.choose({ handOver: on })}
      />
    </>
  )
}
