/**
 * The ways to invite somebody: a button that copies the room's link, the system's own sheet for sharing, and a QR code.
 */
import { useEffect, useId, useState } from 'preact/hooks'
import { texts } from '../language.ts'
import type { Commands } from '../model.ts'
import { Icon, type IconName } from './icon.tsx'
import { lazyDialog } from './wrappers.tsx'

const backMs = 2_500

export const CopyLink = ({
  commands,
  link,
  shown,
  small,
}: {
  commands: Commands
  link: string
  shown?: boolean
  small?: boolean
}) => {
  const id = useId()
  const [result, setResult] = useState<'copied' | 'failed' | null>(null)
  useEffect(() => {
    if (result !== 'copied') return
    const timer = setTimeout(() => setResult(null), backMs)
    return () => clearTimeout(timer)
  }, [result])
  const copy = async (): Promise<void> => setResult((await commands.copy(link)) ? 'copied' : 'failed')
  return (
    <div class="copy">
      {(shown || result === 'failed') && (
        <>
          <label class="sr-only" for={id}>
            {texts().room.link}
          </label>
          <input
            id={id}
            class="copy-link"
            dir="ltr"
            type="text"
            readOnly
            value={link}
            onFocus={event => event.currentTarget.select()}
          />
        </>
      )}
      <button
        type="button"
        class={small ? 'button button-small' : shown ? 'button button-strong' : 'button button-wide'}
        onClick={() => void copy()}
      >
        <Icon name="copy" />
        {/* Both words lie in one place, so that the button is as wide with either. */}
        <span class="copy-words">
          <span class={result === 'copied' ? 'copy-unsaid' : undefined}>{texts().room.invite}</span>
          <span class={result === 'copied' ? undefined : 'copy-unsaid'}>{texts().room.copied}</span>
        </span>
      </button>
      {/* What only screen readers hear takes no place; what went wrong is shown. */}
      <p class={result === 'failed' ? 'copy-result' : 'sr-only'} role="status">
        {result === 'failed' && texts().room.copyFailed}
        {result === 'copied' && texts().room.copied}
      </p>
    </div>
  )
}

const QrDialog = lazyDialog(() => import('../views/qr.tsx').then(({ QrDialog }) => QrDialog))

type Props = {
  commands: Commands
  link: string
  room: string
  /** Whether the link includes a password. */
  locked: boolean
  /** Drawings alone, where there is little room. */
  small?: boolean
}

export const ShareButtons = ({ commands, link, room, locked, small = false }: Props) => {
  const [open, setOpen] = useState(false)
  const { share } = commands
  return (
    <>
      <div class="hand-on">
        {share && (
          <ShareButton
            icon="share"
            label={texts().room.share}
            small={small}
            go={() => void share({ title: texts().titleIn(room), url: link })}
          />
        )}
        <ShareButton icon="qr" label={texts().room.qrShow} small={small} opens go={() => setOpen(true)} />
      </div>
      {open && <QrDialog link={link} locked={locked} close={() => setOpen(false)} />}
    </>
  )
}

type ShareButtonProps = { icon: IconName; label: string; small: boolean; opens?: boolean; go: () => void }

const ShareButton = ({ icon, label, small, opens, go }: ShareButtonProps) => (
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
