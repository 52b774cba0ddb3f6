/**
 * A picture, a film or a sound inside the conversation. A picture that is here is shown at once, unless it is large; the
 * others are shown when somebody asks for it. The name or the sender's word only chooses the element; what the element
 * cannot show, it says.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { texts } from '../language.ts'

export type MediaKind = 'image' | 'video' | 'audio'

/** Drawings in SVG are left out: they are documents more than pictures. */
const endings: Readonly<Record<string, MediaKind>> = {
  png: 'image',
  jpg: 'image',
  jpeg: 'image',
  gif: 'image',
  webp: 'image',
  avif: 'image',
  bmp: 'image',
  mp4: 'video',
  m4v: 'video',
  webm: 'video',
  mov: 'video',
  ogv: 'video',
  mp3: 'audio',
  m4a: 'audio',
  aac: 'audio',
  ogg: 'audio',
  oga: 'audio',
  opus: 'audio',
  wav: 'audio',
  flac: 'audio',
}

const types = /^(image|video|audio)\/(?!svg)[\w.+-]+$/i

/** Pictures are decoded whole; films and sounds are read while they play. */
const imageBytesMax = 33_554_432

export const mediaKind = (name: string, type: string, bytes: number): MediaKind | null => {
  const kind = kindOf(name, type)
  return kind === 'image' && bytes > imageBytesMax ? null : kind
}

/** Of any photo of a phone. A larger one costs more memory than a glance is worth. */
const atOnceBytesMax = 12_000_000

/** Whether it is shown without being asked for, where it is here. */
export const isShownAtOnce = (name: string, type: string, bytes: number): boolean =>
  bytes > 0 && bytes <= atOnceBytesMax && mediaKind(name, type, bytes) === 'image'

const kindOf = (name: string, type: string): MediaKind | null => {
  const said = types.exec(type)?.[1]?.toLowerCase()
  if (said === 'image' || said === 'video' || said === 'audio') return said
  const ending = /\.([a-z0-9]{2,5})$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(endings, ending) ? (endings[ending] ?? null) : null
}

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
  /** Whoever has not asked for it is not told that it is no picture after all. */
  const asked = useRef(false)
  const show = (): void => {
    const blob = load()
    setFailed(!blob && asked.current)
    if (blob) setAddress(URL.createObjectURL(blob))
  }
  useLayoutEffect(() => {
    if (isShownAtOnce(name, type, size)) show()
  }, [])
  if (kind === null) return null
  const ask = (): void => {
    asked.current = true
    show()
  }
  const fail = (): void => {
    setAddress(null)
    setFailed(asked.current)
  }
  return (
    <div class="media">
      <button
        type="button"
        class="button button-small"
        aria-expanded={address !== null}
        onClick={address === null ? ask : () => setAddress(null)}
      >
        {address === null ? texts().media.show : texts().media.hide}
        <span class="sr-only"> {name}</span>
      </button>
      <p class="media-failed" role="status">
        {failed && texts().media.failed}
      </p>
      {address !== null && <Shown kind={kind} name={name} address={address} fail={fail} />}
    </div>
  )
}

type ShownProps = { kind: MediaKind; name: string; address: string; fail: () => void }

const Shown = ({ kind, name, address, fail }: ShownProps) => {
  switch (kind) {
    case 'image':
      return <img class="media-shown" src={address} alt={name} decoding="async" onError={fail} />
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
