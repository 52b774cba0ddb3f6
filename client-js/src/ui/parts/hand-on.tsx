/** Owns the further ways to hand an invitation on: to another app of the system, and to a camera. */
import { useState } from 'preact/hooks'
import type { Commands } from '../model.ts'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'
import { later } from './later.tsx'

const QrDialog = later(() => import('../views/qr.tsx').then(({ QrDialog }) => QrDialog))

export const HandOn = ({ commands, link, room }: { commands: Commands; link: string; room: string }) => {
  const [open, setOpen] = useState(false)
  const { share } = commands
  return (
    <div class="hand-on">
      {share && (
        <button
          type="button"
          class="button"
          onClick={() => void share({ title: text.titleIn(room), url: link })}
        >
          <Icon name="share" />
          {text.room.share}
        </button>
      )}
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="qr" />
        {text.room.qrShow}
      </button>
      {open && <QrDialog link={link} close={() => setOpen(false)} />}
    </div>
  )
}
