/** Owns the room as a whole: its head, its people, its conversation, and what is wrong with it, in words. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { people } from '../../room/people.ts'
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import type { Commands, Model, View } from '../model.ts'
import { CopyLink } from '../parts/copy.tsx'
import { ServerState } from '../parts/frame.tsx'
import { Icon, Logo } from '../parts/icon.tsx'
import { SettingsButton } from '../parts/settings-button.tsx'
import { text } from '../text.ts'
import { Chat } from './chat.tsx'
import { People } from './people.tsx'

type Props = { model: Model; commands: Commands; view: Extract<View, { kind: 'room' }> }

export const RoomView = ({ model, commands, view }: Props) => {
  const { state, invitation, created } = view
  const [open, setOpen] = useState(false)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const seen = people(state)
  const head = (
    <header class="room-head">
      <Logo />
      <div class="room-names">
        <h1 ref={title} tabIndex={-1}>
          <bdi>{shownName(state.card.name)}</bdi>
        </h1>
        <p class="room-kind">
          <Icon name={state.card.kind} />
          {state.card.kind === 'mesh' ? text.room.mesh : text.room.star}
          {state.card.kind === 'star' && ` ${text.create.starAlias}`}
        </p>
      </div>
      <RoomServerState model={model} state={state} />
      <div class="room-buttons">
        <button
          type="button"
          class="button people-toggle"
          aria-expanded={open}
          aria-controls="people"
          onClick={() => setOpen(!open)}
        >
          <Icon name="people" />
          <span class="sr-only">{open ? text.room.hidePeople : text.room.showPeople}</span>
          <span aria-hidden="true">{seen.length}</span>
        </button>
        <SettingsButton model={model} commands={commands} />
        <button type="button" class="button button-leave" onClick={commands.leave}>
          <Icon name="leave" />
          <span class="button-words">{text.room.leave}</span>
        </button>
      </div>
    </header>
  )
  return (
    <div class="room">
      {head}
      <aside id="people" class={open ? 'side side-open' : 'side'}>
        <People state={state} seen={seen} />
        {admits(state) && seen.length > 1 && <CopyLink commands={commands} link={invitation} />}
      </aside>
      <main class="talk">
        <Trouble state={state} />
        {seen.length === 1 && admits(state) && (
          <Ready commands={commands} state={state} link={invitation} created={created} />
        )}
        <Chat model={model} commands={commands} state={state} alone={seen.length === 1} />
      </main>
    </div>
  )
}

/** Can somebody still come in by the link? */
const admits = (state: RoomState): boolean => !state.ended && state.seat.type !== 'lost'

/** A line that is up helps nobody once the server has forgotten the room. */
const RoomServerState = ({ model, state }: { model: Model; state: RoomState }) => {
  if (admits(state)) return <ServerState model={model} />
  return (
    <p class="state state-closed" role="status">
      {state.ended ? text.server.ended : text.server.roomGone}
    </p>
  )
}

/** What concerns everybody in the room; what concerns one peer stands beside their name. */
const Trouble = ({ state }: { state: RoomState }) => {
  const words = troubleOf(state)
  return (
    <div class="banner-place" role="status">
      {words !== null && <p class="banner">{words}</p>}
    </div>
  )
}

const troubleOf = (state: RoomState): string | null => {
  if (state.ended) return text.room.ended
  if (state.host === null) return null
  const phase = state.links.get(state.host)?.phase
  if (phase === 'ready') return null
  return phase === 'lost' ? text.room.hostLost : text.room.waitingForHost
}

type ReadyProps = { commands: Commands; state: RoomState; link: string; created: boolean }

const Ready = ({ commands, state, link, created }: ReadyProps) => (
  <section class="ready" aria-labelledby="ready-title">
    <h2 id="ready-title">{created ? text.room.ready : text.room.alone}</h2>
    <p>{state.card.password === '' ? text.room.readyLeadOpen : text.room.readyLead}</p>
    <CopyLink commands={commands} link={link} shown />
  </section>
)
