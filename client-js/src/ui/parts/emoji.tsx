/** A small choice of emoji. Whoever wants another has their system's own keyboard for it. */
import { Popover } from './popover.tsx'

const rows: readonly (readonly string[])[] = [
  ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'],
  ['😀', '😊', '😉', '😍', '😘', '😜', '🤔', '🙄'],
  ['😎', '🥳', '😅', '🙃', '😴', '🤯', '😭', '😡'],
  ['👋', '👏', '👌', '🤞', '💪', '🙌', '🤝', '👎'],
  ['✅', '❌', '❓', '❗', '💡', '🔥', '⭐', '💯'],
  ['☕', '🍕', '🎂', '🍻', '🌱', '☀️', '🌧️', '🌈'],
  ['💻', '📱', '📷', '📎', '📅', '⏰', '🔒', '🚀'],
]
const across = rows[0]?.length ?? 1

/** The arrow keys go through them as they stand, so that one stop of the Tab key is enough for all. */
const walk = (event: KeyboardEvent, box: HTMLElement): void => {
  const buttons = [...box.querySelectorAll('button')]
  const at = buttons.findIndex(button => button.contains(document.activeElement))
  const turned = document.documentElement.dir === 'rtl' ? -1 : 1
  const steps = new Map([
    ['ArrowRight', turned],
    ['ArrowLeft', -turned],
    ['ArrowDown', across],
    ['ArrowUp', -across],
  ])
  const by = steps.get(event.key)
  if (by === undefined) return
  event.preventDefault()
  event.stopPropagation()
  buttons[(at + by + buttons.length) % buttons.length]?.focus()
}

type Props = {
  label: string
  class: string
  pick: (emoji: string) => void
  toggled?: (open: boolean) => void
}

export const EmojiButton = ({ label, class: kind, pick, toggled }: Props) => (
  <Popover label={label} icon="emoji" class={kind} {...(toggled ? { toggled } : {})}>
    {close => (
      // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons in it
      <div class="emoji" onKeyDown={event => walk(event, event.currentTarget)}>
        {rows.flat().map((emoji, index) => (
          <button
            key={emoji}
            type="button"
            tabIndex={index === 0 ? 0 : -1}
            onClick={() => {
              close()
              pick(emoji)
            }}
          >
            {emoji}
          </button>
        ))}
      </div>
    )}
  </Popover>
)
