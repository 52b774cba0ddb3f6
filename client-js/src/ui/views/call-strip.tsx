/** Owns the line that says that others are in a call, and the way in. */
import type { RefObject } from 'preact'
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import type { Model } from '../model.ts'
import { Face } from '../parts/face.tsx'
import { Icon } from '../parts/icon.tsx'
import { text } from '../text.ts'

type Props = {
  model: Model
  state: RoomState
  join: () => void
  entrance: RefObject<HTMLButtonElement | null>
}

export const CallStrip = ({ model, state, join, entrance }: Props) => {
  const participants = model.call.value?.participants ?? []
  const names = participants.map(({ member }) =>
    shownName(state.members.get(member)?.name ?? text().room.stranger),
  )
  return (
    <section class="call-strip" aria-label={text().call.area}>
      <div class="call-strip-faces" aria-hidden="true">
        {names.slice(0, 3).map((name, at) => (
          <Face key={at} name={name} />
        ))}
      </div>
      <p class="call-strip-words" role="status">
        {wordsFor(names)}
      </p>
      <button ref={entrance} type="button" class="button button-strong" onClick={join}>
        <Icon name="call" />
        {text().call.join}
      </button>
    </section>
  )
}

const wordsFor = ([first = '', second, ...more]: readonly string[]): string => {
  if (second === undefined) return text().call.inIt(first, 0)
  return more.length === 0 ? text().call.inItTwo(first, second) : text().call.inIt(first, more.length + 1)
}
