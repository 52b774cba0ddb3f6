/** Which of a session's events count as read, and which alert somebody who does not look. */
import { effect } from '@preact/signals'
import type { MemberId } from '../call/state.ts'
import type { RoomSession } from '../core/room-session.ts'
import { excerpt, shownName } from '../ui/format.ts'
import { texts } from '../ui/language.ts'
import type { Model } from '../ui/model.ts'
import { freshReading, readUpTo } from '../ui/selectors.ts'
import type { Alerts } from './chat-commands.ts'
import { keepDraft } from './drafts.ts'

/** By a sound and a notification, as far as each is wanted. */
const alerter =
  (model: Model, alerts: Alerts) =>
  (title: string, words: string): void => {
    if (!alerts.hidden()) return
    const { notifications, sound } = model.settings.value
    if (notifications) alerts.notify(title, words)
    if (sound) alerts.chime()
  }

/** Somebody has begun a call, which whoever waits in another tab must not miss. */
export const alertCall = (session: RoomSession, model: Model, alerts: Alerts, member: MemberId): void => {
  const name = shownName(session.state.members.get(member)?.name ?? texts().room.stranger)
  alerter(model, alerts)(shownName(session.state.card.name), texts().call.inIt(name, 0))
}

type ChatPorts = {
  readonly alerts: Alerts
  readonly drafts: Map<string, string>
  /** The key of the last entry that was read on an earlier page. */
  readonly read: number
}

/** Until the function given back is called. */
export const attachChat = (
  session: RoomSession,
  model: Model,
  { alerts, drafts, read }: ChatPorts,
): (() => void) => {
  const room = session.state.card.id
  model.draft.value = drafts.get(room) ?? ''
  model.reading.value = { ...freshReading, read }
  model.answering.value = null
  const tell = alerter(model, alerts)
  const stops = [
    effect(() => session.shareHistory(model.settings.value.handOver)),
    session.on('changed', ({ timeline }) => {
      if (model.attending.value) model.reading.value = readUpTo(model.reading.value, timeline, false)
    }),
    session.on('message', ({ from, own, text: words }) => {
      if (!own) tell(shownName(from), excerpt(words))
    }),
    session.on('peer-joined', ({ name }) => {
      // Somebody waits for a first guest elsewhere; with company, comings are no news.
      if (session.state.members.size <= 1)
        tell(shownName(session.state.card.name), texts().notices.joined(shownName(name)))
    }),
  ]
  return () => {
    keepDraft(drafts, room, model.draft.value)
    for (const stop of stops) stop()
  }
}
