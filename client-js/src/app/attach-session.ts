/** What the page shows of a session beside its room: files, the call, and what is new in the conversation. */
import { fileNameUnitsMax, safeFileName } from '../base/text.ts'
import type { Preview } from '../call/preview.ts'
import type { RoomSession } from '../core/room-session.ts'
import type { Model } from '../ui/model.ts'
import { attachCall } from './call-commands.ts'
import { alertCall, attachChat } from './chat-commands.ts'
import type { Page } from './page.ts'
import type { Settings } from './settings.ts'

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
  const stops = [
    attachCall(session, model, preview, {
      choose,
      begun: member => alertCall(session, model, page.alerts, member),
    }),
    attachChat(session, model, { ...page, read }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
