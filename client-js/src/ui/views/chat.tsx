/** Owns the conversation: what was said and what happened, and the place to write. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { canSpeak } from '../../room/chat.ts'
import type { RoomState } from '../../room/state.ts'
import type { Entry } from '../../room/timeline.ts'
import { clock, pieces, shownName } from '../format.ts'
import type { Commands, Model } from '../model.ts'
import { Face } from '../parts/face.tsx'
import { text } from '../text.ts'
import { Compose } from './compose.tsx'

type Props = { model: Model; commands: Commands; state: RoomState; alone: boolean }

export const Chat = ({ model, commands, state, alone }: Props) => (
  <section class="chat" aria-label={text.chat.log}>
    <Log timeline={state.timeline} empty={!alone && !state.ended} />
    {!state.ended && <Compose model={model} commands={commands} canSend={canSpeak(state)} alone={alone} />}
  </section>
)

/** Reads on by itself only while the reader is at the end. */
const Log = ({ timeline, empty }: { timeline: readonly Entry[]; empty: boolean }) => {
  const log = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    if (timeline.length > 0 && atEnd.current && log.current) log.current.scrollTop = log.current.scrollHeight
  }, [timeline])
  return (
    <div
      class="log"
      ref={log}
      role="log"
      aria-live="polite"
      aria-label={text.chat.log}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40
      }}
    >
      {timeline.length === 0 && empty && <p class="log-empty">{text.chat.empty}</p>}
      {timeline.map((entry, index) => (
        <Line key={entry.key} entry={entry} follows={followsOn(timeline[index - 1], entry)} />
      ))}
    </div>
  )
}

const togetherMs = 180_000

/** The next word of the same person, so soon that the name need not be said again. */
const followsOn = (before: Entry | undefined, entry: Entry): boolean =>
  before?.kind === 'chat' &&
  entry.kind === 'chat' &&
  before.own === entry.own &&
  before.name === entry.name &&
  entry.at - before.at < togetherMs

const Line = ({ entry, follows }: { entry: Entry; follows: boolean }) => {
  if (entry.kind === 'notice')
    return (
      <p class="notice">
        <bdi>{text.notices[entry.notice](shownName(entry.name))}</bdi> <Time at={entry.at} />
      </p>
    )
  const name = shownName(entry.name)
  return (
    <article class={`said${entry.own ? ' said-own' : ''}${follows ? ' said-on' : ''}`}>
      {!entry.own && (follows ? <span class="face-gap" /> : <Face name={name} />)}
      <div class="said-body">
        <p class={follows ? 'sr-only' : 'said-head'}>
          <bdi class="said-name">{entry.own ? text.chat.you : name}</bdi> <Time at={entry.at} />
        </p>
        <p class="said-text" dir="auto">
          <Words value={entry.text} />
        </p>
      </div>
    </article>
  )
}

const Time = ({ at }: { at: number }) => <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>

const Words = ({ value }: { value: string }) => (
  <>
    {pieces(value).map((piece, index) =>
      piece.kind === 'text' ? (
        piece.value
      ) : (
        <a key={index} href={piece.value} target="_blank" rel="noopener noreferrer nofollow">
          {piece.value}
        </a>
      ),
    )}
  </>
)
