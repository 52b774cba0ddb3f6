/** Owns what can be said of the connection to one person: its way, and the code that proves it. */
import { useEffect, useState } from 'preact/hooks'
import type { Reach } from '../../room/people.ts'
import type { Commands, ConnectionShown } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { text } from '../text.ts'

type Props = {
  commands: Commands
  member: string
  name: string
  reach: Reach
  star: boolean
  close: () => void
}

export const SafetyDialog = ({ commands, member, name, reach, star, close }: Props) => {
  const [shown, setShown] = useState<ConnectionShown | null | 'asking'>('asking')
  useEffect(() => {
    let here = true
    void commands.connection(member).then(found => here && setShown(found))
    return () => {
      here = false
    }
  }, [member, reach])
  return (
    <Dialog title={text().safety.open(name)} close={close}>
      {reach === 'via-host' ? (
        <p>{text().safety.viaHost(name)}</p>
      ) : shown === null ? (
        <p>{text().safety.none}</p>
      ) : (
        shown !== 'asking' && <Shown connection={shown} star={star} />
      )}
    </Dialog>
  )
}

const Shown = ({ connection: { way, code }, star }: { connection: ConnectionShown; star: boolean }) => (
  <>
    {way !== null && <p>{way === 'direct' ? text().safety.direct : text().safety.relayed}</p>}
    {code === null ? (
      <p>{text().safety.noHttps}</p>
    ) : (
      <section class="safety" aria-labelledby="safety-code">
        <h3 id="safety-code">{text().safety.code}</h3>
        <p class="safety-code" dir="ltr">
          {code.map((group, index) => (
            <span key={index}>{group} </span>
          ))}
        </p>
        <p>{text().safety.lead}</p>
        <p>{text().safety.differs}</p>
        {star && <p class="field-hint">{text().safety.starHost}</p>}
      </section>
    )}
  </>
)
