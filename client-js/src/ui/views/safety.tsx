/** What can be told of the connection to one person: whether it is direct, and the code that proves it. */
import { useEffect, useState } from 'preact/hooks'
import type { RosterEntry } from '../../room/roster.ts'
import { texts } from '../language.ts'
import type { Commands, ConnectionShown } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'

type Props = {
  commands: Commands
  person: Pick<RosterEntry, 'key' | 'connectionStatus' | 'seal' | 'callsDirectly'>
  name: string
  /** What is to be said while what goes through a host is not sealed. */
  unsealed: string | null
  close: () => void
}

export const SafetyDialog = ({ commands, person, name, unsealed, close }: Props) => {
  const { key: member, connectionStatus, seal, callsDirectly } = person
  const [shown, setShown] = useState<ConnectionShown | null | 'asking'>('asking')
  useEffect(() => {
    let here = true
    void commands.connection(member).then(found => here && setShown(found))
    return () => {
      here = false
    }
  }, [member, connectionStatus, seal, callsDirectly])
  const through = throughWords(person, name)
  const sealed = through !== null && seal === 'agreed'
  return (
    <Dialog title={texts().safety.open(name)} close={close}>
      {through !== null && <p>{through}</p>}
      {sealed && unsealed !== null && <p>{unsealed}</p>}
      {callsDirectly && <p>{texts().safety.callDirect(name)}</p>}
      {through !== null && !sealed ? null : shown === null ? (
        <p>{texts().safety.none}</p>
      ) : (
        shown !== 'asking' && <Shown connection={shown} />
      )}
    </Dialog>
  )
}

/** Where neither a connection leads to them nor keys have been agreed on there is nothing to compare. */
const throughWords = (
  { connectionStatus, seal }: Pick<RosterEntry, 'connectionStatus' | 'seal'>,
  name: string,
): string | null => {
  const { safety, notices } = texts()
  const [server, host] = [connectionStatus === 'via-server', connectionStatus === 'via-host']
  if (seal === 'pending') return safety.agreeing(name)
  if (seal === 'failing') return notices['keys-missing'](name)
  if (server) return (seal === 'agreed' ? safety.viaServerSealed : safety.viaServer)(name)
  if (host) return (seal === 'agreed' ? safety.viaHostSealed : safety.viaHost)(name)
  return null
}

const routeWords = (route: NonNullable<ConnectionShown['route']>): string => {
  if (route === 'direct') return texts().safety.direct
  const [, over] = route.split('-')
  return texts().safety.relayed(over === undefined ? '' : ` (${over.toUpperCase()})`)
}

const Shown = ({ connection: { route, code } }: { connection: ConnectionShown }) => (
  <>
    {route !== null && <p>{routeWords(route)}</p>}
    {code === null ? (
      <p>{texts().safety.noHttps}</p>
    ) : (
      <section class="safety" aria-labelledby="safety-code">
        <h3 id="safety-code">{texts().safety.code}</h3>
        <p class="safety-code" dir="ltr">
          {code.map((group, index) => (
            <span key={index}>{group} </span>
          ))}
        </p>
        <p>{texts().safety.lead}</p>
        <p>{texts().safety.differs}</p>
      </section>
    )}
  </>
)
