/** Owns what opens beside a button, above everything else, and goes away by Escape, by a press or a focus elsewhere. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

type Props = {
  label: string
  close: () => void
  class?: string
  keyDown?: (event: KeyboardEvent, box: HTMLElement) => void
  children: ComponentChildren
}

const gapPx = 8

/** To be put beside its button, in one element with it. */
export const Popup = ({ label, close, children, keyDown, class: kind }: Props) => {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const shown = box.current
    const place = shown?.parentElement
    if (!shown || !place) return
    const before = document.activeElement
    shown.showPopover?.()
    put(shown, place)
    shown.querySelector<HTMLElement>('button, input')?.focus()
    const elsewhere = ({ target }: Event): void => {
      if (target instanceof Node && !place.contains(target)) close()
    }
    const gone = new AbortController()
    const { signal } = gone
    addEventListener('pointerdown', elsewhere, { signal, capture: true })
    addEventListener('scroll', elsewhere, { signal, capture: true })
    addEventListener('resize', close, { signal })
    return () => {
      gone.abort()
      const inside = document.activeElement === document.body || shown.contains(document.activeElement)
      if (inside && before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <div
      ref={box}
      class={kind ? `popup ${kind}` : 'popup'}
      popover="manual"
      role="dialog"
      aria-label={label}
      onKeyDown={event => {
        if (event.key !== 'Escape') return keyDown?.(event, event.currentTarget)
        event.stopPropagation()
        close()
      }}
      onFocusOut={({ relatedTarget, currentTarget }) => {
        const stays = relatedTarget instanceof Node && currentTarget.parentElement?.contains(relatedTarget)
        if (relatedTarget !== null && !stays) close()
      }}
    >
      {children}
    </div>
  )
}

/** Above its button if there is room, and within the window in any case. */
const put = (shown: HTMLElement, place: HTMLElement): void => {
  const [at, { width, height }] = [place.getBoundingClientRect(), shown.getBoundingClientRect()]
  const above = at.top - height - gapPx
  const top = above >= gapPx ? above : Math.min(at.bottom + gapPx, innerHeight - height - gapPx)
  const middle = (at.left + at.right - width) / 2
  const left = Math.min(Math.max(middle, gapPx), innerWidth - width - gapPx)
  shown.style.setProperty('inset', `${Math.max(top, gapPx)}px auto auto ${left}px`)
}
