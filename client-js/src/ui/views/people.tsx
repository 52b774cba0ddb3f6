/** The list of people: who is here, and how well each is connected. */
import { useState } from 'preact/hooks'
import type { CallState } from '../../call/state.ts'
import type { RosterEntry } from '../../room/roster.ts'
import type { RoomOwner } from '../../room/state.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Avatar, Icon } from '../parts/icon.tsx'
import { lazy } from '../parts/wrappers.tsx'
import { PersonMenu, RoomMenu } from './owner.tsx'

const SafetyDialog = lazy(() => import('./safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

type Props = {
  seen: readonly RosterEntry[]
  model: Model
  commands: Commands
  star: boolean
  mayHost: boolean
  owner: RoomOwner | null
}

/** `mayHost`: we have made the star, and somebody else holds it together now. */
export const People = ({ seen, model, commands, star, mayHost, owner }: Props) => {
  const call = inCall(model.call.value)
  const owns = owner?.ours ?? false
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
            owns={owns}
          />
        ))}
      </ul>
      {owner?.locked && <p class="field-hint">{texts().owner.isLocked}</p>}
      {owner?.waits && <p class="field-hint">{texts().owner.isWaiting}</p>}
      {owner?.ours && <RoomMenu model={model} commands={commands} owner={owner} call={call.size > 0} />}
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

type RowProps = {
  person: RosterEntry
  calls: boolean
  commands: Commands
  star: boolean
  /** We own the room. */
  owns: boolean
}

const Row = ({ person, calls, commands, star, owns }: RowProps) => {
  const [open, setOpen] = useState(false)
  const name = person.name === null ? texts().room.stranger : shownName(person.name)
  return (
    <li class={`person reach-${person.connectionStatus}`}>
      <Avatar name={name} />
      <span class="person-words">
        <span class="person-name">
          <bdi>{name}</bdi>
          {person.host && <span class="tag">{texts().room.host}</span>}
          {person.owner && <span class="tag">{texts().owner.tag}</span>}
        </span>
        <span class="person-reach">
          {texts().reaches[person.connectionStatus]}
          {calls && ` · ${texts().call.inCall}`}
        </span>
      </span>
      <span class="person-acts">
        {person.name !== null && person.connectionStatus !== 'self' && (
          <button type="button" class="act" onClick={() => setOpen(true)}>
            <Icon name="shield" />
            <span class="sr-only">{texts().safety.open(name)}</span>
          </button>
        )}
        {owns && person.connectionStatus !== 'self' && (
          <PersonMenu person={person} name={name} calls={calls} commands={commands} />
        )}
      </span>
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
