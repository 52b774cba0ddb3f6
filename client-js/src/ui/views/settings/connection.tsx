/** Owns the settings of how others are reached: servers of one's own, and hiding one's address behind a relay. */
import { useState } from 'preact/hooks'
import { type IceServer, iceServersMax } from '../../../settings.ts'
import type { Commands } from '../../model.ts'
import { Switch } from '../../parts/choice.tsx'
import { Icon } from '../../parts/icon.tsx'
import { relayMissing } from '../../relay.ts'
import { text } from '../../text.ts'
import type { SettingsProps } from '../settings.tsx'
import { AddServer } from './add-server.tsx'

export const ConnectionSettings = ({ model, commands }: SettingsProps) => {
  const { iceServers, relayOnly } = model.settings.value
  const missing = relayMissing(model.settings.value, model.serverRelays.value)
  return (
    <>
      <Switch
        label={text().connection.relayOnly}
        hint={text().connection.relayOnlyHint}
        on={relayOnly}
        change={on => commands.choose({ relayOnly: on })}
      />
      <div class="form-trouble" role="status">
        {missing && <p>{text().connection.noRelay}</p>}
      </div>
      <section class="servers" aria-labelledby="own-servers">
        <h3 id="own-servers">{text().connection.own}</h3>
        <p class="field-hint">{text().connection.ownHint}</p>
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
      <p class="field-hint">{text().connection.fromNowOn}</p>
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
          {state !== 'idle' && text().connection.tried[state]}
        </span>
      </span>
      <button
        type="button"
        class="button button-small"
        aria-disabled={state === 'trying'}
        onClick={() => void attempt()}
      >
        {text().connection.attempt}
      </button>
      <button type="button" class="button button-icon" onClick={remove}>
        <Icon name="close" />
        <span class="sr-only">{text().connection.remove(address)}</span>
      </button>
    </li>
  )
}
