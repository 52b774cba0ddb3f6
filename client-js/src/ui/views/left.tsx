/** Owns the view after a room: what happened, and the way back. */
import { useEffect, useRef } from 'preact/hooks'
import { shownName } from '../format.ts'
import type { Commands, Model, View } from '../model.ts'
import { FormTrouble, Frame, Submit } from '../parts/frame.tsx'
import { text } from '../text.ts'

type Props = { model: Model; commands: Commands; view: Extract<View, { kind: 'left' }> }

export const Left = ({ model, commands, view }: Props) => {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const name = shownName(view.roomName)
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.rejoin()
  }
  return (
    <Frame model={model}>
      <form class="card card-alone" onSubmit={submit}>
        <h1 ref={title} tabIndex={-1}>
          {view.ended ? text().left.titleEnded : text().left.title}
        </h1>
        <p class="card-lead">{view.ended ? text().left.leadEnded(name) : text().left.lead(name)}</p>
        <FormTrouble model={model} where="left" />
        {!view.ended && (
          <Submit model={model} where="left" label={text().left.rejoin} busy={text().left.busy} />
        )}
        <button type="button" class="button button-wide" onClick={commands.toStart}>
          {text().left.toStart}
        </button>
      </form>
    </Frame>
  )
}
