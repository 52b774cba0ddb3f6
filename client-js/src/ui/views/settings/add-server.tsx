/** Owns the form for a STUN or TURN server of one's own: what is wrong with an entry is said at its field. */
import { useState } from 'preact/hooks'
import { type IceEntry, type IceServer, type IceTrouble, readIceEntry } from '../../../settings.ts'
import { Field } from '../../parts/field.tsx'
import { text } from '../../text.ts'

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
  const relay = /^\s*turns?:/i.test(entry.url)
  return (
    <form class="server-form" onSubmit={submit}>
      <Field
        label={text().connection.address}
        hint={text().connection.addressHint}
        trouble={trouble === 'no-address' ? text().connection.noAddress : undefined}
        placeholder="turn:turn.example.org:3478"
        value={entry.url}
        input={url => change({ url })}
      />
      {relay && (
        <div class="server-account">
          <Field
            label={text().connection.username}
            trouble={trouble === 'no-account' ? text().connection.noAccount : undefined}
            value={entry.username}
            input={username => change({ username })}
          />
          <Field
            label={text().connection.credential}
            value={entry.credential}
            input={credential => change({ credential })}
          />
        </div>
      )}
      <button type="submit" class="button">
        {text().connection.add}
      </button>
    </form>
  )
}
