/**
 * Live media: a stream's picture, always without its sound, which the call plays by itself, and the bar that moves with
 * one's own voice.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { listen, SilenceWatch } from '../../call/level.ts'
import { texts } from '../language.ts'

type Drawing = Pick<
  HTMLVideoElement,
  'readyState' | 'videoWidth' | 'addEventListener' | 'removeEventListener'
>

/** With any of them the first frame may have come, or the last one may have gone. */
const frameEvents = ['loadeddata', 'canplay', 'playing', 'resize', 'timeupdate', 'emptied'] as const
/** `HAVE_CURRENT_DATA`, in the HTML standard: there is a frame to draw. */
const hasFrame = 2

/** Tells whether an element has a frame to draw, now and whenever that changes, until the function given back is called. */
export const watchFrames = (video: Drawing, told: (drawn: boolean) => void): (() => void) => {
  let last: boolean | null = null
  const look = (): void => {
    // An element that plays a stream's sound alone has data too, and no width.
    const drawn = video.readyState >= hasFrame && video.videoWidth > 0
    if (drawn === last) return
    last = drawn
    told(drawn)
  }
  look()
  for (const event of frameEvents) video.addEventListener(event, look)
  return () => {
    for (const event of frameEvents) video.removeEventListener(event, look)
  }
}

type Props = {
  stream: MediaStream
  label: string
  mirrored?: boolean
  whole?: boolean
  /** Told whether there is a frame to see. */
  drawn?: (drawn: boolean) => void
}

/**
 * `mirrored`: as oneself in a mirror, unless the camera looks away from oneself. `whole`: nothing is cut off, as of a
 * screen.
 */
export const Video = ({ stream, label, mirrored, whole, drawn }: Props) => {
  const video = useRef<HTMLVideoElement>(null)
  useLayoutEffect(() => {
    const element = video.current
    if (!element) return
    element.srcObject = stream
    const stop = drawn && watchFrames(element, drawn)
    // The attribute alone does not mute an element that was made by a script.
    element.muted = true
    // Refused while the page is hidden, say; the element tries again by itself.
    element.play().catch(() => undefined)
    return () => {
      stop?.()
      element.srcObject = null
    }
  }, [stream])
  const kind = `video${mirrored && !looksAway(stream) ? ' video-mirrored' : ''}${whole ? ' video-whole' : ''}`
  return <video ref={video} class={kind} aria-label={label} autoplay playsInline muted />
}

const looksAway = (stream: MediaStream): boolean =>
  stream.getVideoTracks()[0]?.getSettings().facingMode === 'environment'

/** Falls slower than it rises, so that a word is seen. */
const fall = 0.06

export const Level = ({ track }: { track: MediaStreamTrack }) => {
  const bar = useRef<HTMLDivElement>(null)
  const [silent, setSilent] = useState(false)
  useEffect(() => {
    const level = listen(track)
    const watch = new SilenceWatch()
    let shown = 0
    let frame = 0
    const draw = (now: number): void => {
      const heard = level?.listens() ? level.read() : null
      shown = Math.max(heard ?? 0, shown - fall, 0)
      bar.current?.style.setProperty('--level', shown.toFixed(3))
      if (heard !== null) setSilent(watch.isSilent(heard, now))
      frame = requestAnimationFrame(draw)
    }
    frame = requestAnimationFrame(draw)
    return () => {
      cancelAnimationFrame(frame)
      level?.close()
    }
  }, [track])
  return (
    <div class="level-place">
      <div class="level" ref={bar} aria-hidden="true" />
      <p class={silent ? 'level-words level-silent' : 'level-words'} role="status">
        {silent ? texts().preview.silent : texts().preview.speak}
      </p>
    </div>
  )
}
