/** The invitation as a QR code. It is dark on light in both themes, since not every camera reads it otherwise. */
import { useMemo } from 'preact/hooks'
import encodeQR from 'qr'
import { texts } from '../language.ts'
import { Dialog } from '../parts/dialog.tsx'

/** What the standard asks for around it. */
const quiet = 4

type Props = {
  link: string
  /** Whether the link includes a password. */
  locked: boolean
  close: () => void
}

export const QrDialog = ({ link, locked, close }: Props) => {
  const { path, size } = useMemo(() => drawn(link), [link])
  return (
    <Dialog title={texts().room.qr} close={close}>
      <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={texts().room.qr}>
        <rect class="qr-ground" width={size} height={size} />
        <path class="qr-ink" d={path} />
      </svg>
      <p>{locked ? texts().room.qrLead : texts().room.qrLeadOpen}</p>
    </Dialog>
  )
}

const drawn = (link: string): { path: string; size: number } => {
  const rows = encodeQR(link, 'raw', { border: quiet, ecc: 'medium' })
  const path = rows
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('')
  return { path, size: rows.length }
}
