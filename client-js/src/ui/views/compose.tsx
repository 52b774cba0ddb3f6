/** Owns the field in which a message is written. What is typed stays until it has been sent. */
import { useId } from 'preact/hooks'
import type { Commands, Model } from '../model.ts'
import { Icon } from '../parts/icon.tsx'
import { text } from '../text.ts'

type Props = { model: Model; commands: Commands; canSend: boolean; alone: boolean }

const messageUnitsMax = 2_000
const countdownFrom = 200

export const Compose = ({ model, commands, canSend, alone }: Props) => {
  const id = useId()
  const value = model.draft.value
  const left = messageUnitsMax - value.length
  const send = (): void => {
    if (commands.say(model.draft.value)) model.draft.value = ''
  }
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <form
      class="compose"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      <label class="sr-only" for={id}>
        {text.chat.message}
      </label>
      <textarea
        id={id}
        rows={1}
        maxLength={messageUnitsMax}
        enterkeyhint="send"
        placeholder={text.chat.placeholder}
        aria-describedby={`${id}-hint`}
        value={value}
        onKeyDown={keyDown}
        onInput={event => {
          model.draft.value = event.currentTarget.value
        }}
      />
      <button type="submit" class="button button-strong send" aria-disabled={!canSend || value.trim() === ''}>
        <Icon name="send" />
        <span class="sr-only">{text.chat.send}</span>
      </button>
      <p class="compose-hint" id={`${id}-hint`}>
        {alone ? (
          text.chat.alone
        ) : left <= countdownFrom ? (
          text.chat.left(left)
        ) : (
          <span class="compose-hint-keys">{text.chat.hint}</span>
        )}
      </p>
    </form>
  )
}
