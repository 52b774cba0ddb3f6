/** Owns the roster: who is here, and how well each is reached. */
import type { Seen } from '../../room/people.ts'
import { shownName } from '../format.ts'
import { Face } from '../parts/face.tsx'
import { text } from '../text.ts'

export const People = ({ seen }: { seen: readonly Seen[] }) => (
  <ul class="people">
    {seen.map(person => (
      <Row key={person.key} person={person} />
    ))}
  </ul>
)

const Row = ({ person }: { person: Seen }) => {
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
    </li>
  )
}
