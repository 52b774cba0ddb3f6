/**
 * What all views have in common: the brand, the state of the server, the settings button, the buttons of a form, and
 * the place from which things are announced to those who do not see them happen.
 */
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { spoken, texts } from '../language.ts'
import type { Model, Where } from '../model.ts'
import { wantsInvitation } from '../selectors.ts'
import { Icon, Logo } from './icon.tsx'
import { lazy } from './wrappers.tsx'

type FrameProps = { model: Model; children: ComponentChildren }

export const Frame = ({ model, children }: FrameProps) => (
  <div class="frame">
    <header class="brand">
      <Logo />
      <span class="brand-name">{texts().appName}</span>
      <ServerState model={model} />
      <SettingsButton model={model} />
    </header>
    <main>
      {!model.canConnect && <p class="banner frame-banner">{texts().connection.noWebrtc}</p>}
      {children}
    </main>
  </div>
)

export const ServerState = ({ model }: { model: Model }) => {
  const state = model.server.value
  return (
    <p class={`state state-${state}`} role="status">
      <span class="state-words">{texts().server[state]}</span>
    </p>
  )
}

/**
 * The whole width of a form, and busy while its question is open; it stays pressable so that nothing loses the focus.
 */
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
    <>
      <div class="form-trouble" role="alert">
        {here !== null && (
          <p class={here === 'waiting' || here === 'token-taken' ? 'form-waiting' : ''}>
            {here === 'not-loaded' ? texts().dialog.notLoaded : texts().refusals[here]}
          </p>
        )}
      </div>
      {here !== null && wantsInvitation(here) && <ServerPassword model={model} />}
    </>
  )
}

/** Few servers ask for one. */
const ServerPassword = lazy(() =>
  import('./server-password.tsx').then(({ ServerPassword }) => ServerPassword),
)

const inField = new Set<string>(['no-name', 'not-a-room', 'no-password', 'wrong-password'])

/** What to say at one field of a form, if the trouble is its own. */
export const fieldTrouble = (
  model: Model,
  what: 'no-name' | 'no-password' | 'not-a-room' | 'wrong-password',
  where?: Where,
) => {
  const trouble = model.trouble.value
  const here = trouble?.what === what && (where === undefined || trouble.where === where)
  return here ? texts().refusals[what] : undefined
}

/** `named`: with its name for eyes, too. */
export const SettingsButton = ({ model, named }: { model: Model; named?: boolean }) => (
  <button
    type="button"
    class={named ? 'button button-wide' : 'button button-icon settings-button'}
    aria-haspopup="dialog"
    title={texts().settings.title}
    onClick={() => {
      model.dialog.value = 'settings'
    }}
  >
    <Icon name="settings" />
    <span class={named ? '' : 'sr-only'}>{texts().settings.title}</span>
  </button>
)

/** `tag`: the language it was said in, which it keeps: said again in another one, it would be read out again. */
type Announcement = { readonly key: number; readonly words: string; readonly tag: string }

const announced = signal<readonly Announcement[]>([])

/** Several can happen at once; the same words twice are announced twice, since they are a new element each time. */
const keptMax = 5

export const announce = (words: string): void => {
  const key = (announced.value.at(-1)?.key ?? 0) + 1
  announced.value = [...announced.value.slice(1 - keptMax), { key, words, tag: spoken.peek().tag }]
}

export const Announcer = () => (
  <div class="sr-only" role="status" aria-live="polite">
    {announced.value.map(({ key, words, tag }) => (
      <p key={key} lang={tag}>
        {words}
      </p>
    ))}
  </div>
)
