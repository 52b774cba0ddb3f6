/** Owns the button that opens the settings, wherever it stands. */
import type { Model } from '../model.ts'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'

/** `named`: with its name for eyes, too. */
export const SettingsButton = ({ model, named }: { model: Model; named?: boolean }) => (
  <button
    type="button"
    class={named ? 'button button-wide' : 'button button-icon settings-button'}
    aria-haspopup="dialog"
    title={text().settings.title}
    onClick={() => {
      model.dialog.value = 'settings'
    }}
  >
    <Icon name="settings" />
    <span class={named ? '' : 'sr-only'}>{text().settings.title}</span>
  </button>
)
