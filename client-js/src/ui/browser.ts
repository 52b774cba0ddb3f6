/**
 * What the interface asks of this browser and its window: which browser it seems to be, touch, visibility, the keyboard
 * on the screen, full screen, and how long something has lasted.
 */
import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'

/** Fingers do the pointing: then there is no hovering, and a keyboard comes up with every field. */
export const isTouch = (): boolean => matchMedia('(hover: none) and (pointer: coarse)').matches

/** For texts about where a browser has its settings, and for nothing else. */
export type Browser = 'chromium' | 'firefox' | 'safari' | 'safari-phone' | 'android' | 'other'

/** Every browser on an iPhone or iPad is Safari underneath; an iPad calls itself a Mac, but has fingers. */
export const browserOf = (agent: string, touchPoints: number): Browser => {
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touchPoints > 1)) return 'safari-phone'
  if (/Firefox\//.test(agent)) return 'firefox'
  if (/Android/.test(agent) && /Chrome\//.test(agent)) return 'android'
  if (/Chrome\/|Chromium\//.test(agent)) return 'chromium'
  if (/Safari\//.test(agent)) return 'safari'
  return 'other'
}

export const browser = (): Browser => browserOf(navigator.userAgent, navigator.maxTouchPoints)

/** Shown inside another site's page, which decides what we may use. */
export const isFramed = (): boolean => window.parent !== window

/**
 * Keeps what is at the bottom of the page above a keyboard that stands on the screen. Where the browser shrinks the page
 * by itself, heights are the same and nothing is set.
 */
export const followKeyboard = (): void => {
  const seen = window.visualViewport
  if (!seen) return
  const root = document.documentElement
  const follow = (): void => {
    // Zoomed in by hand, one sees a part of the page as it is.
    const covered = seen.scale === 1 && innerHeight - seen.height > 1
    if (covered) root.style.setProperty('--view-height', `${Math.round(seen.height)}px`)
    else root.style.removeProperty('--view-height')
    // Safari moves the page up to show the field, which is in sight already.
    if (covered && seen.offsetTop > 0) scrollTo(0, 0)
  }
  seen.addEventListener('resize', follow)
}

/** The part of the window that no keyboard covers, as the places of what is fixed are counted. */
export const inSight = (): { top: number; bottom: number; left: number; right: number } => {
  const seen = window.visualViewport
  // As above: zoomed in by hand, one sees a part of the page as it is.
  if (seen?.scale !== 1) return { top: 0, bottom: innerHeight, left: 0, right: innerWidth }
  const { offsetTop: top, offsetLeft: left, width, height } = seen
  return { top, bottom: top + height, left, right: left + width }
}

/** Called whenever that part may have changed, until the function given back is called. */
export const onSightChanged = (changed: () => void): (() => void) => {
  const seen = window.visualViewport
  addEventListener('resize', changed)
  seen?.addEventListener('resize', changed)
  seen?.addEventListener('scroll', changed)
  return () => {
    removeEventListener('resize', changed)
    seen?.removeEventListener('resize', changed)
    seen?.removeEventListener('scroll', changed)
  }
}

/** Whether anybody looks at the page, as far as a page can know. */
export const visible = signal(true)

export const followVisibility = (): void => {
  const follow = (): void => {
    visible.value = document.visibilityState === 'visible'
  }
  follow()
  document.addEventListener('visibilitychange', follow)
}

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

/** Whether something has been so for a while. It no longer is as soon as it ends. */
export const useLasting = (on: boolean, ms: number): boolean => {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!on) return
    const timer = setTimeout(() => setLasting(true), ms)
    return () => {
      clearTimeout(timer)
      setLasting(false)
    }
  }, [on, ms])
  return on && lasting
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
