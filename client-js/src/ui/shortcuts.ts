/** Which key means what, and to whom a key belongs at this moment: the room listens to the keyboard as a whole. */
import { useEffect, useRef } from 'preact/hooks'

export type Shortcut = 'microphone' | 'camera' | 'screen' | 'chat' | 'full-screen' | 'help' | 'talk'

/** In the order of the list that `?` shows. `key` is what is printed on it, except for the space bar. */
export const shortcuts: readonly { readonly wish: Shortcut; readonly key: string }[] = [
  { wish: 'microphone', key: 'm' },
  { wish: 'camera', key: 'v' },
  { wish: 'talk', key: ' ' },
  { wish: 'screen', key: 's' },
  { wish: 'chat', key: 'c' },
  { wish: 'full-screen', key: 'f' },
  { wish: 'help', key: '?' },
]

/** Where the focus is: in a field, on something that the space bar presses, or on neither. */
export type Focus = 'field' | 'control' | 'page'

export type Press = {
  readonly key: string
  /** The place on the keyboard, for keyboards whose letters are not Latin ones. */
  readonly code: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
  readonly repeat: boolean
} & Composing

/** Of a key's event, what tells that an input method has it. */
export type Composing = { readonly isComposing: boolean; readonly keyCode: number }

/** Safari ends the composition before the Enter that confirms it; the code 229 tells that key all the same. */
export const isComposed = ({ isComposing, keyCode }: Composing): boolean => isComposing || keyCode === 229

/** Null where the key belongs to what has the focus, or to the browser. A held key counts once. */
export const shortcutOf = (press: Press, focus: Focus): Shortcut | null => {
  if (press.ctrlKey || press.altKey || press.metaKey || isComposed(press) || press.repeat) return null
  if (focus === 'field') return null
  const found = shortcuts.find(({ key }) => key === letterOf(press))
  if (!found || (found.wish === 'talk' && focus === 'control')) return null
  return found.wish
}

const letterOf = ({ key, code }: Press): string => {
  const place = /^Key([A-Z])$/.exec(code)?.[1]
  const foreign = key.length === 1 && key > '\u007f'
  return foreign && place !== undefined ? place.toLowerCase() : key.toLowerCase()
}

/** `talk` is told when its key goes down, and `release` when it comes up again or can no longer be seen. */
export type Keys = Readonly<Partial<Record<Shortcut, () => void>>> & { readonly release?: () => void }

/** Without `letters` only the space bar is left, which is no letter and talks only where somebody has chosen that. */
export const keysAllowed = (keys: Keys, letters: boolean): Keys => {
  const { talk, release } = keys
  return letters ? keys : { ...(talk && { talk }), ...(release && { release }) }
}

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
