/** Two small windows: the list of keys, and the question before somebody leaves with something to lose. */
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Switch } from '../parts/choice.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { leaveGuard } from '../selectors.ts'
import { shortcuts } from '../shortcuts.ts'

type DialogProps = { model: Model; commands: Commands; close: () => void }

export const ShortcutsDialog = ({ model, commands, close }: DialogProps) => (
  <Dialog title={texts().call.shortcutsTitle} close={close}>
    <ShortcutList model={model} commands={commands} />
  </Dialog>
)

export const ShortcutList = ({ model, commands }: Omit<DialogProps, 'close'>) => (
  <div class="keys">
    <Switch
      label={texts().settings.shortcuts}
      hint={texts().settings.shortcutsHint}
      on={model.settings.value.shortcuts}
      change={on => commands.choose({ shortcuts: on })}
    />
    <dl>
      {shortcuts.map(({ key, wish }) => (
        <div key={wish} class="keys-row">
          <dt>{texts().call.shortcuts[wish]}</dt>
          <dd>
            <kbd>{key === ' ' ? texts().call.space : key}</kbd>
          </dd>
        </div>
      ))}
    </dl>
    <p class="field-hint">{texts().call.shortcutsHint}</p>
  </div>
)

type Props = { model: Model; commands: Commands; close: () => void }

export const LeaveDialog = ({ model, commands, close }: Props) => {
  const view = model.view.value
  // Somebody who has gone back is asked in any case: it may have been a swipe.
  const stake = view.kind === 'room' ? leaveGuard(view.state, model.files.value) : null
  const words = texts().room.leaveAsk[stake ?? 'nothing']
  return (
    <Dialog title={words.title} close={close}>
      <p>{words.lead}</p>
      <div class="dialog-choice">
        <button type="button" class="button" onClick={close}>
          {texts().room.stay}
        </button>
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            close()
            commands.leave()
          }}
        >
          {words.yes}
        </button>
      </div>
    </Dialog>
  )
}
