/**
 * The settings of how others are reached: STUN and TURN servers of one's own, and hiding one's address behind a relay.
 */
import { useState } from 'preact/hooks'
import {
  type IceEntry,
  type IceServer,
  type IceTrouble,
  iceServersMax,
  isTurn,
  readIceEntry,
} from '../../../app/settings.ts'
import { texts } from '../../language.ts'
import type { Commands } from '../../model.ts'
import { Switch } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { relayMissing } from '../../selectors.ts'
import { ConnectionCheck } from './check.tsx'
import type { SettingsProps } from './settings.tsx'

export const ConnectionSettings = ({ model, commands }: SettingsProps) => {
  const { iceServers, relayOnly } = model.settings.value
  const missing = relayMissing(model.settings.value, model.serverRelays.value)
  return (
    <>
      <Switch
        label={texts().connection.relayOnly}
        hint={texts().connection.relayOnlyHint}
        on={relayOnly}
        change={on => commands.choose({ relayOnly: on })}
      />
      <div class="form-trouble" role="status">
        {missing && <p>{texts().connection.noRelay}</p>}
      </div>
      <section class="servers" aria-labelledby="own-servers">
        <h3 id="own-servers">{texts().connection.own}</h3>
        <p class="field-hint">{texts().connection.ownHint}</p>
        <ul>
          {iceServers.map((server, index) => (
            <Server
              key={`${index} ${server.urls.join()}`}
              server={server}
              commands={commands}
              remove={() => commands.choose({ iceServers: iceServers.filter(it => it !== server) })}
            />
          ))}
        </ul>
        {iceServers.length < iceServersMax && (
          <AddServer add={server => commands.choose({ iceServers: [...iceServers, server] })} />
        )}
      </section>
      <p class="field-hint">{texts().connection.fromNowOn}</p>
      <ConnectionCheck commands={commands} />
    </>
  )
}

type ServerProps = { server: IceServer; commands: Commands; remove: () => void }

/** Tried on request, since that tells the server our address. */
const Server = ({ server, commands, remove }: ServerProps) => {
  const [state, setState] = useState<'idle' | 'trying' | 'yes' | 'no'>('idle')
  const attempt = async (): Promise<void> => {
    setState('trying')
    setState(await commands.tryIceServer(server))
  }
  const address = server.urls.join(', ')
  return (
    <li class="server">
      <span class="server-words">
        <span class="server-address" dir="ltr">
          {address}
        </span>
        <span class={`server-state server-state-${state}`} role="status">
          {state !== 'idle' && texts().connection.tried[state]}
        </span>
      </span>
      <button
        type="button"
        class="button button-small"
        aria-disabled={state === 'trying'}
        onClick={() => void attempt()}
      >
        {texts().connection.attempt}
      </button>
      <button type="button" class="button button-icon" onClick={remove}>
        <Icon name="close" />
        <span class="sr-only">{texts().connection.remove(address)}</span>
      </button>
    </li>
  )
}

const empty: IceEntry = { url: '', username: '', credential: '' }

export const AddServer = ({ add }: { add: (server: IceServer) => void }) => {
  const [entry, setEntry] = useState(empty)
  const [trouble, setTrouble] = useState<IceTrouble | null>(null)
  const change = (part: Partial<IceEntry>): void => {
    setEntry({ ...entry, ...part })
    setTrouble(null)
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    const read = readIceEntry(entry)
    if (typeof read === 'string') return setTrouble(read)
    add(read)
    setEntry(empty)
  }
  const relay = isTurn(entry.url.trim())
  return (
    <form class="server-form" onSubmit={submit}>
      <Field
        label={texts().connection.address}
        hint={texts().connection.addressHint}
        trouble={trouble === 'no-address' ? texts().connection.noAddress : undefined}
        placeholder="turn:turn.example.org:3478"
        value={entry.url}
        input={url => change({ url })}
      />
      {relay && (
        <div class="server-account">
          <Field
            label={texts().connection.username}
            trouble={trouble === 'no-account' ? texts().connection.noAccount : undefined}
            value={entry.username}
            input={username => change({ username })}
          />
          <Field
            label={texts().connection.credential}
            value={entry.credential}
            input={credential => change({ credential })}
          />
        </div>
      )}
      <button type="submit" class="button">
        {texts().connection.add}
      </button>
    </form>
  )
}
