/**
 * The list of what was said and what happened: where it is scrolled to, what in it is new, and which message is pointed
 * at.
 */
import type { RefObject } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { canReact, canSpeak } from '../../room/chat.ts'
import { hostedByServer, type RoomState } from '../../room/state.ts'
import { type ChatEntry, type Entry, entriesMax, type MessageId, type Timeline } from '../../room/timeline.ts'
import { visible } from '../browser.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Icon } from '../parts/icon.tsx'
import { newTo, readUpTo, staysAtEnd } from '../selectors.ts'
import { type Acts, FileLine, Message, Time } from './message.tsx'

type Props = { model: Model; commands: Commands; state: RoomState; empty: boolean }

export const Log = ({ model, commands, state, empty }: Props) => {
  const { timeline } = state
  const log = useRef<HTMLDivElement>(null)
  const { atEnd, scrolled } = useEnd(log, timeline)
  const attending = visible.value && atEnd
  useReading(model, timeline, attending)
  const [pointed, point] = useState<number | null>(null)
  const [picking, pick] = useState<number | null>(null)
  const acts = useMemo((): Acts => actsIn(log, model, commands, point, pick), [])
  const messages = useMemo(() => byId(timeline), [timeline])
  const reading = model.reading.value
  const fresh = newTo(reading, timeline)
  const line = attending ? reading.line : (fresh[0] ?? reading.line)
  const [mayReply, mayReact] = [canSpeak(state), canReact(state)]
  const drawn = timeline.map((entry, index) => {
    const before = timeline[index - 1]
    const breaks = breakBefore(before, entry, line, hostedByServer(state))
    if (entry.kind === 'file')
      return [breaks, <FileLine key={entry.key} entry={entry} model={model} commands={commands.files} />]
    if (entry.kind === 'notice') return [breaks, <Notice key={entry.key} entry={entry} />]
    return [
      breaks,
      <Message
        key={entry.key}
        entry={entry}
        follows={breaks === null && followsOn(before, entry)}
        quoted={entry.replyTo === null ? null : (messages.get(entry.replyTo) ?? null)}
        active={entry.key === (picking ?? pointed)}
        canReply={mayReply}
        canReact={mayReact}
        acts={acts}
      />,
    ]
  })
  return (
    <div class="log-place">
      <div
        class="log"
        ref={log}
        role="log"
        aria-live="polite"
        aria-label={texts().chat.log}
        aria-description={texts().chat.logHint}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={scrolled}
        onPointerLeave={() => point(null)}
        onKeyDown={event => walk(event, log)}
      >
        {timeline.length === 0 && empty && <p class="log-empty">{texts().chat.empty}</p>}
        {cutOff(timeline) && (
          <p class="log-line">
            <span>{texts().chat.older}</span>
          </p>
        )}
        {drawn}
      </div>
      {!atEnd && <ToEnd fresh={fresh.length} go={() => toEnd(log)} />}
    </div>
  )
}

/** Says how much is new there, if anything. */
const ToEnd = ({ fresh, go }: { fresh: number; go: () => void }) =>
  fresh > 0 ? (
    <button type="button" class="button button-strong to-end" onClick={go}>
      {texts().chat.toEnd(fresh)}
    </button>
  ) : (
    <button
      type="button"
      class="button button-icon to-end to-end-still"
      title={texts().chat.toLast}
      onClick={go}
    >
      <Icon name="open" />
      <span class="sr-only">{texts().chat.toLast}</span>
    </button>
  )

/** The list is as long as it gets, so that older messages have been left out. */
const cutOff = (timeline: Timeline): boolean =>
  timeline.length >= entriesMax.chat &&
  timeline.filter(({ kind }) => kind === 'chat').length >= entriesMax.chat

type Box = RefObject<HTMLDivElement | null>

const toEnd = ({ current }: Box): void => {
  if (current) current.scrollTop = current.scrollHeight
}

