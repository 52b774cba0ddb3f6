/** Owns which view is shown, and what the tab is called meanwhile. */
import { useEffect } from 'preact/hooks'
import { shownName } from './format.ts'
import type { Commands, Model } from './model.ts'
import { text } from './text.ts'
import { Invited } from './views/invited.tsx'
import { Left } from './views/left.tsx'
import { RoomView } from './views/room.tsx'
import { Start } from './views/start.tsx'

export const App = ({ model, commands }: { model: Model; commands: Commands }) => {
  const view = model.view.value
  const title = view.kind === 'room' ? text.titleIn(shownName(view.state.card.name)) : text.appName
  useEffect(() => {
    document.title = title
  }, [title])
  switch (view.kind) {
    case 'start':
      return <Start model={model} commands={commands} />
    case 'invited':
      return <Invited model={model} commands={commands} asksPassword={view.asksPassword} />
    case 'room':
      return <RoomView model={model} commands={commands} view={view} />
    case 'left':
      return <Left model={model} commands={commands} view={view} />
  }
}
