/** The first view: who you are, and the two ways into a room. */
import { useRef, useState } from 'preact/hooks'
import { ownNameUnitsMax } from '../../app/settings.ts'
import { isTouch } from '../browser.ts'
import { texts } from '../language.ts'
import { type Commands, type Model, roomNameUnitsMax } from '../model.ts'
import { Field } from '../parts/field.tsx'
import { FormTrouble, Frame, fieldTrouble, Submit } from '../parts/frame.tsx'
import { lazy } from '../parts/wrappers.tsx'

/** Whoever comes for the first time knows none. */
const KnownRooms = lazy(() => import('./rooms.tsx').then(({ KnownRooms }) => KnownRooms))
const Options = lazy(() => import('./create-options.tsx').then(({ Options }) => Options))

type Props = { model: Model; commands: Commands }

export const Start = ({ model, commands }: Props) => {
  const start = useRef<HTMLDivElement>(null)
  /** Whoever has no name yet is asked for it first. */
  const first = useRef(model.userName.peek() === '')
  /** On to where there is something to be done next. */
  const named = (event: Event): void => {
    event.preventDefault()
    if (model.join.value.room.trim() !== '') commands.join('join')
    else start.current?.querySelector<HTMLInputElement>('.start-create input')?.focus()
  }
  return (
    <Frame model={model}>
      <div class="start" ref={start}>
        <div class="start-lead">
          <h1>{texts().start.title}</h1>
          <p>{texts().start.lead}</p>
        </div>
        <form class="start-name" onSubmit={named}>
          <NameField model={model} autofocus={first.current && !isTouch()} />
        </form>
        <CreateRoom model={model} commands={commands} />
        <JoinRoom model={model} commands={commands} />
        {model.rooms.value.length > 0 && <KnownRooms model={model} commands={commands} />}
      </div>
    </Frame>
  )
}

export const NameField = ({ model, autofocus }: { model: Model; autofocus?: boolean }) => (
  <Field
    label={texts().start.yourName}
    hint={texts().start.yourNameHint}
    trouble={fieldTrouble(model, 'no-name')}
    value={model.userName.value}
    unitsMax={ownNameUnitsMax}
    autocomplete="nickname"
    autofocus={autofocus ?? false}
    input={name => {
      model.userName.value = name
    }}
  />
)

const CreateRoom = ({ model, commands }: Props) => {
  const form = model.create.value
  const name = form.name.trim() || defaultName(model)
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.create(name)
  }
  return (
    <form class="card start-create" onSubmit={submit} aria-labelledby="create-title">
      <h2 id="create-title">{texts().create.title}</h2>
      <p class="card-lead">{texts().create.lead}</p>
      <Field
        label={texts().create.roomName}
        value={form.name}
        unitsMax={roomNameUnitsMax}
        placeholder={defaultName(model)}
        input={name => {
          model.create.value = { ...form, name }
        }}
      />
      <MoreOptions model={model} commands={commands} name={name} />
      <FormTrouble model={model} where="create" />
      <Submit model={model} where="create" label={texts().create.submit} busy={texts().create.busy} />
    </form>
  )
}

type OptionsProps = { model: Model; commands: Commands; name: string }

/**
 * What most rooms can do without, so that the button that makes one is in sight on a phone. It is loaded when it is opened.
 */
const MoreOptions = (props: OptionsProps) => {
  const [open, setOpen] = useState(false)
  return (
    <details class="more-options" onToggle={event => event.currentTarget.open && setOpen(true)}>
      <summary>
        {texts().create.options}
        <span class="more-options-hint">{texts().create.optionsHint}</span>
      </summary>
      {open && <Options {...props} />}
    </details>
  )
}

/** A long name leaves no room for the rest. */
const defaultName = (model: Model): string => {
  const named = texts().create.defaultName(model.userName.value.trim())
  return named.length <= roomNameUnitsMax ? named : texts().create.defaultName('')
}

const JoinRoom = ({ model, commands }: Props) => {
  const form = model.join.value
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.join('join')
  }
  const room = (value: string): void => {
    model.join.value = { ...form, room: value }
    model.trouble.value = null
    if (/https?:/i.test(value)) commands.pasted(value)
  }
  return (
    <form class="card start-join" onSubmit={submit} aria-labelledby="join-title">
      <h2 id="join-title">{texts().join.title}</h2>
      <p class="card-lead">{texts().join.lead}</p>
      <Field
        label={texts().join.room}
        value={form.room}
        trouble={fieldTrouble(model, 'not-a-room', 'join')}
        input={room}
      />
      <PasswordField model={model} where="join" />
      <FormTrouble model={model} where="join" />
      <Submit model={model} where="join" label={texts().join.submit} busy={texts().join.busy} />
    </form>
  )
}

export const PasswordField = ({ model, where }: { model: Model; where: 'join' | 'invited' }) => (
  <Field
    label={texts().join.password}
    hint={where === 'join' ? texts().join.passwordHint : undefined}
    trouble={fieldTrouble(model, 'wrong-password', where) ?? fieldTrouble(model, 'no-password', where)}
    value={model.join.value.password}
    unitsMax={100}
    input={password => {
      model.join.value = { ...model.join.value, password }
    }}
  />
)
