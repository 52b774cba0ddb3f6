/**
 * The rooms that this browser was in lately, and those that are planned, each a press away, and with a button to forget it.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { appointment, shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, ListedRoom, Model } from '../model.ts'
import { useFocusAfterQuestion, useFocusInRows } from '../panels.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icon.tsx'

const minuteMs = 60_000

/** Those that people have still to meet in come first, in the order of their times. */
export const ordered = (rooms: readonly ListedRoom[], now: number): readonly ListedRoom[] => {
  const ahead = (it: ListedRoom): number | null =>
    it.planned && it.planned.from + it.planned.minutes * minuteMs > now ? it.planned.from : null
  const planned = rooms.filter(it => ahead(it) !== null)
  return [
    ...planned.sort((a, b) => (ahead(a) ?? 0) - (ahead(b) ?? 0)),
    ...rooms.filter(it => ahead(it) === null).map(it => ({ ...it, planned: null })),
  ]
}

/** Whether more would be lost with it than the way into it. */
export const asksBeforeForgetting = ({ owns, planned }: ListedRoom): boolean => owns || planned !== null

export const KnownRooms = ({ model, commands }: { model: Model; commands: Commands }) => {
  const list = useRef<HTMLUListElement>(null)
  const [asked, setAsked] = useState<ListedRoom | null>(null)
  useFocusInRows(list, '.rooms-one')
  useFocusAfterQuestion(list, asked !== null)
  useFocusAfterLast()
  const forget = (room: ListedRoom): void =>
    asksBeforeForgetting(room) ? setAsked(room) : commands.forgetRoom(room.id)
  return (
    <section class="card start-rooms" aria-labelledby="rooms-title">
      <h2 id="rooms-title" tabIndex={-1}>
        {texts().start.rooms}
      </h2>
      <p class="card-lead">{texts().start.roomsLead}</p>
      <ul class="rooms" ref={list}>
        {ordered(model.rooms.value, Date.now()).map(room => (
          <Room key={room.id} room={room} model={model} commands={commands} forget={() => forget(room)} />
        ))}
      </ul>
      {asked && <ForgetDialog room={asked} commands={commands} close={() => setAsked(null)} />}
    </section>
  )
}

/** The list goes with its last room. What has had the focus in it is gone a moment after this is told. */
const useFocusAfterLast = (): void =>
  useEffect(
    () => () =>
      queueMicrotask(() => {
        if (document.activeElement === document.body)
          document.querySelector<HTMLElement>('.start-name input')?.focus()
      }),
    [],
  )

type ForgetProps = { room: ListedRoom; commands: Commands; close: () => void }

const ForgetDialog = ({ room, commands, close }: ForgetProps) => {
  const words = texts().start.forgetAsk
  return (
    <Dialog title={words.title} close={close}>
      <p>
        <strong>
          <bdi>{shownName(room.name)}</bdi>
        </strong>
      </p>
      {room.owns && <p>{words.owned}</p>}
      {room.planned && <p>{words.planned}</p>}
      <div class="dialog-choice">
        <button type="button" class="button" onClick={close}>
          {words.keep}
        </button>
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            close()
            commands.forgetRoom(room.id)
          }}
        >
          {texts().start.forgetRoom}
        </button>
      </div>
    </Dialog>
  )
}

type RoomProps = { room: ListedRoom; model: Model; commands: Commands; forget: () => void }

const Room = ({ room, model, commands, forget }: RoomProps) => {
  const { id, kind, planned } = room
  const name = shownName(room.name)
  return (
    <li class="rooms-one">
      <Icon name={kind} />
      <span class="rooms-name">
        <bdi>{name}</bdi>
        {model.inOtherTabs.value.has(id) && <span class="tag">{texts().start.inOtherTab}</span>}
        {kind === 'server' && <span class="tag">{texts().create.server}</span>}
        {planned && <span class="rooms-when">{appointment(planned, 'medium')}</span>}
      </span>
      <button
        type="button"
        class="button"
        aria-label={`${texts().start.openRoom}: ${name}`}
        onClick={() => commands.openRoom(id)}
      >
        {texts().start.openRoom}
      </button>
      {planned && (
        <button
          type="button"
          class="act"
          aria-haspopup="dialog"
          title={texts().plan.show}
          onClick={() => {
            model.plan.value = id
            model.dialog.value = 'plan'
          }}
        >
          <Icon name="calendar" />
          <span class="sr-only">{`${texts().plan.show}: ${name}`}</span>
        </button>
      )}
      <button type="button" class="act" onClick={forget}>
        <Icon name="close" />
        <span class="sr-only">{`${texts().start.forgetRoom}: ${name}`}</span>
      </button>
    </li>
  )
}
