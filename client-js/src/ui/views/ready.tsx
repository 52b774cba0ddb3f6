/** Owns what stands where the conversation will be, as long as nobody else is there: the link, and how to hand it on. */
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import type { Commands } from '../model.ts'
import { CopyLink } from '../parts/copy.tsx'
import { HandOn } from '../parts/hand-on.tsx'
import { text } from '../text.ts'

type Props = { commands: Commands; state: RoomState; link: string; created: boolean }

export const Ready = ({ commands, state, link, created }: Props) => (
  <section class="ready" aria-labelledby="ready-title">
    <h2 id="ready-title">{created ? text().room.ready : text().room.alone}</h2>
    <p>{state.card.password === '' ? text().room.readyLeadOpen : text().room.readyLead}</p>
    <CopyLink commands={commands} link={link} shown />
    <HandOn
      commands={commands}
      link={link}
      room={shownName(state.card.name)}
      locked={state.card.password !== ''}
    />
  </section>
)
