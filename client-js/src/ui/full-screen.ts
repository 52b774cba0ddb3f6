/** Owns one part of the page filling the screen, and noticing that nobody has stirred there for a while. */
import { useEffect, useState } from 'preact/hooks'

export type FullScreen = { readonly on: boolean; readonly can: boolean; readonly toggle: () => void }

/** The whole room: a call without its panels is half of one. */
export const toggleFullScreen = (): void => {
  const done = document.fullscreenElement
    ? document.exitFullscreen()
    : document.querySelector('.room')?.requestFullscreen()
  // A browser may refuse; then nothing changes, which is seen.
  done?.catch(() => undefined)
}

export const useFullScreen = (): FullScreen => {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const changed = (): void => setOn(document.fullscreenElement?.matches('.room') ?? false)
    document.addEventListener('fullscreenchange', changed)
    return () => document.removeEventListener('fullscreenchange', changed)
  }, [])
  return { on, can: document.fullscreenEnabled, toggle: toggleFullScreen }
}

const idleMs = 3_000

/** True while nothing has been moved, pressed or touched for a few seconds; any of these ends it. */
export const useIdle = (watched: boolean): boolean => {
  const [idle, setIdle] = useState(false)
  useEffect(() => {
    if (!watched) return
    let timer: ReturnType<typeof setTimeout>
    const stirred = (): void => {
      setIdle(false)
      clearTimeout(timer)
      timer = setTimeout(() => setIdle(true), idleMs)
    }
    stirred()
    const signs = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const
    for (const sign of signs) addEventListener(sign, stirred)
    return () => {
      clearTimeout(timer)
      setIdle(false)
      for (const sign of signs) removeEventListener(sign, stirred)
    }
  }, [watched])
  return idle
}
