/** Owns a picture, a film or a sound inside the conversation: shown when somebody asks for it, and let go with it. */
import { useEffect, useState } from 'preact/hooks'
import { type MediaKind, mediaKind } from '../media.ts'
import { text } from '../text.ts'

type Props = {
  name: string
  /** As its sender calls it, or empty. */
  type: string
  size: number
  /** Null where it is not to be had any more. */
  load: () => Blob | null
}

export const Media = ({ name, type, size, load }: Props) => {
  const kind = mediaKind(name, type, size)
  const [address, setAddress] = useState<string | null>(null)
  const [failed, setFailed] = useState(false)
  useEffect(
    () => () => {
      if (address !== null) URL.revokeObjectURL(address)
    },
    [address],
  )
  if (kind === null) return null
  const show = (): void => {
    const blob = load()
    setFailed(!blob)
    if (blob) setAddress(URL.createObjectURL(blob))
  }
  const fail = (): void => {
    setAddress(null)
    setFailed(true)
  }
  return (
    <div class="media">
      <button
        type="button"
        class="button button-small"
        aria-expanded={address !== null}
        onClick={address === null ? show : () => setAddress(null)}
      >
        {address === null ? text().media.show : text().media.hide}
        <span class="sr-only"> {name}</span>
      </button>
      <p class="media-failed" role="status">
        {failed && text().media.failed}
      </p>
      {address !== null && <Shown kind={kind} name={name} address={address} fail={fail} />}
    </div>
  )
}

type ShownProps = { kind: MediaKind; name: string; address: string; fail: () => void }

const Shown = ({ kind, name, address, fail }: ShownProps) => {
  switch (kind) {
    case 'image':
      return <img class="media-shown" src={address} alt={name} onError={fail} />
    case 'video':
      return (
        // biome-ignore lint/a11y/useMediaCaption: whoever sends a film sends no captions with it
        <video class="media-shown" src={address} aria-label={name} controls playsInline onError={fail} />
      )
    case 'audio':
      // biome-ignore lint/a11y/useMediaCaption: see above
      return <audio class="media-shown" src={address} aria-label={name} controls onError={fail} />
  }
}
