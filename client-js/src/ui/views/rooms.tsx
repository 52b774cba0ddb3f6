/**
 * The rooms that this browser was in lately, and those that are planned, each a press away, and another press to forget it.
 */
import { appointment, shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, ListedRoom, Model } from '../model.ts'
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

export const KnownRooms = ({ model, commands }: { model: Model; commands: Commands }) => (
  <section class="card start-rooms" aria-labelledby="rooms-title">
    <h2 id="rooms-title">{texts().start.rooms}</h2>
    <p class="card-lead">{texts().start.roomsLead}</p>
    <ul class="rooms">
      {ordered(model.rooms.value, Date.now()).map(room => (
        <Room key={room.id} room={room} model={model} commands={commands} />
      ))}
    </ul>
  </section>
)

const Room = ({ room, model, commands }: { room: ListedRoom; model: Model; commands: Commands }) => {
  const { id, kind, planned } = room
  const name = shownName(room.name)
  return (
    <li class="rooms-one">
      <Icon name={kind} />
      <span class="rooms-name">
        <bdi>{name}</bdi>
        {model.inOtherTabs.value.has(id) && <span class="tag">{texts().start.inOtherTab}</span>}
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
      <button type="button" class="act" onClick={() => commands.forgetRoom(id)}>
        <Icon name="close" />
        <span class="sr-only">{`${texts().start.forgetRoom}: ${name}`}</span>
      </button>
    </li>
  )
}
