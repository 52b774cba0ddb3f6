/** Owns the view behind an invitation link: one name, one button. */
import type { Commands, Model } from '../model.ts'
import { FormTrouble, Frame, Submit } from '../parts/frame.tsx'
import { text } from '../text.ts'
import { NameField, PasswordField } from './start.tsx'

type Props = { model: Model; commands: Commands; asksPassword: boolean }

export const Invited = ({ model, commands, asksPassword }: Props) => {
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.join('invited')
  }
  return (
    <Frame model={model} commands={commands}>
      <form class="card card-alone" onSubmit={submit} aria-labelledby="invited-title">
        <h1 id="invited-title">{text.invited.title}</h1>
        <p class="card-lead">{asksPassword ? text.invited.passwordLead : text.invited.lead}</p>
        <NameField model={model} autofocus />
        {asksPassword && <PasswordField model={model} where="invited" />}
        <FormTrouble model={model} where="invited" />
        <Submit model={model} where="invited" label={text.join.submit} busy={text.join.busy} />
        <button type="button" class="button button-quiet" onClick={commands.toStart}>
          {text.invited.elsewhere}
        </button>
      </form>
    </Frame>
  )
}
