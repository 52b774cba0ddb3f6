/** What can be told of the connection to one person: whether it is direct, and the code that proves it. */
import { useEffect, useState } from 'preact/hooks'
import type { RosterEntry } from '../../room/roster.ts'
import { texts } from '../language.ts'
import type { Commands, ConnectionShown } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'

type Props = {
  commands: Commands
  person: Pick<RosterEntry, 'key' | 'connectionStatus'>
  name: string
  star: boolean
  close: () => void
}

export const SafetyDialog = ({ commands, person, name, star, close }: Props) => {
  const { key: member, connectionStatus } = person
  const [shown, setShown] = useState<ConnectionShown | null | 'asking'>('asking')
  useEffect(() => {
    let here = true
    void commands.connection(member).then(found => here && setShown(found))
    return () => {
      here = false
    }
  }, [member, connectionStatus])
  const through = throughWords(connectionStatus, name)
  return (
    <Dialog title={texts().safety.open(name)} close={close}>
      {through !== null ? (
        <p>{through}</p>
      ) : shown === null ? (
        <p>{texts().safety.none}</p>
      ) : (
        shown !== 'asking' && <Shown connection={shown} star={star} />
      )}
    </Dialog>
  )
}

/** Where no connection leads to them there is nothing to compare. */
const throughWords = (status: RosterEntry['connectionStatus'], name: string): string | null => {
  if (status === 'via-server') return texts().safety.viaServer(name)
  return status === 'via-host' ? texts().safety.viaHost(name) : null
}

const routeWords = (route: NonNullable<ConnectionShown['route']>): string => {
  if (route === 'direct') return texts().safety.direct
  const [, over] = route.split('-')
  return texts().safety.relayed(over === undefined ? '' : ` (${over.toUpperCase()})`)
}

const Shown = ({ connection: { route, code }, star }: { connection: ConnectionShown; star: boolean }) => (
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
        {star && <p class="field-hint">{texts().safety.starHost}</p>}
      </section>
    )}
  </>
)
