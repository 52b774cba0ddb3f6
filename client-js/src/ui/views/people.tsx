/** Owns the roster: who is here, and how well each is reached. */
import { useState } from 'preact/hooks'
import type { Seen } from '../../room/people.ts'
import { shownName } from '../format.ts'
import type { Commands } from '../model.ts'
import { Face } from '../parts/face.tsx'
import { Icon } from '../parts/icon.tsx'
import { later } from '../parts/later.tsx'
import { text } from '../text.ts'

const SafetyDialog = later(() => import('./safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

type Props = { seen: readonly Seen[]; commands: Commands; star: boolean }

export const People = ({ seen, commands, star }: Props) => (
  <ul class="people">
    {seen.map(person => (
      <Row key={person.key} person={person} commands={commands} star={star} />
    ))}
  </ul>
)

const Row = ({ person, commands, star }: { person: Seen; commands: Commands; star: boolean }) => {
  const [open, setOpen] = useState(false)
  const name = person.name === null ? text.room.stranger : shownName(person.name)
  return (
    <li class={`person reach-${person.reach}`}>
      <Face name={name} />
      <span class="person-words">
        <span class="person-name">
          <bdi>{name}</bdi>
          {person.host && <span class="tag">{text.room.host}</span>}
        </span>
        <span class="person-reach">{text.reaches[person.reach]}</span>
      </span>
      {person.name !== null && person.reach !== 'self' && (
        <button type="button" class="act person-safety" onClick={() => setOpen(true)}>
          <Icon name="shield" />
          <span class="sr-only">{text.safety.open(name)}</span>
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
