/** The window for planning a room: when, and then the link to send, with a file for calendars. */
import '../styles/plan.css'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { appointment, shownName } from '../format.ts'
import { locale, texts } from '../language.ts'
import { type Commands, type ListedRoom, type Model, type Planned, roomNameUnitsMax } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { CopyLink, ShareButtons } from '../parts/invite.tsx'

type Props = { model: Model; commands: Commands; close: () => void }

export const PlanDialog = ({ model, commands, close }: Props) => {
  const room = model.rooms.value.find(({ id }) => id === model.plan.value)
  const planned = room?.planned ?? null
  const [kept, setKept] = useState(true)
  return (
    <Dialog title={texts().plan.title} close={close} focus="input:not([readonly]), .copy button">
      {room && planned ? (
        <Made room={room} planned={planned} kept={kept} commands={commands} />
      ) : (
        <When model={model} commands={commands} made={setKept} />
      )}
    </Dialog>
  )
}

const hourMs = 3_600_000
const minuteMs = 60_000
const durations = [15, 30, 45, 60, 90, 120, 180, 240, 480]

/** As a field for date and time has it: in the time of this place, to the minute. */
const fieldValue = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * minuteMs).toISOString().slice(0, 16)

/** Whole hours as such. */
const durationText = (minutes: number): string => {
  const [count, unit] = minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute']
  return count.toLocaleString(locale(), { style: 'unit', unit, unitDisplay: 'long' })
}

const nextHour = (): number => Math.ceil((Date.now() + minuteMs) / hourMs) * hourMs

type WhenProps = Omit<Props, 'close'> & { made: (kept: boolean) => void }

const When = ({ model, commands, made }: WhenProps) => {
  const [first] = useState(nextHour)
  const [when, setWhen] = useState(() => fieldValue(first))
  const [minutes, setMinutes] = useState(60)
  const [name, setName] = useState(model.create.peek().name)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [fieldId, lengthId] = [useId(), useId()]
  const words = texts().plan
  const submit = (event: Event): void => {
    event.preventDefault()
    const from = new Date(when).getTime()
    if (!(from + minutes * minuteMs > Date.now())) return setTrouble(words.past)
    setTrouble(null)
    void commands.planRoom(name.trim() || texts().create.defaultName(''), { from, minutes }).then(planned => {
      if (planned === 'not-loaded') return setTrouble(texts().dialog.notLoaded)
      if (planned === 'no-link-name') return setTrouble(texts().refusals[planned])
      made(planned.kept)
      model.plan.value = planned.room
    })
  }
  return (
    <form class="ask" onSubmit={submit}>
      <p>{words.lead}</p>
      <Field label={texts().create.roomName} value={name} unitsMax={roomNameUnitsMax} input={setName} />
      <div class="plan-times">
        <div class="field">
          <label for={fieldId}>{words.when}</label>
          <input
            id={fieldId}
            type="datetime-local"
            required
            value={when}
            aria-invalid={trouble !== null}
            onInput={event => setWhen(event.currentTarget.value)}
          />
        </div>
        <div class="field">
          <label for={lengthId}>{words.duration}</label>
          <select
            id={lengthId}
            value={minutes}
            onChange={event => setMinutes(Number(event.currentTarget.value))}
          >
            {durations.map(it => (
              <option key={it} value={it}>
                {durationText(it)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <div class="form-trouble" role="alert">
        {trouble !== null && <p>{trouble}</p>}
      </div>
      <button type="submit" class="button button-strong button-wide">
        {words.submit}
      </button>
    </form>
  )
}

type MadeProps = { room: ListedRoom; planned: Planned; kept: boolean; commands: Commands }

const Made = ({ room, planned, kept, commands }: MadeProps) => {
  const link = commands.linkOf(room.id)
  const words = texts().plan
  const [failed, setFailed] = useState(false)
  const place = useRef<HTMLDivElement>(null)
  // The button that was pressed last has gone with its form.
  useEffect(() => place.current?.querySelector<HTMLElement>('.copy button')?.focus(), [])
  const toCalendar = (): void => void commands.saveAppointment(room.id).then(saved => setFailed(!saved))
  return (
    <div class="ask" ref={place}>
      <p class="plan-room">
        <strong>
          <bdi>{shownName(room.name)}</bdi>
        </strong>
        <span>{appointment(planned, 'full')}</span>
      </p>
      {room.kind === 'server' && <p>{texts().hosted.lead}</p>}
      <p role="status">{room.password === '' ? texts().room.readyLeadOpen : texts().room.readyLead}</p>
      <div class="form-trouble" role="alert">
        {!kept && <p>{words.notKept}</p>}
      </div>
      <CopyLink commands={commands} link={link} shown />
      <button type="button" class="button button-wide" onClick={toCalendar}>
        <Icon name="calendar" />
        {words.toCalendar}
      </button>
      <div class="form-trouble" role="alert">
        {failed && <p>{texts().dialog.notLoaded}</p>}
      </div>
      <ShareButtons
        commands={commands}
        link={link}
        room={shownName(room.name)}
        locked={room.password !== ''}
      />
    </div>
  )
}
