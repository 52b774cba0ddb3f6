/** Owns the room as a whole: where its head, its conversation and its people stand, and what is wrong with it, in words. */
import { canSpeak } from '../../room/chat.ts'
import { people } from '../../room/people.ts'
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import type { Commands, Model, View } from '../model.ts'
import { usePanels } from '../panels.ts'
import { CopyLink } from '../parts/copy.tsx'
import { Drop } from '../parts/drop.tsx'
import { Panel } from '../parts/panel.tsx'
import { text } from '../text.ts'
import { Chat } from './chat.tsx'
import { People } from './people.tsx'
import { Ready } from './ready.tsx'
import { admits, RoomHead } from './room-head.tsx'

type Props = { model: Model; commands: Commands; view: Extract<View, { kind: 'room' }> }

export const RoomView = ({ model, commands, view }: Props) => {
  const { state, invitation, created } = view
  const panels = usePanels('people')
  const seen = people(state)
  const alone = seen.length === 1
  return (
    <div class="room">
      {!state.ended && (
        <Drop room={shownName(state.card.name)} ready={canSpeak(state)} commands={commands.files} />
      )}
      <RoomHead model={model} commands={commands} state={state} panels={panels} people={seen.length} />
      <main class="talk" inert={panels.covers}>
        <Trouble state={state} />
        {alone && admits(state) && (
          <Ready commands={commands} state={state} link={invitation} created={created} />
        )}
        <Chat model={model} commands={commands} state={state} alone={alone} />
      </main>
      <Panel
        panels={panels}
        panel="people"
        title={text.room.people}
        note={text.room.peopleCount(seen.length, state.card.peersMax)}
      >
        <People seen={seen} />
        {!alone && admits(state) && <CopyLink commands={commands} link={invitation} />}
      </Panel>
    </div>
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
