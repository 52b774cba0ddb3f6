/** The first view: who you are, and the two ways into a room. */
import { useRef } from 'preact/hooks'
import { ownNameUnitsMax } from '../../app/settings.ts'
import { isTouch } from '../browser.ts'
import { texts } from '../language.ts'
import { type Commands, type CreateForm, type Model, passwordUnitsMax, roomNameUnitsMax } from '../model.ts'
import { Field } from '../parts/field.tsx'
import { FormTrouble, Frame, fieldTrouble, Submit } from '../parts/frame.tsx'
import { Icon } from '../parts/icon.tsx'
import { lazy } from '../parts/wrappers.tsx'

/** Whoever comes for the first time knows none. */
const KnownRooms = lazy(() => import('./rooms.tsx').then(({ KnownRooms }) => KnownRooms))

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
  const change: Change = part => {
    model.create.value = { ...form, ...part }
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.create(form.name.trim() || defaultName(model))
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
        input={name => change({ name })}
      />
      <MoreOptions form={form} change={change} commands={commands} />
      <FormTrouble model={model} where="create" />
      <Submit model={model} where="create" label={texts().create.submit} busy={texts().create.busy} />
    </form>
  )
}

type Change = (part: Partial<CreateForm>) => void
type OptionsProps = { form: CreateForm; change: Change; commands: Commands }

/** What most rooms can do without, so that the button that makes one is in sight on a phone. */
const MoreOptions = ({ form, change, commands }: OptionsProps) => (
  <details class="more-options">
    <summary>
      {texts().create.options}
      <span class="more-options-hint">{texts().create.optionsHint}</span>
    </summary>
    <div class="more-options-fields">
      <fieldset class="kinds">
        <legend>{texts().create.kind}</legend>
        <Kind form={form} kind="mesh" change={change} />
        <Kind form={form} kind="star" change={change} />
      </fieldset>
      <Field
        label={texts().create.password}
        hint={texts().create.passwordHint}
        value={form.password}
        unitsMax={passwordUnitsMax}
        input={password => change({ password })}
        beside={
          <button
            type="button"
            class="button"
            onClick={() => change({ password: commands.generatePassword() })}
          >
            {texts().create.generate}
          </button>
        }
      />
      <PeersMax value={form.peersMax} change={peersMax => change({ peersMax })} />
    </div>
  </details>
)

/** A long name leaves no room for the rest. */
const defaultName = (model: Model): string => {
  const named = texts().create.defaultName(model.userName.value.trim())
  return named.length <= roomNameUnitsMax ? named : texts().create.defaultName('')
}

type KindProps = { form: CreateForm; kind: CreateForm['kind']; change: Change }

const Kind = ({ form, kind, change }: KindProps) => (
  <label class="kind">
    <input type="radio" name="kind" checked={form.kind === kind} onChange={() => change({ kind })} />
    <Icon name={kind} />
    <span class="kind-words">
      <span class="kind-name">{texts().create[kind]}</span>
      <span class="kind-lead">{kind === 'mesh' ? texts().create.meshLead : texts().create.starLead}</span>
    </span>
  </label>
)

export const PeersMax = ({ value, change }: { value: number; change: (value: number) => void }) => (
  <div class="field">
    <label for="peers-max">{texts().create.peersMax}</label>
    <div class="range">
      <input
        id="peers-max"
        type="range"
        min="2"
        max="20"
        value={value}
        onInput={event => change(event.currentTarget.valueAsNumber)}
      />
      <output for="peers-max">{value}</output>
    </div>
  </div>
)

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
