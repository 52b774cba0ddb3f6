/** Owns the list of keys. */
import type { Commands, Model } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { shortcuts } from '../shortcuts.ts'
import { text } from '../text.ts'

type DialogProps = { model: Model; commands: Commands; close: () => void }

export const ShortcutsDialog = ({ close }: DialogProps) => (
  <Dialog title={text().call.shortcutsTitle} close={close}>
    <ShortcutList />
  </Dialog>
)

export const ShortcutList = () => (
  <div class="keys">
    <dl>
      {shortcuts.map(({ key, wish }) => (
        <div key={wish} class="keys-row">
          <dt>{text().call.shortcuts[wish]}</dt>
          <dd>
            <kbd>{key === ' ' ? text().call.space : key}</kbd>
          </dd>
        </div>
      ))}
    </dl>
    <p class="field-hint">{text().call.shortcutsHint}</p>
  </div>
)
