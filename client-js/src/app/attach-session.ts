/**
 * What the page shows of a session beside its room: files, the call, and what is new in the conversation. Loaded with the
 * session.
 */
import { computed, effect } from '@preact/signals'
import { fileNameUnitsMax, safeFileName } from '../base/text.ts'
import type { Preview } from '../call/preview.ts'
import type { RoomSession } from '../core/room-session.ts'
import { withReadUpTo, writeStay } from '../core/stay.ts'
import { busy } from '../files/state.ts'
import type { Model } from '../ui/model.ts'
import { alerts } from './alerts.ts'
import { attachCall } from './attach-call.ts'
import { alertCall, attachChat } from './attach-chat.ts'
import { keepAwakeWhile } from './awake.ts'
import { showCallToSystem } from './media-session.ts'
import type { Page } from './page.ts'
import type { Settings } from './settings.ts'

export { leftView, roomShown, showRefusal, showRefusalOf } from './answered-views.ts'
export { goOnInCall } from './attach-call.ts'
export { OtherTabs, tabChannel } from './other-tabs.ts'
export { removedRooms } from './removed-rooms.ts'

type Ports = {
  readonly model: Model
  readonly page: Page
  readonly preview: Preview
  readonly choose: (part: Partial<Settings>) => void
  /** It is the session that the page is in. */
  readonly isShown: () => boolean
  /** The key of the last entry that an earlier page has read. */
  readonly read: number
}

/** A session's stay for the tab's next page. `read`: the key of the last entry that was read; `created`: we have made the room. */
export const writtenStay = (session: RoomSession, read: number, created: boolean): string =>
  writeStay({ ...withReadUpTo(session.stay, read), created })

/** Until the function given back is called. */
export const attachSession = (
  session: RoomSession,
  { model, page, preview, choose, isShown, read }: Ports,
): (() => void) => {
  session.files.on('changed', state => {
    if (isShown()) model.files.value = state
  })
  session.files.on('part-failed', () => page.partFailed())
  session.files.on('unpacked', names => {
    model.unreadable.value = names
  })
  session.files.on('kept', ({ file, blob }) => {
    if (blob) page.save(blob, safeFileName(file.file.name, fileNameUnitsMax))
  })
  model.files.value = session.files.state
  const calling = computed(() => (model.call.value?.own.phase ?? 'out') !== 'out')
  const stops = [
    attachCall(session, model, preview, {
      choose,
      begun: member => alertCall(session, model, alerts, member),
    }),
    attachChat(session, model, { alerts, drafts: page.drafts, read }),
    effect(() => keepAwakeWhile(calling.value || busy(model.files.value))),
    showCallToSystem(model, () => session.call),
  ]
  return () => {
    for (const stop of stops) stop()
    keepAwakeWhile(false)
  }
}
