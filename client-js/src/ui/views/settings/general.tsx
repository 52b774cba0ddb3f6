/** Owns the settings of the page as a whole: theme, language, and forgetting everything. */
import { useState } from 'preact/hooks'
import { themes } from '../../../settings.ts'
import { Select } from '../../parts/choice.tsx'
import { text } from '../../text.ts'
import { isLanguage, languages } from '../../texts/languages.ts'
import type { SettingsProps } from '../settings.tsx'

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
        label={text().settings.theme}
        options={themes.map(value => ({ value, label: text().settings.themes[value] }))}
        value={theme}
        change={chosen => commands.choose({ theme: chosen })}
      />
      <Select
        label={text().settings.language}
        options={[{ value: '', label: text().settings.automatic }, ...spoken]}
        value={isLanguage(language) ? language : ''}
        change={chosen => commands.choose({ language: chosen })}
      />
      {model.installable.value && (
        <div class="field settings-reset">
          <button type="button" class="button" onClick={commands.install}>
            {text().settings.install}
          </button>
          <p class="field-hint">{text().settings.installHint}</p>
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
        {stage === 'asked' ? text().settings.resetSure : text().settings.reset}
      </button>
      <p class="field-hint" role="status">
        {stage === 'done' ? text().settings.resetDone : text().settings.resetHint}
      </p>
    </div>
  )
}
