/** Owns the settings of the conversation: what tells of a message, what others see of us, what we hand over. */
import { useState } from 'preact/hooks'
import { Switch } from '../../parts/choice.tsx'
import { text } from '../../text.ts'
import type { SettingsProps } from '../settings.tsx'

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
        label={text().settings.notifications}
        hint={text().settings.notificationsHint}
        on={notifications}
        change={on => void wantNotifications(on)}
      />
      <div class="form-trouble" role="status">
        {refused && <p>{text().settings.notificationsRefused}</p>}
      </div>
      <Switch
        label={text().settings.sound}
        hint={text().settings.soundHint}
        on={sound}
        change={on => {
          commands.choose({ sound: on })
          if (on) commands.chime()
        }}
      />
      <Switch
        label={text().settings.typing}
        hint={text().settings.typingHint}
        on={typing}
        change={on => commands.choose({ typing: on })}
      />
      <Switch
        label={text().settings.handOver}
        hint={text().settings.handOverHint}
        on={handOver}
        change={on => commands.choose({ handOver: on })}
      />
    </>
  )
}
