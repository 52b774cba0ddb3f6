/** The list of people: who is here, and how well each is connected. */
import { useRef, useState } from 'preact/hooks'
import type { CallState } from '../../call/state.ts'
import type { RosterEntry } from '../../room/roster.ts'
import type { RoomOwner } from '../../room/state.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { useFocusAfterQuestion, useFocusInRows } from '../panels.ts'
import { Avatar, Icon } from '../parts/icon.tsx'
import { lazyDialog } from '../parts/wrappers.tsx'
import { personNow } from '../selectors.ts'
import { PersonMenu, RoomMenu } from './owner.tsx'

/** What can be asked about somebody, each in a window of its own. */
const questions = {
  safety: lazyDialog(() => import('./safety.tsx').then(({ SafetyDialog }) => SafetyDialog)),
  remove: lazyDialog(() => import('./owner-dialogs.tsx').then(({ RemoveDialog }) => RemoveDialog)),
  'hand-on': lazyDialog(() => import('./owner-dialogs.tsx').then(({ HandOnDialog }) => HandOnDialog)),
}

type Asked = { readonly what: keyof typeof questions; readonly person: RosterEntry }

type Props = {
  seen: readonly RosterEntry[]
  model: Model
  commands: Commands
  mayHost: boolean
  owner: RoomOwner | null
  /** What is to be said while what goes through the server is not sealed. */
  unsealed: string | null
}

/** `mayHost`: we have made the star, and somebody else holds it together now. */
export const People = ({ seen, model, commands, mayHost, owner, unsealed }: Props) => {
  const call = inCall(model.call.value)
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = (): void => setAsked(null)
  const list = useRef<HTMLUListElement>(null)
  useFocusInRows(list, '.person')
  useFocusAfterQuestion(list, asked !== null)
  // Beside the list: a question stays while the person whom it is about is away for a moment.
  const person = asked && personNow(seen, asked.person)
  const Question = asked && questions[asked.what]
  const owns = owner?.ours ?? false
  // Where our own page cannot encrypt, it is said once, of ourselves.
  const able = seen.every(it => it.connectionStatus !== 'self' || it.seal !== 'unable')
  return (
    <>
      <ul class="people" ref={list}>
        {seen.map(person => (
          <Row
            key={person.key}
            person={person}
            calls={call.has(person.key)}
            commands={commands}
            owns={owns}
            cannot={person.seal === 'unable' && (able || person.connectionStatus === 'self')}
            ask={what => setAsked({ what, person })}
          />
        ))}
      </ul>
      {person && Question && (
        <Question
          commands={commands}
          person={person}
          name={shownNameOf(person)}
          unsealed={unsealed}
          close={close}
        />
      )}
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

const shownNameOf = ({ name }: RosterEntry): string =>
  name === null ? texts().room.stranger : shownName(name)

type RowProps = {
  person: RosterEntry
  calls: boolean
  commands: Commands
  /** We own the room. */
  owns: boolean
  /** Their page does not support end-to-end encryption. */
  cannot: boolean
  ask: (what: Asked['what']) => void
}

const Row = ({ person, calls, commands, owns, cannot, ask }: RowProps) => {
  const name = shownNameOf(person)
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
          {calls && ` · ${person.callsDirectly ? texts().call.inCallDirectly : texts().call.inCall}`}
          {person.seal === 'failing' && ` · ${texts().hosted.failing}`}
          {cannot && ` · ${texts().hosted.cannot}`}
        </span>
      </span>
      <span class="person-acts">
        {person.name !== null && person.connectionStatus !== 'self' && (
          <button type="button" class="act" onClick={() => ask('safety')}>
            <Icon name="shield" />
            <span class="sr-only">{texts().safety.open(name)}</span>
          </button>
        )}
        {owns && person.connectionStatus !== 'self' && (
          <PersonMenu person={person} name={name} calls={calls} commands={commands} ask={ask} />
        )}
      </span>
    </li>
  )
}
