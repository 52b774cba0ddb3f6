/** Owns which window stands above the page, if any. */
import type { ComponentType } from 'preact'
import type { Commands, DialogName, Model } from '../model.ts'
import { lazy } from '../parts/later.tsx'

const SettingsDialog = lazy(() => import('./settings.tsx').then(({ SettingsDialog }) => SettingsDialog))

const ShortcutsDialog = lazy(() => import('./shortcuts.tsx').then(({ ShortcutsDialog }) => ShortcutsDialog))
const CallDialog = lazy(() => import('./call-dialog.tsx').then(({ CallDialog }) => CallDialog))
const LeaveDialog = lazy(() => import('./leave.tsx').then(({ LeaveDialog }) => LeaveDialog))

type Props = { model: Model; commands: Commands }

export const Dialogs = ({ model, commands }: Props) => {
  const name = model.dialog.value
  if (name === null) return null
  const close = (): void => {
    model.dialog.value = null
  }
  const Shown = dialogs[name]
  return <Shown model={model} commands={commands} close={close} />
}

const dialogs: Record<DialogName, ComponentType<Props & { close: () => void }>> = {
  settings: SettingsDialog,
  shortcuts: ShortcutsDialog,
  call: CallDialog,
  leave: LeaveDialog,
}
