/** Owns which key means what. Pure: what was pressed and where the focus is in, a wish out. */

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
  readonly isComposing: boolean
}

/** Null where the key belongs to what has the focus, or to the browser. A held key counts once. */
export const shortcutOf = (press: Press, focus: Focus): Shortcut | null => {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing || press.repeat) return null
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
