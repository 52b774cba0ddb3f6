/** Owns the roster: who is here, and how well each is reached. */
import { useState } from 'preact/hooks'
import type { CallState } from '../../call/state.ts'
import type { Seen } from '../../room/people.ts'
import { shownName } from '../format.ts'
import type { Commands, Model } from '../model.ts'
import { Face } from '../parts/face.tsx'
import { Icon } from '../parts/icon.tsx'
import { later } from '../parts/later.tsx'
import { text } from '../text.ts'

const SafetyDialog = later(() => import('./safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

type Props = { seen: readonly Seen[]; model: Model; commands: Commands; star: boolean }

export const People = ({ seen, model, commands, star }: Props) => {
  const call = inCall(model.call.value)
  return (
    <ul class="people">
      {seen.map(person => (
        <Row key={person.key} person={person} calls={call.has(person.key)} commands={commands} star={star} />
      ))}
    </ul>
  )
}

/** Their keys in the roster. */
const inCall = (call: CallState | null): ReadonlySet<string> => {
  const others = (call?.participants ?? []).map(({ member }) => member)
  return new Set(call && call.own.phase !== 'out' ? ['self', ...others] : others)
}

type RowProps = { person: Seen; calls: boolean; commands: Commands; star: boolean }

const Row = ({ person, calls, commands, star }: RowProps) => {
  const [open, setOpen] = useState(false)
  const name = person.name === null ? text().room.stranger : shownName(person.name)
  return (
    <li class={`person reach-${person.reach}`}>
      <Face name={name} />
      <span class="person-words">
        <span class="person-name">
          <bdi>{name}</bdi>
          {person.host && <span class="tag">{text().room.host}</span>}
        </span>
        <span class="person-reach">
          {text().reaches[person.reach]}
          {calls && ` · ${text().call.inCall}`}
        </span>
      </span>
      {person.name !== null && person.reach !== 'self' && (
        <button type="button" class="act person-safety" onClick={() => setOpen(true)}>
          <Icon name="shield" />
          <span class="sr-only">{text().safety.open(name)}</span>
        </button>
      )}
      {open && (
        <SafetyDialog
          commands={commands}
          member={person.key}
          name={name}
          reach={person.reach}
          star={star}
          close={() => setOpen(false)}
        />
      )}
    </li>
  )
}
