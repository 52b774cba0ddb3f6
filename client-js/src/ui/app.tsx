/** Owns which view is shown, and what the tab is called meanwhile. */
import { useEffect } from 'preact/hooks'
import type { RoomState } from '../room/state.ts'
import { shownName } from './format.ts'
import type { Commands, Model } from './model.ts'
import { Announcer } from './parts/announcer.tsx'
import { later } from './parts/later.tsx'
import { newTo } from './reading.ts'
import { text } from './text.ts'
import { Dialogs } from './views/dialogs.tsx'
import { Invited } from './views/invited.tsx'
import { Left } from './views/left.tsx'
import { Start } from './views/start.tsx'

/** Nobody needs it before they have joined: loaded with the first key or press, it is here by then. */
const loadRoom = () => import('./views/room.tsx').then(({ RoomView }) => RoomView)
const RoomView = later(loadRoom)

export const App = ({ model, commands }: { model: Model; commands: Commands }) => {
  const view = model.view.value
  const fresh = view.kind === 'room' ? newTo(model.reading.value, view.state.timeline).length : 0
  const title = view.kind === 'room' ? titleIn(view.state, fresh) : text().appName
  useEffect(() => {
    document.title = title
  }, [title])
  useEffect(() => showBadge(fresh), [fresh])
  useEffect(() => {
    const early = (): void => void loadRoom().catch(() => undefined)
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, early, { once: true })
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

/** With how much is new, for those who see no more of us than a tab. */
const titleIn = (state: RoomState, fresh: number): string => {
  const title = text().titleIn(shownName(state.card.name))
  return fresh === 0 ? title : `(${fresh}) ${title}`
}

/** On the icon of the installed app, where the system has a place for it. */
const showBadge = (fresh: number): void => {
  if ('setAppBadge' in navigator) void navigator.setAppBadge(fresh).catch(() => undefined)
}
