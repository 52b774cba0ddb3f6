/** The strip that says that others are in a call, with the button to join them. */
import type { RefObject } from 'preact'
import { nameOf } from '../../room/roster.ts'
import type { RoomState } from '../../room/state.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Model } from '../model.ts'
import { Avatar, Icon } from '../parts/icon.tsx'

type Props = {
  model: Model
  state: RoomState
  join: () => void
  entrance: RefObject<HTMLButtonElement | null>
}

export const CallStrip = ({ model, state, join, entrance }: Props) => {
  const participants = model.call.value?.participants ?? []
  const names = participants.map(({ member }) => shownName(nameOf(state, member) ?? texts().room.stranger))
  return (
    <section class="call-strip" aria-label={texts().call.area}>
      <div class="call-strip-faces" aria-hidden="true">
        {names.slice(0, 3).map((name, at) => (
          <Avatar key={at} name={name} />
        ))}
      </div>
      <p class="call-strip-words" role="status">
        {wordsFor(names)}
      </p>
      <button ref={entrance} type="button" class="button button-strong" onClick={join}>
        <Icon name="call" />
        {texts().call.join}
      </button>
    </section>
  )
}

const wordsFor = ([first = '', second, ...more]: readonly string[]): string => {
  if (second === undefined) return texts().call.inIt(first, 0)
  return more.length === 0 ? texts().call.inItTwo(first, second) : texts().call.inIt(first, more.length + 1)
}
