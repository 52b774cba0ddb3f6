/** The rooms that this browser was in lately, each a press away, and another press to forget it. */
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { Icon } from '../parts/icon.tsx'

export const KnownRooms = ({ model, commands }: { model: Model; commands: Commands }) => {
  const rooms = model.rooms.value
  return (
    <section class="card start-rooms" aria-labelledby="rooms-title">
      <h2 id="rooms-title">{texts().start.rooms}</h2>
      <p class="card-lead">{texts().start.roomsLead}</p>
      <ul class="rooms">
        {rooms.map(({ id, name, kind }) => (
          <li key={id} class="rooms-one">
            <Icon name={kind} />
            <span class="rooms-name">
              <bdi>{shownName(name)}</bdi>
              {model.inOtherTabs.value.has(id) && <span class="tag">{texts().start.inOtherTab}</span>}
            </span>
            <button
              type="button"
              class="button"
              aria-label={`${texts().start.openRoom}: ${shownName(name)}`}
              onClick={() => commands.openRoom(id)}
            >
              {texts().start.openRoom}
            </button>
            <button type="button" class="act" onClick={() => commands.forgetRoom(id)}>
              <Icon name="close" />
              <span class="sr-only">{`${texts().start.forgetRoom}: ${shownName(name)}`}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
