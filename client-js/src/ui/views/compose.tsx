/** The field in which a message is written. What is typed stays until it has been sent. */
import { useEffect, useId, useRef } from 'preact/hooks'
import { messageParts } from '../../room/chat.ts'
import { canOffer } from '../../room/file.ts'
import { isSealed } from '../../room/sealing.ts'
import { hostedByServer, type RoomState } from '../../room/state.ts'
import { type ChatEntry, chatUnitsMax, findMessage, partsMax } from '../../room/timeline.ts'
import { isTouch } from '../browser.ts'
import { excerpt, shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Attach } from '../parts/attach.tsx'
import { EmojiButton } from '../parts/emoji.tsx'
import { Icon } from '../parts/icon.tsx'
import { isComposed } from '../shortcuts.ts'

type Props = { model: Model; commands: Commands; state: RoomState; canSend: boolean; alone: boolean }

const countdownFrom = 200

export const Compose = ({ model, commands, state, canSend, alone }: Props) => {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const value = model.draft.value
  const left = chatUnitsMax - value.length
  const parts = left < 0 ? messageParts(value).length : 1
  const answered = findMessage(state.timeline, model.answering.value)
  useEffect(() => {
    if (answered) field.current?.focus()
  }, [answered])
  const write = (draft: string): void => {
    model.draft.value = draft
    commands.typing(draft.trim() !== '')
  }
  const send = (): void => {
    if (!commands.say(model.draft.value, answered?.id ?? null)) return
    model.draft.value = ''
    model.answering.value = null
  }
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') model.answering.value = null
    // The keyboards of phones have no Shift to make a line with; there the button sends.
    if (event.key !== 'Enter' || event.shiftKey || isComposed(event) || isTouch()) return
    event.preventDefault()
    send()
  }
  const insert = (emoji: string): void => {
    const { current } = field
    if (!current) return
    current.setRangeText(emoji, current.selectionStart, current.selectionEnd, 'end')
    write(current.value)
    current.focus()
  }
  return (
    <form
      class="compose"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      {answered && <Answered entry={answered} model={model} />}
      <label class="sr-only" for={id}>
        {texts().chat.message}
      </label>
      <textarea
        id={id}
        ref={field}
        rows={1}
        placeholder={texts().chat.placeholder}
        enterkeyhint={isTouch() ? 'enter' : 'send'}
        dir="auto"
        aria-describedby={`${id}-hint`}
        value={value}
        onKeyDown={keyDown}
        onInput={event => write(event.currentTarget.value)}
      />
      <EmojiButton
        label={texts().chat.emoji}
        class="button compose-emoji"
        clearOf=".compose"
        memory={{ settings: model.settings, choose: commands.choose }}
        pick={insert}
      />
      <Attach canSend={canOffer(state)} commands={commands.files} />
      <button
        type="submit"
        class="button button-strong send"
        aria-disabled={!canSend || value.trim() === '' || parts > partsMax}
      >
        <Icon name="send" />
        <span class="sr-only">{texts().chat.send}</span>
      </button>
      <p class={alone ? 'compose-hint compose-hint-alone' : 'compose-hint'} id={`${id}-hint`}>
        {parts > 1 ? (
          <span role="status">{parts > partsMax ? texts().chat.tooLong : texts().chat.parts(parts)}</span>
        ) : alone ? (
          aloneWords(state)
        ) : left <= countdownFrom ? (
          texts().chat.left(left)
        ) : (
          <span class="compose-hint-keys">{texts().chat.hint}</span>
        )}
      </p>
    </form>
  )
}

/** Who hears of what is said while nobody else is here. */
const aloneWords = (state: RoomState): string => {
  if (hostedByServer(state) && !isSealed(state)) return texts().hosted.alone
  return state.sharesHistory ? texts().chat.aloneHandingOver : texts().chat.alone
}

/** What the message that is being written will answer. */
const Answered = ({ entry, model }: { entry: ChatEntry; model: Model }) => (
  <div class="answered">
    <p class="quote">
      <span class="quote-name">
        {entry.own ? texts().chat.replyingToSelf : texts().chat.replyingTo(shownName(entry.name))}
      </span>
      <span class="quote-text" dir="auto">
        {excerpt(entry.text)}
      </span>
    </p>
    <button
      type="button"
      class="act"
      onClick={() => {
        model.answering.value = null
      }}
    >
      <Icon name="close" />
      <span class="sr-only">{texts().chat.cancelReply}</span>
    </button>
  </div>
)
