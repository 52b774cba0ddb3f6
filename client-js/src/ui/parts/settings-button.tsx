/** Owns the button that opens the settings, wherever it stands. */
import type { Model } from '../model.ts'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'

export const SettingsButton = ({ model }: { model: Model }) => (
  <button
    type="button"
    class="button button-icon"
    aria-haspopup="dialog"
    title={text.settings.title}
    onClick={() => {
      model.dialog.value = 'settings'
    }}
  >
    <Icon name="settings" />
    <span class="sr-only">{text.settings.title}</span>
  </button>
)
