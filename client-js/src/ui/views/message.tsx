/**
 * One entry of the conversation as it is shown: a message with who, when, what it replies to, its text, its reactions
 * and what can be done with it; or a file with its card.
 */
import type { ChatEntry, FileEntry, MessageId, Reaction } from '../../room/timeline.ts'
import { clock, excerpt, listed, shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { FileCommands, Model } from '../model.ts'
import { EmojiButton, type EmojiMemory } from '../parts/emoji.tsx'
import { Avatar, Icon } from '../parts/icon.tsx'
import { MessageText } from '../parts/message-text.tsx'
import { lazy, memo } from '../parts/wrappers.tsx'

/** What a message can ask for. The same object for as long as the log lives. */
export type Acts = {
  readonly point: (key: number | null) => void
  readonly reply: (id: MessageId) => void
  /** The emoji picker has opened, or closed. */
  readonly pick: (key: number | null) => void
  /** A message of ours that has not arrived. */
  readonly sendAgain: (id: MessageId) => void
  readonly react: (id: MessageId, emoji: string, on: boolean) => void
  readonly show: (key: number) => void
  /** For the choice of reactions. */
  readonly memory: EmojiMemory
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
  const kinds = [
    'said said-words',
    entry.own && 'said-own',
    follows && 'said-on',
    entry.sharedBy !== null && 'said-told',
  ]
  return (
    <article
      class={kinds.filter(Boolean).join(' ')}
      data-key={entry.key}
      tabIndex={-1}
      onFocusIn={() => acts.point(entry.key)}
      onPointerEnter={({ pointerType }) => pointerType === 'mouse' && acts.point(entry.key)}
      onPointerUp={({ pointerType }) => pointerType !== 'mouse' && acts.point(entry.key)}
    >
      {!entry.own && (follows ? <span class="face-gap" /> : <Avatar name={name} />)}
      <div class="said-body">
        <p class={follows ? 'sr-only' : 'said-head'}>
          <bdi class="said-name">{entry.own ? texts().chat.you : name}</bdi> <Time at={entry.at} />
        </p>
        <div class="said-line">
          <div class="said-box">
            {entry.replyTo !== null && <Quote entry={quoted} acts={acts} />}
            <div class="said-text">
              <MessageText value={entry.text} />
            </div>
          </div>
          {active && <Actions {...props} />}
        </div>
        {entry.delivery === 'undelivered' && <Undelivered id={entry.id} acts={acts} />}
        <Signs {...props} />
      </div>
    </article>
  )
})

export const Time = ({ at }: { at: number }) => <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>

const Quote = ({ entry, acts }: { entry: ChatEntry | null; acts: Acts }) => {
  if (!entry) return <p class="quote">{texts().chat.earlier}</p>
  const name = shownName(entry.name)
  return (
    <button type="button" class="quote" onClick={() => acts.show(entry.key)}>
      <span class="sr-only">{entry.own ? texts().chat.quotedSelf : texts().chat.quoted(name)}</span>
      <bdi class="quote-name" aria-hidden="true">
        {entry.own ? texts().chat.you : name}
      </bdi>
      <span class="quote-text" dir="auto">
        {excerpt(entry.text)}
      </span>
    </button>
  )
}

const Signs = ({ entry, canReact, acts }: Props) => {
  const { id, reactions } = entry
  if (reactions.length === 0 || id === null) return null
  return (
    <ul class="signs">
      {reactions.map(({ emoji, by }) => {
        const mine = by.some(({ member }) => member === null)
        const label = texts().chat.reaction(emoji, namesOf(by))
        return (
          <li key={emoji}>
            <button
              type="button"
              class="sign"
              aria-pressed={mine}
              aria-label={label}
              aria-disabled={!canReact}
              title={label}
              onClick={() => acts.react(id, emoji, !mine)}
            >
              {emoji} {by.length > 1 && <span class="sign-count">{by.length}</span>}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

const Undelivered = ({ id, acts }: { id: MessageId | null; acts: Acts }) => (
  <p class="said-state">
    {texts().chat.unheard}
    {id !== null && (
      <button type="button" class="said-again" onClick={() => acts.sendAgain(id)}>
        {texts().chat.sendAgain}
      </button>
    )}
  </p>
)

const namesOf = (by: Reaction['by']): string =>
  listed(by.map(({ member, name }) => (member === null ? texts().reaches.self : shownName(name))))

const Actions = ({ entry, canReply, canReact, acts }: Props) => {
  const { id, key } = entry
  if (id === null || !(canReply || canReact)) return null
  return (
    <div class="acts">
      {canReply && (
        <button type="button" class="act" onClick={() => acts.reply(id)}>
          <Icon name="reply" />
          <span class="sr-only">{texts().chat.reply}</span>
        </button>
      )}
      {canReact && (
        <EmojiButton
          label={texts().chat.react}
          class="act"
          clearOf=".said"
          memory={acts.memory}
          pick={emoji => acts.react(id, emoji, true)}
          toggled={open => acts.pick(open ? key : null)}
        />
      )}
    </div>
  )
}

const FileOf = lazy(() => import('./files.tsx').then(it => it.FileOf))

type FileLineProps = { entry: FileEntry; model: Model; commands: FileCommands }

export const FileLine = ({ entry, model, commands }: FileLineProps) => {
  const name = shownName(entry.name)
  return (
    <article class={entry.own ? 'said said-own' : 'said'} data-key={entry.key}>
      {!entry.own && <Avatar name={name} />}
      <div class="said-body">
        <p class="said-head">
          <bdi class="said-name">{entry.own ? texts().chat.you : name}</bdi> <Time at={entry.at} />
        </p>
        <FileOf entry={entry} model={model} commands={commands} />
      </div>
    </article>
  )
}
