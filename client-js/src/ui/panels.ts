/**
 * Which panel stands beside the room (over it as a sheet where there is no room beside it), and where the focus goes
 * when what had it is no longer drawn.
 */
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export type PanelName = 'people' | 'chat'

export type Panels = {
  readonly open: PanelName | null
  /** The open panel covers everything else, which cannot be reached meanwhile. */
  readonly covers: boolean
  /** Somebody asked for it, so it takes the focus. */
  readonly asked: boolean
  readonly toggle: (panel: PanelName) => void
  /** Back to where it was opened from. */
  readonly close: () => void
}

const wideFrom = '(min-width: 53.75rem)'

export const usePanels = (usual: PanelName): Panels => {
  const wide = useMedia(wideFrom)
  const [open, setOpen] = useState<PanelName | null>(wide ? usual : null)
  const [asked, setAsked] = useState(false)
  const from = useRef<Element | null>(null)
  const goesBack = useRef(false)
  // What is beside the room on a wide window would cover a narrow one; and in a call another one is usual.
  useEffect(() => {
    setAsked(false)
    setOpen(wide ? usual : null)
  }, [wide, usual])
  // Only then is what was covered within reach again.
  useLayoutEffect(() => {
    if (open !== null || !goesBack.current) return
    goesBack.current = false
    if (from.current instanceof HTMLElement && from.current.isConnected) from.current.focus()
  }, [open])
  const close = (): void => {
    // It was there by itself: whatever opens it is where one would look for it.
    if (!asked) from.current = document.querySelector(`[aria-controls="${open}"]`)
    goesBack.current = true
    setOpen(null)
  }
  const toggle = (panel: PanelName): void => {
    if (open === panel) return close()
    from.current = document.activeElement
    setAsked(true)
    setOpen(panel)
  }
  return { open, covers: open !== null && !wide, asked, toggle, close }
}

const useMedia = (query: string): boolean => {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const changed = (): void => setMatches(list.matches)
    list.addEventListener('change', changed)
    return () => list.removeEventListener('change', changed)
  }, [query])
  return matches
}

const isLost = (): boolean => document.activeElement === document.body

/** To the first of `next` within the same place. */
export const useKeptFocus = (within: RefObject<HTMLElement | null>, next: string): void => {
  // Drawing has not begun yet: this is where the focus was.
  const had = within.current?.contains(document.activeElement)
  useLayoutEffect(() => {
    if (had && isLost()) within.current?.querySelector<HTMLElement>(next)?.focus()
  })
}

/**
 * In a list whose rows come and go: to the same button of the row that has taken the place of the one that is gone, or of
 * the last one. To the list's heading where no button is left.
 */
export const useFocusInRows = (place: RefObject<HTMLElement | null>, rows: string): void => {
  const rowsNow = (): HTMLElement[] => [...(place.current?.querySelectorAll<HTMLElement>(rows) ?? [])]
  const before = rowsNow()
  const row = before.findIndex(it => it.contains(document.activeElement))
  const button = row < 0 ? -1 : buttonsIn(before[row]).indexOf(document.activeElement)
  useLayoutEffect(() => {
    if (row < 0 || !isLost()) return
    const after = rowsNow()
    const buttons = buttonsIn(after[Math.min(row, after.length - 1)])
    const next = buttons[button] ?? buttons[0]
    if (next instanceof HTMLElement) next.focus()
    else focusHeading(place)
  })
}

/** After a question about somebody in the list, who may be gone from it with all that was asked from. */
export const useFocusAfterQuestion = (place: RefObject<HTMLElement | null>, asked: boolean): void => {
  const was = useRef(asked)
  useLayoutEffect(() => {
    const closed = was.current && !asked
    was.current = asked
    if (closed && isLost()) focusHeading(place)
  }, [asked])
}

const focusHeading = ({ current }: RefObject<HTMLElement | null>): void =>
  current?.closest('section, aside')?.querySelector('h2')?.focus()

const buttonsIn = (row: HTMLElement | undefined): (Element | null)[] =>
  row ? [...row.querySelectorAll('button')].filter(it => !it.closest('[popover]')) : []

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
