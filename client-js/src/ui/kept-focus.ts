/** Owns where the focus goes when what had it is no longer drawn: else it would be at the top of the page. */
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

const isLost = (): boolean => document.activeElement === document.body

/** To the first of `next` within the same place. */
export const useKeptFocus = (within: RefObject<HTMLElement | null>, next: string): void => {
  // Drawing has not begun yet: this is where the focus was.
  const had = within.current?.contains(document.activeElement)
  useLayoutEffect(() => {
    if (had && isLost()) within.current?.querySelector<HTMLElement>(next)?.focus()
  })
}

/** For whoever leaves a call: to where it is entered again, or to the name of a room that has ended. */
export const useFocusAfterCall = (inCall: boolean): RefObject<HTMLButtonElement | null> => {
  const entrance = useRef<HTMLButtonElement>(null)
  const was = useRef(inCall)
  useLayoutEffect(() => {
    const left = was.current && !inCall
    was.current = inCall
    if (left && isLost()) (entrance.current ?? document.querySelector('h1'))?.focus()
  }, [inCall])
  return entrance
}
