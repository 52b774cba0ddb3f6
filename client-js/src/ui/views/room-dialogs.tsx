/** The windows that stand above a room. Each is loaded when it is opened, or ahead of that. */
import type { ComponentType } from 'preact'
import type { Commands, DialogName, Model } from '../model.ts'
import { lazyDialog } from '../parts/wrappers.tsx'

const ShortcutsDialog = lazyDialog(() =>
  import('./small-dialogs.tsx').then(({ ShortcutsDialog }) => ShortcutsDialog),
)
const LeaveDialog = lazyDialog(() => import('./small-dialogs.tsx').then(({ LeaveDialog }) => LeaveDialog))
const CallDialog = lazyDialog(() => import('./call-dialog.tsx').then(({ CallDialog }) => CallDialog))
const EndDialog = lazyDialog(() => import('./owner-dialogs.tsx').then(({ EndDialog }) => EndDialog))
const ChangeDialog = lazyDialog(() => import('./owner-dialogs.tsx').then(({ ChangeDialog }) => ChangeDialog))

type Name = Exclude<DialogName, 'settings' | 'plan'>
type Props = { model: Model; commands: Commands; close: () => void }

const dialogs: Record<Name, ComponentType<Props>> = {
  shortcuts: ShortcutsDialog,
  call: CallDialog,
  leave: LeaveDialog,
  end: EndDialog,
  change: ChangeDialog,
}

export const RoomDialog = ({ name, ...props }: Props & { name: Name }) => {
  const Shown = dialogs[name]
  return <Shown {...props} />
}
