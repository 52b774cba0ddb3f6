/** The questions that a room's owner is asked: why somebody is removed, whether the room ends, and what it is to be. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { reasonUnitsMax } from '../../base/text.ts'
import type { RosterEntry } from '../../room/roster.ts'
import type { RoomState } from '../../room/state.ts'
import { texts } from '../language.ts'
import { type Commands, type Model, passwordUnitsMax, roomNameUnitsMax } from '../model.ts'
import { PeersMax } from '../parts/choice.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'

type AskProps = {
  title: string
  yes: string
  danger?: boolean
  close: () => void
  /** Whether the server has heard of it. */
  done: () => Promise<boolean>
  children: ComponentChildren
}

/** Stays open, and says so, where nothing came of it. */
const Ask = ({ title, yes, danger, close, done, children }: AskProps) => {
  const [state, setState] = useState<'open' | 'busy' | 'failed'>('open')
  const submit = (event: Event): void => {
    event.preventDefault()
    if (state === 'busy') return
    setState('busy')
    void done().then(heard => (heard ? close() : setState('failed')))
  }
  return (
    <Dialog title={title} close={close} focus="input, [type=submit]">
      <form class="ask" onSubmit={submit}>
        {children}
        <div class="form-trouble" role="alert">
          {state === 'failed' && <p>{texts().owner.failed}</p>}
        </div>
        <div class="dialog-choice">
          <button type="button" class="button" onClick={close}>
            {texts().owner.cancel}
          </button>
          <button
            type="submit"
            class={danger ? 'button button-danger' : 'button button-strong'}
            aria-disabled={state === 'busy'}
          >
            {yes}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

type PersonProps = { commands: Commands; person: RosterEntry; name: string; close: () => void }

export const RemoveDialog = ({ commands, person, name, close }: PersonProps) => {
  const [reason, setReason] = useState('')
  const words = texts().owner
  return (
    <Ask
      title={words.removeTitle(name)}
      yes={words.removeYes}
      danger
      close={close}
      done={() => commands.owner.remove(person, reason.trim())}
    >
      <p>{words.removeLead}</p>
      <Reason value={reason} input={setReason} />
    </Ask>
  )
}

export const HandOnDialog = ({ commands, person, name, close }: PersonProps) => (
  <Ask
    title={texts().owner.handOnTitle(name)}
    yes={texts().owner.handOnYes}
    close={close}
    done={() => commands.owner.handOn(person)}
  >
    <p>{texts().owner.handOnLead}</p>
  </Ask>
)

type Props = { model: Model; commands: Commands; close: () => void }

export const EndDialog = ({ commands, close }: Props) => {
  const [reason, setReason] = useState('')
  const words = texts().owner
  return (
    <Ask
      title={words.endTitle}
      yes={words.end}
      danger
      close={close}
      done={() => commands.owner.end(reason.trim())}
    >
      <p>{words.endLead}</p>
      <Reason value={reason} input={setReason} />
    </Ask>
  )
}

const Reason = ({ value, input }: { value: string; input: (value: string) => void }) => (
  <Field
    label={texts().owner.reason}
    hint={texts().owner.reasonHint}
    value={value}
    unitsMax={reasonUnitsMax}
    input={input}
  />
)

export const ChangeDialog = ({ model, commands, close }: Props) => {
  const view = model.view.value
  return view.kind === 'room' ? <Change card={view.state.card} commands={commands} close={close} /> : null
}

const Change = ({ card, commands, close }: Omit<Props, 'model'> & { card: RoomState['card'] }) => {
  const [name, setName] = useState(card.name)
  const [password, setPassword] = useState(card.password)
  const [peersMax, setPeersMax] = useState(card.peersMax)
  const words = texts().owner
  return (
    <Ask
      title={words.changeTitle}
      yes={words.save}
      close={close}
      done={() =>
        commands.owner.change({
          name: name.trim() || card.name,
          password: password.normalize('NFC'),
          peersMax,
        })
      }
    >
      <Field label={texts().create.roomName} value={name} unitsMax={roomNameUnitsMax} input={setName} />
      <Field
        label={texts().create.password}
        hint={words.passwordHint}
        value={password}
        unitsMax={passwordUnitsMax}
        input={setPassword}
        beside={
          <button type="button" class="button" onClick={() => setPassword(commands.generatePassword())}>
            {texts().create.generate}
          </button>
        }
      />
      <PeersMax value={peersMax} change={setPeersMax} />
    </Ask>
  )
}
