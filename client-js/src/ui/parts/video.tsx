/** Owns pictures that move: one stream in one element, always without its sound, which the call plays by itself. */
import { useLayoutEffect, useRef } from 'preact/hooks'

type Props = { stream: MediaStream; label: string; mirrored?: boolean; whole?: boolean }

/** `mirrored`: as oneself in a mirror, unless the camera looks away from oneself. `whole`: nothing is cut off, as of a screen. */
export const Video = ({ stream, label, mirrored, whole }: Props) => {
  const video = useRef<HTMLVideoElement>(null)
  useLayoutEffect(() => {
    const element = video.current
    if (!element) return
    element.srcObject = stream
    // The attribute alone does not mute an element that was made by a script.
    element.muted = true
    // Refused while the page is hidden, say; the element tries again by itself.
    element.play().catch(() => undefined)
    return () => {
      element.srcObject = null
    }
  }, [stream])
  const kind = `video${mirrored && !looksAway(stream) ? ' video-mirrored' : ''}${whole ? ' video-whole' : ''}`
  return <video ref={video} class={kind} aria-label={label} autoplay playsInline muted />
}

const looksAway = (stream: MediaStream): boolean =>
  stream.getVideoTracks()[0]?.getSettings().facingMode === 'environment'
