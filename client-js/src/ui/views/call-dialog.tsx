/** The last look at the preview before somebody enters a call from within the room. */
import { useId } from 'preact/hooks'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { entryWord, isAsking, joinMode } from '../selectors.ts'
import { PreviewView } from './preview.tsx'

type Props = { model: Model; commands: Commands; close: () => void }

export const CallDialog = ({ model, commands, close }: Props) => {
  const id = useId()
  const how = joinMode(model.preview.value)
  /** Then the strong button is the one that allows microphone and camera. */
  const asking = isAsking(model.preview.value)
  const running = (model.call.value?.participants.length ?? 0) > 0
  const enter = (): void => {
    commands.enterCall()
    close()
  }
  return (
    <Dialog
      title={running ? texts().call.joinTitle : texts().call.startTitle}
      close={close}
      focus=".preview button"
    >
      <PreviewView model={model} commands={commands} calling />
      <button
        type="button"
        class={asking ? 'button button-wide' : 'button button-strong button-wide'}
        aria-describedby={id}
        onClick={enter}
      >
        {texts().call[entryWord(model.preview.value, running)]}
      </button>
      <p id={id} class="prejoin-how" role="status">
        {how === 'neither' ? texts().preview.entersWithout : texts().preview.joins[how]}
      </p>
    </Dialog>
  )
}
