/** Owns the button that opens the settings, wherever it stands. */
import { useState } from 'preact/hooks'
import type { Commands, Model } from '../model.ts'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'
import { later } from './later.tsx'

const SettingsDialog = later(() =>
  import('../views/settings.tsx').then(({ SettingsDialog }) => SettingsDialog),
)

export const SettingsButton = ({ model, commands }: { model: Model; commands: Commands }) => {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="button button-icon" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="settings" />
        <span class="sr-only">{text.settings.title}</span>
      </button>
      {open && <SettingsDialog model={model} commands={commands} close={() => setOpen(false)} />}
    </>
  )
}
