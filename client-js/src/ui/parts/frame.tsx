/** Owns what the views outside a room have in common: the brand, the state of the server, the buttons of a form. */
import type { ComponentChildren } from 'preact'
import type { Model, Where } from '../model.ts'
import { text } from '../text.ts'
import { Logo } from './icon.tsx'
import { SettingsButton } from './settings-button.tsx'

type FrameProps = { model: Model; children: ComponentChildren }

export const Frame = ({ model, children }: FrameProps) => (
  <div class="frame">
    <header class="brand">
      <Logo />
      <span class="brand-name">{text().appName}</span>
      <ServerState model={model} />
      <SettingsButton model={model} />
    </header>
    <main>{children}</main>
  </div>
)

export const ServerState = ({ model }: { model: Model }) => {
  const state = model.server.value
  return (
    <p class={`state state-${state}`} role="status">
      <span class="state-words">{text().server[state]}</span>
    </p>
  )
}

/** The whole width of a form, and busy while its question is open; it stays pressable so that nothing loses the focus. */
export const Submit = ({ model, where, label, busy }: SubmitProps) => {
  const waiting = model.busy.value === where
  return (
    <button type="submit" class="button button-strong button-wide" aria-disabled={model.busy.value !== null}>
      {waiting ? busy : label}
    </button>
  )
}

type SubmitProps = { model: Model; where: Where; label: string; busy: string }

/** Trouble that belongs to a form as a whole, not to one of its fields. */
export const FormTrouble = ({ model, where }: { model: Model; where: Where }) => {
  const trouble = model.trouble.value
  const elsewhere = where !== 'left' && trouble !== null && inField.has(trouble.what)
  const here = trouble?.where === where && !elsewhere ? trouble.what : null
  return (
    <div class="form-trouble" role="alert">
      {here !== null && <p>{text().refusals[here]}</p>}
    </div>
  )
}

const inField = new Set<string>(['no-name', 'not-a-room', 'no-password', 'wrong-password'])

/** What to say at one field of a form, if the trouble is its own. */
export const fieldTrouble = (
  model: Model,
  what: 'no-name' | 'no-password' | 'not-a-room' | 'wrong-password',
  where?: Where,
) => {
  const trouble = model.trouble.value
  const here = trouble?.what === what && (where === undefined || trouble.where === where)
  return here ? text().refusals[what] : undefined
}
