/** Owns the bar that moves with one's own voice, and the word that it does not move at all. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { listen, SilenceWatch } from '../../call/level.ts'
import { text } from '../text.ts'

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
        {silent ? text().preview.silent : text().preview.speak}
      </p>
    </div>
  )
}
