/** The page behind an invitation: who you are, how you look and sound, and one button. */
import { isTouch } from '../browser.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model, View } from '../model.ts'
import { FormTrouble, Frame, Submit } from '../parts/frame.tsx'
import { lazy } from '../parts/wrappers.tsx'
import { joinMode } from '../selectors.ts'
import { NameField, PasswordField } from './start.tsx'

const PreviewView = lazy(() => import('./preview.tsx').then(({ PreviewView }) => PreviewView))

type Props = { model: Model; commands: Commands; view: Extract<View, { kind: 'invited' }> }

export const Invited = ({ model, commands, view }: Props) => {
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.join('invited')
  }
  return (
    <Frame model={model}>
      <div class="prejoin">
        <div class="prejoin-title">
          <h1 id="invited-title">{view.named ? texts().invited.namedTitle : texts().invited.title}</h1>
          {view.roomName !== '' && (
            <p class="prejoin-room">
              <bdi>{shownName(view.roomName)}</bdi>
            </p>
          )}
          <p>{leadFor(view)}</p>
          {view.throughServer && (
            <p>{model.canSeal ? texts().hosted.lead : texts().notices['unsealed-here']('')}</p>
          )}
          <p class="prejoin-twice" role="status">
            {model.inOtherTabs.value.has(view.room) && texts().invited.twice}
          </p>
        </div>
        <div class="prejoin-preview">
          <PreviewView model={model} commands={commands} />
        </div>
        <form class="prejoin-form" onSubmit={submit} aria-labelledby="invited-title">
          <NameField model={model} autofocus={!isTouch()} />
          {view.password !== 'known' && <PasswordField model={model} where="invited" />}
          <FormTrouble model={model} where="invited" />
          <Submit model={model} where="invited" label={texts().join.submit} busy={texts().join.busy} />
          <p class="prejoin-how" role="status">
            {texts().preview.joins[joinMode(model.preview.value)]}
          </p>
          <button type="button" class="button button-quiet" onClick={commands.toStart}>
            {texts().invited.elsewhere}
          </button>
        </form>
      </div>
    </Frame>
  )
}

const leadFor = ({ password, named }: Props['view']): string => {
  if (password === 'wrong') return texts().invited.wrongLead
  if (named) return texts().invited.namedLead
  return password === 'missing' ? texts().invited.passwordLead : texts().invited.lead
}
