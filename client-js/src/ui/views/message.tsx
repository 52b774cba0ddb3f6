/** Owns one message as it is shown: who, when, what it answers, its words, its signs, and what can be done with it. */
import type { ChatEntry, MessageId, Sign } from '../../room/timeline.ts'
import { clock, listed, shownName } from '../format.ts'
import { EmojiButton } from '../parts/emoji.tsx'
import { Face } from '../parts/face.tsx'
import { Icon } from '../parts/icon.tsx'
import { memo } from '../parts/memo.tsx'
import { Words } from '../parts/words.tsx'
import { text } from '../text.ts'
import { excerpt } from '../words.ts'

/** What a message can ask for. The same object for as long as the log lives. */
export type Acts = {
  readonly point: (key: number | null) => void
  readonly reply: (id: MessageId) => void
  /** The choice of signs has opened, or closed. */
  readonly pick: (key: number | null) => void
  readonly react: (id: MessageId, sign: string, on: boolean) => void
  readonly show: (key: number) => void
}

type Props = {
  entry: ChatEntry
  /** The next word of the same person, so soon that the name need not be said again. */
  follows: boolean
  quoted: ChatEntry | null
  /** Pointed at, touched or focused: what can be done with it is shown. */
  active: boolean
  canReply: boolean
  canReact: boolean
  acts: Acts
}

export const Message = memo((props: Props) => {
  const { entry, follows, quoted, active, acts } = props
  const name = shownName(entry.name)
  const kinds = ['said', entry.own && 'said-own', follows && 'said-on', entry.teller !== null && 'said-told']
  return (
    <article
      class={kinds.filter(Boolean).join(' ')}
      data-key={entry.key}
      tabIndex={-1}
      onFocusIn={() => acts.point(entry.key)}
      onPointerEnter={({ pointerType }) => pointerType === 'mouse' && acts.point(entry.key)}
      onPointerUp={({ pointerType }) => pointerType !== 'mouse' && acts.point(entry.key)}
    >
      {!entry.own && (follows ? <span class="face-gap" /> : <Face name={name} />)}
      <div class="said-body">
        <p class={follows ? 'sr-only' : 'said-head'}>
          <bdi class="said-name">{entry.own ? text().chat.you : name}</bdi> <Time at={entry.at} />
        </p>
        <div class="said-box">
          {entry.answers !== null && <Quote entry={quoted} acts={acts} />}
          <div class="said-text">
            <Words value={entry.text} />
          </div>
        </div>
        {entry.delivery === 'unheard' && <p class="said-state">{text().chat.unheard}</p>}
        <Signs {...props} />
        {active && <Actions {...props} />}
      </div>
    </article>
  )
})

export const Time = ({ at }: { at: number }) => <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>

const Quote = ({ entry, acts }: { entry: ChatEntry | null; acts: Acts }) => {
  if (!entry) return <p class="quote">{text().chat.earlier}</p>
  const name = entry.own ? text().chat.you : shownName(entry.name)
  return (
    <button type="button" class="quote" onClick={() => acts.show(entry.key)}>
      <span class="sr-only">{text().chat.quoted(name)}</span>
      <bdi class="quote-name" aria-hidden="true">
        {name}
      </bdi>
      <span class="quote-text" dir="auto">
        {excerpt(entry.text)}
      </span>
    </button>
  )
}

const Signs = ({ entry, canReact, acts }: Props) => {
  const { id, signs } = entry
  if (signs.length === 0 || id === null) return null
  return (
    <ul class="signs">
      {signs.map(({ sign, by }) => {
        const mine = by.some(({ member }) => member === null)
        const label = text().chat.reaction(sign, namesOf(by))
        return (
          <li key={sign}>
            <button
              type="button"
              class="sign"
              aria-pressed={mine}
              aria-label={label}
              aria-disabled={!canReact}
              title={label}
              onClick={() => acts.react(id, sign, !mine)}
            >
              {sign} {by.length > 1 && <span class="sign-count">{by.length}</span>}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

const namesOf = (by: Sign['by']): string =>
  listed(by.map(({ member, name }) => (member === null ? text().chat.you : shownName(name))))

const Actions = ({ entry, canReply, canReact, acts }: Props) => {
  const { id, key } = entry
  if (id === null || !(canReply || canReact)) return null
  return (
    <div class="acts">
      {canReply && (
        <button type="button" class="act" onClick={() => acts.reply(id)}>
          <Icon name="reply" />
          <span class="sr-only">{text().chat.reply}</span>
        </button>
      )}
      {canReact && (
        <EmojiButton
          label={text().chat.react}
          class="act"
          pick={sign => acts.react(id, sign, true)}
          toggled={open => acts.pick(open ? key : null)}
        />
      )}
    </div>
  )
}
