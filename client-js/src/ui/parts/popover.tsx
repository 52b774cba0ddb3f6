/**
 * What opens beside its button, above everything else: closed by Escape, by a press elsewhere, or by its button. Often
 * it holds a menu.
 */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { inSight, onSightChanged } from '../browser.ts'
import { Icon, type IconName } from './icon.tsx'

type TargetedToggle = { readonly newState: string; readonly currentTarget: HTMLElement }

type Props = {
  /** What the button is called, and what it opens. */
  label: string
  icon: IconName
  /** Of the button. */
  class?: string
  /** Beside the drawing, for eyes; `label` is what is read out. */
  words?: string
  toggled?: (open: boolean) => void
  /** What around the button must stay in sight, as a selector. Where there is little room, the panel is lower. */
  clearOf?: string
  children: (close: () => void) => ComponentChildren
}

export const Popover = ({
  label,
  icon,
  class: kind = 'button button-icon',
  words,
  toggled,
  clearOf,
  children,
}: Props) => {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)
  useLayoutEffect(() => {
    const box = panel.current
    if (!open || !box) return
    const place = (): void => placeBeside(box, button.current, clearOf)
    const rest = onSightChanged(place)
    return () => {
      rest()
      delete box.dataset['placed']
    }
  }, [open])
  /** Its size is known once it is shown. */
  const shown = ({ newState, currentTarget }: TargetedToggle): void => {
    toggled?.(newState === 'open')
    // Not before it has gone: what has the focus in it is what tells the browser to give the focus back to the button.
    if (newState !== 'open') return setOpen(false)
    placeBeside(currentTarget, button.current, clearOf)
    // Its content may have its own idea of where one begins.
    if (currentTarget.contains(document.activeElement)) return
    currentTarget.querySelector<HTMLElement>('input:checked, button, input, select, a')?.focus()
  }
  return (
    <>
      <button
        type="button"
        ref={button}
        class={kind}
        popovertarget={id}
        aria-expanded={open}
        aria-haspopup="dialog"
        title={label}
      >
        <Icon name={icon} />
        {words !== undefined && <span aria-hidden="true">{words}</span>}
        <span class="sr-only">{label}</span>
      </button>
      <div
        id={id}
        ref={panel}
        class="popover"
        popover="auto"
        role="dialog"
        aria-label={label}
        onBeforeToggle={event => event.newState === 'open' && setOpen(true)}
        onToggle={shown}
      >
        {open && children(() => panel.current?.hidePopover())}
      </div>
    </>
  )
}

const edge = 8
/** Lower than this it could not be used. */
const heightMin = 200

/**
 * Above the button, or what around it is to stay in sight, where there is room, else below; and never beyond the window,
 * nor under a keyboard that stands on the screen.
 */
const placeBeside = (panel: HTMLElement, button: HTMLElement | null, clearOf?: string): void => {
  if (!button) return
  const from = button.getBoundingClientRect()
  const clear = (clearOf === undefined ? null : button.closest(clearOf))?.getBoundingClientRect() ?? from
  const sight = inSight()
  const [first, last] = [sight.top + edge, sight.bottom - edge]
  const [roomAbove, roomBelow] = [clear.top - edge - first, last - clear.bottom - edge]
  if (clearOf !== undefined)
    panel.style.setProperty('--room', `${Math.max(heightMin, roomAbove, roomBelow)}px`)
  const { width, height } = panel.getBoundingClientRect()
  const left = Math.min(from.left + from.width / 2 - width / 2, sight.right - width - edge)
  const above = clear.top - height - edge
  const below = Math.min(clear.bottom + edge, last - height)
  panel.style.setProperty('left', `${Math.max(sight.left + edge, left)}px`)
  panel.style.setProperty('top', `${Math.max(first, above >= first ? above : below)}px`)
  panel.dataset['placed'] = ''
}

type ItemProps = {
  icon: IconName
  label: string
  press: () => void
  danger?: boolean
  keys?: string | undefined
}

export const MenuItem = ({ icon, label, press, danger, keys }: ItemProps) => (
  <button type="button" class={danger ? 'menu-item menu-item-danger' : 'menu-item'} onClick={press}>
    <Icon name={icon} />
    <span class="menu-words">{label}</span>
    {keys !== undefined && <kbd>{keys}</kbd>}
  </button>
)
