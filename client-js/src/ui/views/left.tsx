/** The view after a room: what happened, and the way back. */
import { useEffect, useRef } from 'preact/hooks'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model, View } from '../model.ts'
import { FormTrouble, Frame, Submit } from '../parts/frame.tsx'

type Props = { model: Model; commands: Commands; view: Extract<View, { kind: 'left' }> }

export const Left = ({ model, commands, view }: Props) => {
  const title = useRef<HTMLHeadingElement>(null)
  const name = shownName(view.roomName)
  const trouble = model.trouble.value
  /** Nobody can go back to a room that has ended, nor is there anybody to ask for a new link. */
  const gone = trouble?.where === 'left' && trouble.what === 'no-such-room'
  // With the button that had the focus gone, it goes back to where the page begins.
  useEffect(() => title.current?.focus(), [gone])
  const submit = (event: Event): void => {
    event.preventDefault()
    commands.rejoin()
  }
  return (
    <Frame model={model}>
      <form class="card card-alone" onSubmit={submit}>
        <h1 ref={title} tabIndex={-1}>
          {titleOf(view)}
        </h1>
        <p class="card-lead">{leadOf(view, name)}</p>
        {view.closed && view.closed.reason !== '' && (
          <p class="card-reason">
            {texts().owner.reason}: <bdi>{shownName(view.closed.reason)}</bdi>
          </p>
        )}
        {gone ? (
          <div class="form-trouble" role="alert">
            <p>{texts().left.gone}</p>
          </div>
        ) : (
          <FormTrouble model={model} where="left" />
        )}
        {view.canReturn && !gone && (
          <Submit model={model} where="left" label={texts().left.rejoin} busy={texts().left.busy} />
        )}
        <button type="button" class="button button-wide" onClick={commands.toStart}>
          {texts().left.toStart}
        </button>
      </form>
    </Frame>
  )
}

type LeftView = Props['view']

const titleOf = ({ closed, ended }: LeftView): string => {
  if (closed?.how === 'removed') return texts().owner.removedTitle
  if (closed?.how === 'sent-away') return texts().left.title
  return ended ? texts().left.titleEnded : texts().left.title
}

const leadOf = ({ closed, ended }: LeftView, name: string): string => {
  if (closed?.how === 'removed') return texts().owner.removedYou(name)
  if (closed?.how === 'sent-away') return texts().refusals['sent-away']
  if (closed?.how === 'by-server') return texts().left.closedByServer(name)
  if (closed) return texts().owner.endedForAll(name)
  return ended ? texts().left.leadEnded(name) : texts().left.lead(name)
}
