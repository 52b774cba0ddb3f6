/** Owns the question that a host is asked before the others lose the room. */
import type { Commands, Model } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { text } from '../text.ts'

type Props = { model: Model; commands: Commands; close: () => void }

export const EndDialog = ({ commands, close }: Props) => (
  <Dialog title={text.room.endTitle} close={close}>
    <p>{text.room.endLead}</p>
    <div class="dialog-choice">
      <button type="button" class="button" onClick={close}>
        {text.room.stay}
      </button>
      <button
        type="button"
        class="button button-danger"
        onClick={() => {
          close()
          commands.leave()
        }}
      >
        {text.room.endIt}
      </button>
    </div>
  </Dialog>
)
