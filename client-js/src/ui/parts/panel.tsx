/** The panel beside the room and the button that opens it. Escape closes it, and the focus goes back. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { texts } from '../language.ts'
import type { PanelName, Panels } from '../panels.ts'
import { Icon } from './icon.tsx'

type ButtonProps = {
  panels: Panels
  panel: PanelName
  label: string
  class?: string
  keys?: string
  children: ComponentChildren
}

export const PanelButton = ({ panels, panel, label, class: kind, keys, children }: ButtonProps) => (
  <button
    type="button"
    class={kind ?? 'button panel-button'}
    aria-expanded={panels.open === panel}
    aria-controls={panel}
    aria-keyshortcuts={keys}
    title={keys === undefined ? label : `${label} (${keys})`}
    onClick={() => panels.toggle(panel)}
  >
    {children}
    <span class="sr-only">{label}</span>
  </button>
)

type Props = {
  panels: Panels
  panel: PanelName
  title: string
  /** Beside the title. */
  note?: string
  /** Takes the place of what has the focus first; the title, otherwise. */
  focus?: string
  children: ComponentChildren
}

export const Panel = ({ panels, panel, title, note, focus, children }: Props) => {
  const own = useRef<HTMLElement>(null)
  const open = panels.open === panel
  useLayoutEffect(() => {
    if (open && panels.asked) own.current?.querySelector<HTMLElement>(focus ?? 'h2')?.focus()
  }, [open])
  return (
    <aside
      id={panel}
      ref={own}
      class={`panel panel-${panel}`}
      hidden={!open}
      aria-labelledby={`${panel}-title`}
      onKeyDown={event => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        panels.close()
      }}
    >
      <div class="panel-head">
        <h2 id={`${panel}-title`} tabIndex={-1}>
          {title}
          {note !== undefined && <span class="panel-note">{note}</span>}
        </h2>
        <button type="button" class="button button-icon" onClick={panels.close}>
          <Icon name="close" />
          <span class="sr-only">{texts().dialog.close}</span>
        </button>
      </div>
      <div class="panel-body">{children}</div>
    </aside>
  )
}
