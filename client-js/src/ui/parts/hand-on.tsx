/** Owns the further ways to hand an invitation on: to another app of the system, and to a camera. */
import { useState } from 'preact/hooks'
import type { Commands } from '../model.ts'
import { text } from '../text.ts'
import { Icon, type IconName } from './icon.tsx'
import { later } from './later.tsx'

const QrDialog = later(() => import('../views/qr.tsx').then(({ QrDialog }) => QrDialog))

type Props = {
  commands: Commands
  link: string
  room: string
  /** Whether the link includes a password. */
  locked: boolean
  /** Drawings alone, where there is little room. */
  small?: boolean
}

export const HandOn = ({ commands, link, room, locked, small = false }: Props) => {
  const [open, setOpen] = useState(false)
  const { share } = commands
  return (
    <div class="hand-on">
      {share && (
        <Way
          icon="share"
          label={text().room.share}
          small={small}
          go={() => void share({ title: text().titleIn(room), url: link })}
        />
      )}
      <Way icon="qr" label={text().room.qrShow} small={small} opens go={() => setOpen(true)} />
      {open && <QrDialog link={link} locked={locked} close={() => setOpen(false)} />}
    </div>
  )
}

type WayProps = { icon: IconName; label: string; small: boolean; opens?: boolean; go: () => void }

const Way = ({ icon, label, small, opens, go }: WayProps) => (
  <button
    type="button"
    class={small ? 'button button-icon' : 'button'}
    title={small ? label : undefined}
    aria-haspopup={opens ? 'dialog' : undefined}
    onClick={go}
  >
    <Icon name={icon} />
    <span class={small ? 'sr-only' : undefined}>{label}</span>
  </button>
)
