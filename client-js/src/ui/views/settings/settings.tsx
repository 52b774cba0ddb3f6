/**
 * The settings: their pages in order, and the page about the app as a whole. Every other page is a file in this folder.
 */
import { useState } from 'preact/hooks'
import { themes } from '../../../app/settings.ts'
import { texts } from '../../language.ts'
import type { Commands, Model } from '../../model.ts'
import { Select } from '../../parts/choice.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { type Tab, Tabs } from '../../parts/tabs.tsx'
import { isLanguage, languages } from '../../texts/languages.ts'
import { ShortcutList } from '../small-dialogs.tsx'
import { ChatSettings } from './chat.tsx'
import { ConnectionSettings } from './connection.tsx'
import { MediaSettings } from './media.tsx'

export type SettingsProps = { model: Model; commands: Commands }

export const SettingsDialog = ({ model, commands, close }: SettingsProps & { close: () => void }) => {
  const props = { model, commands }
  const tabs: readonly Tab[] = [
    { key: 'general', title: texts().settings.general, body: () => <GeneralSettings {...props} /> },
    { key: 'media', title: texts().settings.media, body: () => <MediaSettings {...props} /> },
    { key: 'chat', title: texts().settings.chat, body: () => <ChatSettings {...props} /> },
    { key: 'connection', title: texts().settings.connection, body: () => <ConnectionSettings {...props} /> },
    { key: 'keys', title: texts().settings.keyboard, body: () => <ShortcutList {...props} /> },
  ]
  return (
    <Dialog title={texts().settings.title} close={close} wide>
      <Tabs label={texts().settings.title} tabs={tabs} />
    </Dialog>
  )
}

export const GeneralSettings = ({ model, commands }: SettingsProps) => {
  const { theme, language } = model.settings.value
  const spoken = Object.entries(languages).map(([value, { name, tag }]) => ({
    value,
    label: name,
    lang: tag,
  }))
  return (
    <>
      <Select
        label={texts().settings.theme}
        options={themes.map(value => ({ value, label: texts().settings.themes[value] }))}
        value={theme}
        change={chosen => commands.choose({ theme: chosen })}
      />
      <Select
        label={texts().settings.language}
        options={[{ value: '', label: texts().settings.automatic }, ...spoken]}
        value={isLanguage(language) ? language : ''}
        change={chosen => commands.choose({ language: chosen })}
      />
      {model.installable.value && (
        <div class="field settings-reset">
          <button type="button" class="button" onClick={commands.install}>
            {texts().settings.install}
          </button>
          <p class="field-hint">{texts().settings.installHint}</p>
        </div>
      )}
      <Reset forget={commands.forgetChoices} />
    </>
  )
}

/** Asked twice, since it takes servers and devices with it. */
const Reset = ({ forget }: { forget: () => void }) => {
  const [stage, setStage] = useState<'idle' | 'asked' | 'done'>('idle')
  const press = (): void => {
    if (stage === 'asked') forget()
    setStage(stage === 'asked' ? 'done' : 'asked')
  }
  return (
    <div class="field settings-reset">
      <button type="button" class="button" onClick={press}>
        {stage === 'asked' ? texts().settings.resetSure : texts().settings.reset}
      </button>
      <p class="field-hint" role="status">
        {stage === 'done' ? texts().settings.resetDone : texts().settings.resetHint}
      </p>
    </div>
  )
}
