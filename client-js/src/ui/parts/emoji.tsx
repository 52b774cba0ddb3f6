/** Owns the small choice of emoji. Whoever wants another has their system's own keyboard for it. */
import { text } from '../text.ts'
import { Popup } from './popup.tsx'

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
  buttons[(at + by + buttons.length) % buttons.length]?.focus()
}

export const EmojiPicker = ({ pick, close }: { pick: (emoji: string) => void; close: () => void }) => (
  <Popup label={text.chat.emoji} close={close} class="emoji" keyDown={walk}>
    {rows.flat().map((emoji, index) => (
      <button key={emoji} type="button" tabIndex={index === 0 ? 0 : -1} onClick={() => pick(emoji)}>
        {emoji}
      </button>
    ))}
  </Popup>
)
