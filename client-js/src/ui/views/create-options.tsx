/** What can be chosen of a room before it is made: how people connect, a password, the size, its link, and the time. */
import '../styles/options.css'
import { useEffect, useId, useState } from 'preact/hooks'
import { linkNameOf } from '../../base/link-name.ts'
import { texts } from '../language.ts'
import { type Commands, type CreateForm, type Model, passwordUnitsMax } from '../model.ts'
import { PeersMax } from '../parts/choice.tsx'
import { Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'

/** `name`: what the room is going to be called. */
export const Options = ({ model, commands, name }: { model: Model; commands: Commands; name: string }) => {
  const form = model.create.value
  const hosting = useHosting(model, commands)
  const peersMax = form.kind === 'server' ? Math.min(hosting ?? 20, 20) : 20
  const change: Change = part => {
    model.create.value = { ...form, ...part }
    if (model.trouble.value?.where === 'create') model.trouble.value = null
  }
  return (
    <div class="more-options-fields">
      <fieldset class="kinds">
        <legend>{texts().create.kind}</legend>
        <Kind form={form} kind="mesh" change={change} />
        <Kind form={form} kind="star" change={change} />
        {(hosting || form.kind === 'server') && <Kind form={form} kind="server" change={change} />}
        {form.kind === 'server' && !model.canSeal && (
          <p class="field-hint">{texts().notices['unsealed-here']('')}</p>
        )}
      </fieldset>
      <Field
        label={texts().create.password}
        hint={form.named ? texts().create.passwordHintNamed : texts().create.passwordHint}
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
      <PeersMax
        value={Math.min(form.peersMax, peersMax)}
        max={peersMax}
        change={peersMax => change({ peersMax })}
      />
      <NameInLink form={form} name={name} change={change} />
      <button
        type="button"
        class="button button-wide"
        aria-haspopup="dialog"
        onClick={() => {
          model.plan.value = null
          model.dialog.value = 'plan'
        }}
      >
        <Icon name="calendar" />
        {texts().plan.open}
      </button>
    </div>
  )
}

/** Asked as soon as the options are open, and again where the server was not to be reached then. */
const useHosting = (model: Model, commands: Commands): number | null => {
  const [hosting, setHosting] = useState<number | null>(null)
  const server = model.server.value
  useEffect(() => {
    let here = true
    void commands.hosting().then(found => here && setHosting(found))
    return () => {
      here = false
    }
  }, [server])
  return hosting
}

type Change = (part: Partial<CreateForm>) => void
type KindProps = { form: CreateForm; kind: CreateForm['kind']; change: Change }

const Kind = ({ form, kind, change }: KindProps) => (
  <label class="kind">
    <input type="radio" name="kind" checked={form.kind === kind} onChange={() => change({ kind })} />
    <Icon name={kind} />
    <span class="kind-words">
      <span class="kind-name">{texts().create[kind]}</span>
      <span class="kind-lead">{texts().create[`${kind}Lead`]}</span>
    </span>
  </label>
)

const NameInLink = ({ form, name, change }: { form: CreateForm; name: string; change: Change }) => {
  const id = useId()
  const linkName = linkNameOf(name)
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={form.named}
          aria-describedby={id}
          onChange={event => change({ named: event.currentTarget.checked })}
        />
        {texts().create.named}
      </label>
      <div id={id}>
        {/* Without what stands before, which everybody sees in the address bar. */}
        {form.named && linkName !== null && (
          <p class="link-name">
            <bdi>{`/#/${linkName}`}</bdi>
          </p>
        )}
        <p class={form.named && linkName === null ? 'field-trouble' : 'field-hint'} role="status">
          {form.named && linkName === null ? texts().refusals['no-link-name'] : texts().create.namedHint}
        </p>
      </div>
    </div>
  )
}