/** Reads on by itself only while the reader is at the end, or has just said something, which is there. */
const useEnd = (log: Box, timeline: Timeline) => {
  const [atEnd, setAtEnd] = useState(true)
  const last = useRef(timeline.at(-1)?.key ?? 0)
  useLayoutEffect(() => {
    const said = timeline.some(entry => entry.key > last.current && entry.kind !== 'notice' && entry.own)
    last.current = timeline.at(-1)?.key ?? 0
    if (atEnd || said) toEnd(log)
  }, [timeline])
  useLayoutEffect(() => {
    const { current } = log
    if (!current) return
    // The place of the log changes too: a keyboard comes up, a call begins. And what is in it grows where it stands:
    // a file's line is loaded late, a picture is shown, a first reaction comes.
    const sizes = new ResizeObserver(() => stays.current && toEnd(log))
    const watch = (node: Node): void => {
      if (node instanceof Element) sizes.observe(node)
    }
    const entries = new MutationObserver(changes => {
      for (const { addedNodes, removedNodes } of changes) {
        for (const node of removedNodes) if (node instanceof Element) sizes.unobserve(node)
        for (const node of addedNodes) watch(node)
      }
    })
    watch(current)
    for (const entry of current.children) watch(entry)
    entries.observe(current, { childList: true })
    return () => {
      entries.disconnect()
      sizes.disconnect()
    }
  }, [])
  const top = useRef(0)
  const stays = useRef(atEnd)
  stays.current = atEnd
  const scrolled = ({ currentTarget }: { currentTarget: HTMLDivElement }): void => {
    const { scrollTop } = currentTarget
    const was = top.current
    top.current = scrollTop
    setAtEnd(at => staysAtEnd(at, was, currentTarget))
  }
  return { atEnd, scrolled }
}

const useReading = (model: Model, timeline: Timeline, attending: boolean): void => {
  useLayoutEffect(() => {
    model.attending.value = attending
    if (attending) model.reading.value = readUpTo(model.reading.value, timeline, true)
    return () => {
      model.attending.value = false
    }
  }, [attending])
}

const actsIn = (
  log: Box,
  model: Model,
  commands: Commands,
  point: (key: number | null) => void,
  pick: (key: number | null) => void,
): Acts => ({
  point,
  pick,
  sendAgain: commands.sendAgain,
  react: commands.react,
  memory: { settings: model.settings, choose: commands.choose },
  reply: id => {
    model.answering.value = id
  },
  show: key => {
    const found = log.current?.querySelector<HTMLElement>(`[data-key="${key}"]`)
    found?.scrollIntoView({ block: 'center' })
    found?.focus({ preventScroll: true })
  },
})

/** Up and down from message to message; what can be done with one is the next stop of the Tab key. */
const walk = (event: KeyboardEvent, { current }: Box): void => {
  const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
  const { target } = event
  if (by === 0 || !current || !(target instanceof HTMLElement) || target.closest('[popover]')) return
  event.preventDefault()
  const all = [...current.querySelectorAll<HTMLElement>('article')]
  const at = all.findIndex(article => article.contains(target))
  all[at < 0 ? all.length - 1 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus()
}

const byId = (timeline: Timeline): ReadonlyMap<MessageId, ChatEntry> =>
  new Map(
    timeline.flatMap(entry =>
      entry.kind === 'chat' && entry.id !== null ? [[entry.id, entry] as const] : [],
    ),
  )

/** The line that stands before an entry, if any. */
const breakBefore = (before: Entry | undefined, entry: Entry, line: number | null, hosted: boolean) => {
  if (entry.key === line)
    return (
      <p key="line" class="log-line log-line-fresh">
        <span>{texts().chat.fresh}</span>
      </p>
    )
  const [earlier, now] = [sharedByOf(before), sharedByOf(entry)]
  if (earlier === now) return null
  const told = hosted && now === '' ? texts().hosted.earlier : texts().chat.told(shownName(now ?? ''))
  return (
    <p key={`told ${entry.key}`} class="log-line">
      <span>{now === null ? texts().chat.sinceYouCame : told}</span>
    </p>
  )
}

const sharedByOf = (entry: Entry | undefined): string | null =>
  entry?.kind === 'chat' ? entry.sharedBy : null

const togetherMs = 180_000

const followsOn = (before: Entry | undefined, entry: ChatEntry): boolean =>
  before?.kind === 'chat' &&
  before.own === entry.own &&
  before.name === entry.name &&
  before.from === entry.from &&
  entry.at - before.at < togetherMs

/** That there is a host or an owner may be known before who it is. */
const mayBeUnknown = new Set<string>(['host-changed', 'owner-changed', 'muted'])

const noticeWords = (entry: Extract<Entry, { kind: 'notice' }>): string => {
  if (entry.notice === 'password-attempts') return texts().passwordAttempts(entry.count)
  const name = entry.name === '' && mayBeUnknown.has(entry.notice) ? '' : shownName(entry.name)
  const words = texts().notices[entry.notice](name)
  return 'alone' in entry && !entry.alone ? `${words} ${texts().connectionsStay}` : words
}

const Notice = ({ entry }: { entry: Extract<Entry, { kind: 'notice' }> }) => (
  <p class="notice">
    {noticeWords(entry)} <Time at={entry.at} />
  </p>
)
