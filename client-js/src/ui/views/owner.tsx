/** What a room's owner finds beside the people: what can be done with one of them, and with the room as a whole. */
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { RosterEntry } from '../../room/roster.ts'
import type { Knock, RoomOwner } from '../../room/state.ts'
import { visible } from '../browser.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, Model } from '../model.ts'
import { useFocusInRows } from '../panels.ts'
import { announce } from '../parts/frame.tsx'
import { MenuItem, Popover } from '../parts/popover.tsx'

type PersonProps = {
  person: RosterEntry
  name: string
  calls: boolean
  commands: Commands
  ask: (what: 'remove' | 'hand-on') => void
}

/** Whoever is reached through a star's host only cannot be removed: the server is told whom to remove by its own name. */
export const PersonMenu = ({ person, name, calls, commands, ask }: PersonProps) => {
  if (person.peer === null && !calls && !person.canOwn) return null
  return (
    <Popover label={texts().owner.options(name)} icon="more" class="act">
      {close => (
        <div class="menu">
          {calls && (
            <MenuItem
              icon="microphone-off"
              label={texts().owner.mute}
              press={() => {
                close()
                void commands.owner
                  .mute(person)
                  .then(done => announce(done ? texts().owner.muteAsked(name) : texts().owner.failed))
              }}
            />
          )}
          {person.canOwn && (
            <MenuItem
              icon="owner"
              label={texts().owner.handOn}
              press={() => {
                close()
                ask('hand-on')
              }}
            />
          )}
          {person.peer !== null && (
            <MenuItem
              icon="remove"
              label={texts().owner.remove}
              danger
              press={() => {
                close()
                ask('remove')
              }}
            />
          )}
        </div>
      )}
    </Popover>
  )
}

type RoomProps = { model: Model; commands: Commands; owner: RoomOwner; call: boolean }

export const RoomMenu = ({ model, commands, owner: { locked, waits }, call }: RoomProps) => {
  const [failed, setFailed] = useState(false)
  const ask = (asked: Promise<boolean>): void => {
    setFailed(false)
    void asked.then(done => setFailed(!done))
  }
  const { owner } = commands
  const words = texts().owner
  return (
    <div class="owner">
      <Popover label={words.manage} words={words.manage} icon="owner" class="button button-wide">
        {close => {
          const then = (work: () => void) => (): void => {
            close()
            work()
          }
          return (
            <div class="menu">
              <MenuItem
                icon={locked ? 'unlock' : 'lock'}
                label={locked ? words.unlock : words.lock}
                press={then(() => ask(owner.lock(!locked)))}
              />
              <MenuItem
                icon="people"
                label={waits ? words.waitOff : words.wait}
                press={then(() => ask(owner.wait(!waits)))}
              />
              {call && (
                <MenuItem
                  icon="microphone-off"
                  label={words.muteAll}
                  press={then(() => ask(owner.mute(null)))}
                />
              )}
              <MenuItem
                icon="edit"
                label={words.change}
                press={then(() => {
                  model.dialog.value = 'change'
                })}
              />
              <MenuItem
                icon="close"
                label={words.end}
                danger
                press={then(() => {
                  model.dialog.value = 'end'
                })}
              />
            </div>
          )
        }}
      </Popover>
      <div role="alert">{failed && <p class="field-trouble">{words.failed}</p>}</div>
    </div>
  )
}

type KnocksProps = { knocking: readonly Knock[]; model: Model; commands: Commands }

/**
 * Those who wait at the door. The owner hears of each, also in another tab. The heading stays after the last one for as
 * long as it has the focus.
 */
export const Knocks = ({ knocking, model, commands }: KnocksProps) => {
  const id = useId()
  const place = useRef<HTMLElement>(null)
  const [, redraw] = useState(0)
  const had = place.current?.contains(document.activeElement) ?? false
  useFocusInRows(place, '.knock')
  const known = useRef<ReadonlySet<string>>(new Set())
  useEffect(() => {
    const fresh = knocking.filter(({ peer }) => !known.current.has(peer))
    known.current = new Set(knocking.map(({ peer }) => peer))
    for (const { name } of fresh) announce(texts().owner.knocks(shownName(name)))
    if (fresh.length > 0 && !visible.peek() && model.settings.peek().sound) commands.chime()
  }, [knocking])
  const answer = (knock: Knock, on: boolean): void => {
    void commands.owner.answer(knock, on).then(done => {
      if (!done) announce(texts().owner.failed)
    })
  }
  if (knocking.length === 0 && !had) return null
  return (
    <section class="knocks" ref={place} aria-labelledby={id}>
      <h2 id={id} tabIndex={-1} onBlur={() => redraw(count => count + 1)}>
        {knocking.length > 0 ? texts().owner.waiting : texts().owner.nobodyWaits}
      </h2>
      <ul>
        {knocking.map(knock => (
          <li key={knock.peer} class="knock">
            <span class="knock-words">{texts().owner.knocks(shownName(knock.name))}</span>
            <button type="button" class="button button-strong" onClick={() => answer(knock, true)}>
              {texts().owner.letIn}
              <span class="sr-only"> {shownName(knock.name)}</span>
            </button>
            <button type="button" class="button" onClick={() => answer(knock, false)}>
              {texts().owner.sendAway}
              <span class="sr-only"> {shownName(knock.name)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
