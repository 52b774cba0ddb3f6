/** The conversation: what was said and what happened, who is typing, and the field to write in. */
import { canSpeak } from '../../room/chat.ts'
import { nameOf } from '../../room/roster.ts'
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { OutdatedNotice } from '../parts/missing.tsx'
import { lazy } from '../parts/wrappers.tsx'
import { Compose } from './compose.tsx'
import { Log } from './log.tsx'

const FilesStrip = lazy(() => import('./files-strip.tsx').then(it => it.FilesStrip))

type Props = { model: Model; commands: Commands; state: RoomState; alone: boolean }

export const Chat = ({ model, commands, state, alone }: Props) => (
  <section class="chat" aria-label={texts().chat.log}>
    <Log model={model} commands={commands} state={state} empty={!alone && !state.ended} />
    <Typing state={state} />
    <OutdatedNotice />
    {model.files.value.next > 1 && <FilesStrip model={model} commands={commands.files} />}
    {!state.ended && (
      <Compose model={model} commands={commands} state={state} canSend={canSpeak(state)} alone={alone} />
    )}
  </section>
)

/** Not read out: it comes and goes too often for that. */
const Typing = ({ state }: { state: RoomState }) => {
  const names = [...state.typing.keys()].flatMap(id => {
    const name = nameOf(state, id)
    return name === undefined ? [] : [shownName(name)]
  })
  return <p class="typing">{names.length > 0 && texts().chat.typing(names)}</p>
}
