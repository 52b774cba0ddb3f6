/** The head of a room: its name, the state of the server, and what can be opened from there. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import type { Panels } from '../panels.ts'
import { ServerState, SettingsButton } from '../parts/frame.tsx'
import { Icon, Logo } from '../parts/icon.tsx'
import { PanelButton } from '../parts/panel.tsx'
import { leaveGuard } from '../selectors.ts'

type Props = {
  model: Model
  commands: Commands
  state: RoomState
  panels: Panels
  people: number
  /** Room for what else belongs to this room. */
  children?: ComponentChildren
}

export const RoomHead = ({ model, commands, state, panels, people, children }: Props) => {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const { card } = state
  const leave = (): void => leaveOrAsk(model, commands, state)
  return (
    <header class="room-head" inert={panels.covers}>
      <Logo />
      <div class="room-names">
        <h1 ref={title} tabIndex={-1}>
          <bdi>{shownName(card.name)}</bdi>
        </h1>
        <p class="room-kind">
          <Icon name={card.kind} />
          {texts().create[card.kind]}
        </p>
      </div>
      <RoomServerState model={model} state={state} />
      <div class="room-buttons">
        {children}
        <PanelButton panels={panels} panel="people" label={texts().room.people}>
          <Icon name="people" />
          <span aria-hidden="true">{people}</span>
        </PanelButton>
        <SettingsButton model={model} />
        <button type="button" class="button button-leave" onClick={leave}>
          <Icon name="leave" />
          <span class="button-words">{texts().room.leave}</span>
        </button>
      </div>
    </header>
  )
}

/** At once where nobody loses anything by it. */
export const leaveOrAsk = (model: Model, commands: Commands, state: RoomState): void => {
  if (leaveGuard(state, model.files.peek()) === null) commands.leave()
  else model.dialog.value = 'leave'
}

/** Can somebody still come in by the link? */
export const admits = (state: RoomState): boolean => !state.ended && state.membership.type !== 'rejected'

/** A line that is up helps nobody once the server has forgotten the room. */
const RoomServerState = ({ model, state }: { model: Model; state: RoomState }) => {
  if (admits(state)) return <ServerState model={model} />
  return (
    <p class="state state-closed" role="status">
      <span class="state-words">{state.ended ? texts().server.ended : texts().server.roomGone}</span>
    </p>
  )
}
