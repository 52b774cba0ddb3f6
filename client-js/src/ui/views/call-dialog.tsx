/** Owns the last look into the mirror before a call that one enters from within the room. */
import { useId } from 'preact/hooks'
import { joinsWith } from '../joins.ts'
import type { Commands, Model } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { text } from '../text.ts'
import { PreviewView } from './preview.tsx'

type Props = { model: Model; commands: Commands; close: () => void }

export const CallDialog = ({ model, commands, close }: Props) => {
  const id = useId()
  const how = joinsWith(model.preview.value)
  const running = (model.call.value?.participants.length ?? 0) > 0
  const enter = (): void => {
    commands.enterCall()
    close()
  }
  return (
    <Dialog
      title={running ? text().call.joinTitle : text().call.startTitle}
      close={close}
      focus=".preview button"
    >
      <PreviewView model={model} commands={commands} />
      <button type="button" class="button button-strong button-wide" aria-describedby={id} onClick={enter}>
        {running ? text().call.join : text().call.start}
      </button>
      <p id={id} class="prejoin-how" role="status">
        {how === 'neither' ? text().preview.entersWithout : text().preview.joins[how]}
      </p>
    </Dialog>
  )
}
