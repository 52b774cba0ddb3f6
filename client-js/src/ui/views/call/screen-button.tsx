/** The button that shares a screen, and the options of one that is shared. */
import { useId } from 'preact/hooks'
import type { CallCommands, CallState, OwnScreen, ScreenHint } from '../../../call/state.ts'
import { canShare, share, toggleScreen } from '../../devices.ts'
import { texts } from '../../language.ts'
import { Icon } from '../../parts/icon.tsx'
import { MenuItem, Popover } from '../../parts/popover.tsx'

type Props = { state: CallState; call: CallCommands }

export const ScreenButton = ({ state, call }: Props) => {
  if (!canShare()) return null
  const { screens } = state.own
  const sharing = screens.length > 0
  const label = sharing ? texts().call.screenStop : texts().call.screen
  return (
    <div class="round-pair bar-wide">
      <button
        type="button"
        class={sharing ? 'round round-on' : 'round'}
        aria-keyshortcuts="s"
        title={`${label} (s)`}
        onClick={() => toggleScreen(state, call)}
      >
        <Icon name={sharing ? 'screen-off' : 'screen'} />
        <span class="sr-only">{label}</span>
      </button>
      {sharing && (
        <Popover label={texts().call.screenMore} icon="open" class="round-more">
          {close => (
            <div class="menu">
              {screens.map((screen, at) => (
                <Hints
                  key={screen.id}
                  screen={screen}
                  number={screens.length > 1 ? at + 1 : null}
                  call={call}
                />
              ))}
              <MenuItem
                icon="screen"
                label={texts().call.shareAnother}
                press={() => {
                  close()
                  share(call)
                }}
              />
            </div>
          )}
        </Popover>
      )}
    </div>
  )
}

const hints: readonly ScreenHint[] = ['text', 'motion']

type HintsProps = { screen: OwnScreen; number: number | null; call: CallCommands }

const Hints = ({ screen, number, call }: HintsProps) => {
  const name = useId()
  return (
    <fieldset class="options">
      <legend>
        {number !== null && `${texts().call.ownScreen} ${number} – `}
        {texts().call.hintTitle}
      </legend>
      {hints.map(hint => (
        <label class="option" key={hint}>
          <input
            type="radio"
            name={name}
            checked={screen.hint === hint}
            onChange={() => call.setHint(screen.id, hint)}
          />
          <span>{texts().call.hints[hint]}</span>
        </label>
      ))}
    </fieldset>
  )
}
