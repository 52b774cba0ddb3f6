/** Several pages in one place, one shown at a time: arrow keys go between their names. */
import type { ComponentChildren } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'

export type Tab = { readonly key: string; readonly title: string; readonly body: () => ComponentChildren }

export const Tabs = ({ label, tabs }: { label: string; tabs: readonly Tab[] }) => {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const [chosen, setChosen] = useState(tabs[0]?.key)
  const at = Math.max(
    0,
    tabs.findIndex(({ key }) => key === chosen),
  )
  const go = (to: number): void => {
    const next = tabs[(to + tabs.length) % tabs.length]
    if (!next) return
    setChosen(next.key)
    list.current?.querySelector<HTMLElement>(`[id="${id}-${next.key}"]`)?.focus()
  }
  const keyDown = (event: KeyboardEvent): void => {
    const turned = document.documentElement.dir === 'rtl' ? -1 : 1
    const steps: Record<string, number> = {
      ArrowRight: turned,
      ArrowLeft: -turned,
      ArrowDown: 1,
      ArrowUp: -1,
    }
    const by = steps[event.key]
    if (by === undefined) return
    event.preventDefault()
    go(at + by)
  }
  const shown = tabs[at]
  if (tabs.length === 1) return <div class="tab-page">{shown?.body()}</div>
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={label} ref={list} onKeyDown={keyDown}>
        {tabs.map(({ key, title }, index) => (
          <button
            key={key}
            id={`${id}-${key}`}
            type="button"
            class="tab"
            role="tab"
            aria-selected={index === at}
            aria-controls={`${id}-page`}
            tabIndex={index === at ? 0 : -1}
            onClick={() => setChosen(key)}
          >
            {title}
          </button>
        ))}
      </div>
      {shown && (
        <div
          key={shown.key}
          id={`${id}-page`}
          class="tab-page"
          role="tabpanel"
          aria-labelledby={`${id}-${shown.key}`}
        >
          {shown.body()}
        </div>
      )}
    </div>
  )
}
