/** The list of people: who is here, and how well each is connected. */
import { useState } from 'preact/hooks'
import type { CallState } from '../../call/state.ts'
import type { RosterEntry } from '../../room/roster.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Avatar, Icon } from '../parts/icon.tsx'
import { lazy } from '../parts/wrappers.tsx'

const SafetyDialog = lazy(() => import('./safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

type Props = {
  seen: readonly RosterEntry[]
  model: Model
  commands: Commands
  star: boolean
  mayHost: boolean
}

/** `mayHost`: we have made the star, and somebody else holds it together now. */
export const People = ({ seen, model, commands, star, mayHost }: Props) => {
  const call = inCall(model.call.value)
  return (
    <>
      <ul class="people">
        {seen.map(person => (
          <Row
            key={person.key}
            person={person}
            calls={call.has(person.key)}
            commands={commands}
            star={star}
          />
        ))}
      </ul>
      {mayHost && (
        <button type="button" class="button people-host" onClick={commands.takeHost}>
          {texts().room.takeHost}
        </button>
      )}
    </>
  )
}

/** Their keys in the roster. */
const inCall = (call: CallState | null): ReadonlySet<string> => {
  const others = (call?.participants ?? []).map(({ member }) => member)
  return new Set(call && call.own.phase !== 'out' ? ['self', ...others] : others)
}

type RowProps = { person: RosterEntry; calls: boolean; commands: Commands; star: boolean }

const Row = ({ person, calls, commands, star }: RowProps) => {
  const [open, setOpen] = useState(false)
  const name = person.name === null ? texts().room.stranger : shownName(person.name)
  return (
    <li class={`person reach-${person.connectionStatus}`}>
      <Avatar name={name} />
      <span class="person-words">
        <span class="person-name">
          <bdi>{name}</bdi>
          {person.host && <span class="tag">{texts().room.host}</span>}
        </span>
        <span class="person-reach">
          {texts().reaches[person.connectionStatus]}
          {calls && ` · ${texts().call.inCall}`}
        </span>
      </span>
      {person.name !== null && person.connectionStatus !== 'self' && (
        <button type="button" class="act person-safety" onClick={() => setOpen(true)}>
          <Icon name="shield" />
          <span class="sr-only">{texts().safety.open(name)}</span>
        </button>
      )}
      {open && (
        <SafetyDialog
          commands={commands}
          member={person.key}
          name={name}
          connectionStatus={person.connectionStatus}
          star={star}
          close={() => setOpen(false)}
        />
      )}
    </li>
  )
}
