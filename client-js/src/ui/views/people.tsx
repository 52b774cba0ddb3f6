/** The list of people: who is here, and how well each is connected. */
import { useState } from 'preact/hooks'
import type { CallState } from '../../call/state.ts'
import type { RosterEntry } from '../../room/roster.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Avatar, Icon } from '../parts/icon.tsx'
import { lazyDialog } from '../parts/wrappers.tsx'
import { personNow } from '../selectors.ts'

const SafetyDialog = lazyDialog(() => import('./safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

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
  const [asked, setAsked] = useState<RosterEntry | null>(null)
  const proved = asked && personNow(seen, asked)
  return (
    <>
      <ul class="people">
        {seen.map(person => (
          <Row key={person.key} person={person} calls={call.has(person.key)} prove={() => setAsked(person)} />
        ))}
      </ul>
      {proved && (
        <SafetyDialog
          commands={commands}
          member={proved.key}
          name={shownNameOf(proved)}
          connectionStatus={proved.connectionStatus}
          star={star}
          close={() => setAsked(null)}
        />
      )}
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

const shownNameOf = ({ name }: RosterEntry): string =>
  name === null ? texts().room.stranger : shownName(name)

type RowProps = { person: RosterEntry; calls: boolean; prove: () => void }

const Row = ({ person, calls, prove }: RowProps) => {
  const name = shownNameOf(person)
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
        <button type="button" class="act person-safety" onClick={prove}>
          <Icon name="shield" />
          <span class="sr-only">{texts().safety.open(name)}</span>
        </button>
      )}
    </li>
  )
}
