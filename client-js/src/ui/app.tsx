/**
 * Which view is shown, which window stands above it, and what the tab is called meanwhile. The style sheets that the
 * page begins with are imported here in their order; a part that is loaded later brings its own.
 */
import './styles/base.css'
import './styles/forms.css'
import './styles/start.css'
import './styles/room.css'
import './styles/panel.css'
import './styles/chat.css'
import './styles/preview.css'
import './styles/popover.css'
import './styles/dialog.css'
import './styles/short.css'
import { useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CallState, MemberId } from '../call/state.ts'
import type { RoomState } from '../room/state.ts'
import { shownName } from './format.ts'
import { texts } from './language.ts'
import type { Commands, Model } from './model.ts'
import { loadAhead, loadedOnce } from './parts/ahead.ts'
import { Announcer } from './parts/frame.tsx'
import { lazy, lazyDialog } from './parts/wrappers.tsx'
import { newTo } from './selectors.ts'
import { Invited } from './views/invited.tsx'
import { Start } from './views/start.tsx'

/** Nobody needs it before they have joined: loaded early, it is here by then. */
const loadRoom = loadedOnce(() => import('./views/room.tsx'))
const loadEarly = (): void => {
  void loadRoom()
    .then(it => it.loadCall())
    .catch(() => undefined)
}
const RoomView = lazy(() => loadRoom().then(({ RoomView }) => RoomView))
/** Where one has been in a room, so that it is here by then. */
const Left = lazy(() => loadRoom().then(({ Left }) => Left))

/** After a room has come up: people are met first. */
const aheadMs = 1_000

export const App = ({ model, commands }: { model: Model; commands: Commands }) => {
  const view = model.view.value
  const fresh = view.kind === 'room' ? newTo(model.reading.value, view.state.timeline).length : 0
  const caller = useComputed(() => callerOf(model.call.value)).value
  const title = view.kind === 'room' ? titleIn(view.state, fresh, caller) : texts().appName
  useEffect(() => {
    document.title = title
  }, [title])
  useEffect(() => showBadge(fresh), [fresh])
  const settled = view.kind === 'room' && model.server.value === 'online'
  useEffect(() => {
    if (!settled) return
    const timer = setTimeout(() => void loadAhead(), aheadMs)
    return () => clearTimeout(timer)
  }, [settled])
  // Who has a name already only has to press Join.
  const mayJoin = view.kind === 'invited' && model.server.value === 'online' && model.userName.peek() !== ''
  useEffect(() => {
    if (mayJoin) loadEarly()
  }, [mayJoin])
  useEffect(() => {
    const signs = ['pointerdown', 'keydown'] as const
    // Firefox remembers a file that it could not load, and never asks for it again (whatwg/html#6768).
    const early = (): void => {
      if (model.server.peek() !== 'online') return
      for (const sign of signs) removeEventListener(sign, early)
      loadEarly()
    }
    for (const sign of signs) addEventListener(sign, early)
  }, [])
  return (
    <>
      <Shown model={model} commands={commands} />
      <Dialogs model={model} commands={commands} />
      <Announcer />
    </>
  )
}

const Shown = ({ model, commands }: { model: Model; commands: Commands }) => {
  const view = model.view.value
  switch (view.kind) {
    case 'start':
      return <Start model={model} commands={commands} />
    case 'invited':
      return <Invited model={model} commands={commands} view={view} />
    case 'room':
      return <RoomView model={model} commands={commands} view={view} />
    case 'left':
      return <Left model={model} commands={commands} view={view} />
  }
}

/** Who is in a call that we are not in. */
const callerOf = (call: CallState | null): MemberId | null =>
  call?.own.phase === 'out' ? (call.participants[0]?.member ?? null) : null

/** With how much is new, and with a call that goes on, for those who see no more of us than a tab. */
const titleIn = (state: RoomState, fresh: number, caller: MemberId | null): string => {
  const name = caller === null ? undefined : state.members.get(caller)?.name
  const said = name === undefined ? shownName(state.card.name) : texts().call.inIt(shownName(name), 0)
  const title = texts().titleIn(said)
  return fresh === 0 ? title : `(${fresh}) ${title}`
}

/** On the icon of the installed app, where the system has a place for it. */
const showBadge = (fresh: number): void => {
  if ('setAppBadge' in navigator) void navigator.setAppBadge(fresh).catch(() => undefined)
}

const SettingsDialog = lazyDialog(() =>
  import('./views/settings/settings.tsx').then(({ SettingsDialog }) => SettingsDialog),
)

const PlanDialog = lazyDialog(() => import('./views/plan.tsx').then(({ PlanDialog }) => PlanDialog))
const RoomDialog = lazyDialog(() => loadRoom().then(({ RoomDialog }) => RoomDialog))

type Props = { model: Model; commands: Commands }

export const Dialogs = ({ model, commands }: Props) => {
  const name = model.dialog.value
  if (name === null) return null
  const close = (): void => {
    model.dialog.value = null
  }
  if (name === 'settings') return <SettingsDialog model={model} commands={commands} close={close} />
  if (name === 'plan') return <PlanDialog model={model} commands={commands} close={close} />
  return <RoomDialog name={name} model={model} commands={commands} close={close} />
}
