/** A window above the page for one thing to do, closed by its button, by Escape, or by a press beside it. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { texts } from '../language.ts'
import { Icon } from './icon.tsx'

type Props = {
  title: string
  close: () => void
  wide?: boolean
  /** Where the focus is at first, if not on the button that closes. */
  focus?: string
  children: ComponentChildren
}

export const Dialog = ({ title, close, wide, focus, children }: Props) => {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  /** The browser tells of its end a moment later, when another one may stand in its place. */
  const over = useRef(false)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    if (focus !== undefined) shown?.querySelector<HTMLElement>(focus)?.focus()
    return () => {
      over.current = true
      shown?.close()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby={id}
      onClose={() => over.current || close()}
      // What lies below would take the key for its own.
      onKeyDown={event => event.key === 'Escape' && event.stopPropagation()}
      onClick={event => {
        if (event.target === event.currentTarget) event.currentTarget.close()
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="button button-icon" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
          <span class="sr-only">{texts().dialog.close}</span>
        </button>
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}
