/** Owns the question before somebody leaves with something at stake: a room that ends with them, or files on their way. */
import type { Commands, Model } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { atStake } from '../stake.ts'
import { text } from '../text.ts'

type Props = { model: Model; commands: Commands; close: () => void }

export const LeaveDialog = ({ model, commands, close }: Props) => {
  const view = model.view.value
  // Whatever it was is over meanwhile, and there is nothing to ask any more.
  const stake = view.kind === 'room' ? atStake(view.state, model.files.value) : null
  const words = stake === 'room' ? text().room.endAsk : text().room.leaveAsk
  return (
    <Dialog title={words.title} close={close}>
      <p>{words.lead}</p>
      <div class="dialog-choice">
        <button type="button" class="button" onClick={close}>
          {text().room.stay}
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
