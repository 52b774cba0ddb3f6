/** Owns listening to the keyboard for the whole room, and to whom a key belongs at this moment. */
import { useEffect, useRef } from 'preact/hooks'
import { type Focus, type Shortcut, shortcutOf } from './shortcuts.ts'

/** `talk` is told when its key goes down, and `release` when it comes up again or can no longer be seen. */
export type Keys = Readonly<Partial<Record<Shortcut, () => void>>> & { readonly release?: () => void }

/** `keys` is asked with each press: what a key does can change without anything being drawn. */
export const useKeys = (keys: () => Keys): void => {
  const now = useRef(keys)
  now.current = keys
  useEffect(() => {
    let held = false
    let byPointer = false
    const release = (): void => {
      if (held) now.current().release?.()
      held = false
    }
    const down = (event: KeyboardEvent): void => {
      const focus = focusOf(event.target, byPointer)
      // The space bar held down would scroll, or press whatever was pressed last with a pointer.
      if (event.key === ' ' && held) event.preventDefault()
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return
      const wish = shortcutOf(event, focus)
      const act = wish && now.current()[wish]
      if (!act) return
      event.preventDefault()
      if (wish === 'talk') held = true
      act()
    }
    const up = (event: KeyboardEvent): void => {
      if (event.key !== ' ' || !held) return
      event.preventDefault()
      release()
    }
    const pressed = (): void => {
      byPointer = true
    }
    const moved = (event: KeyboardEvent): void => {
      if (event.key === 'Tab') byPointer = false
    }
    addEventListener('keydown', moved, true)
    addEventListener('pointerdown', pressed, true)
    addEventListener('keydown', down)
    addEventListener('keyup', up)
    addEventListener('blur', release)
    return () => {
      release()
      removeEventListener('keydown', moved, true)
      removeEventListener('pointerdown', pressed, true)
      removeEventListener('keydown', down)
      removeEventListener('keyup', up)
      removeEventListener('blur', release)
    }
  }, [])
}

const typing =
  'input:not([type="radio"], [type="checkbox"], [type="range"]), textarea, select, [contenteditable]'
const pressable = 'button, a, input, summary, [role="tab"]'

/** What was last touched with a pointer has the focus without anybody meaning it. */
const focusOf = (target: EventTarget | null, byPointer: boolean): Focus => {
  if (!(target instanceof Element)) return 'page'
  if (target.closest(typing)) return 'field'
  return target.closest(pressable) && !byPointer ? 'control' : 'page'
}
