/**
 * What the page asks of a room: of its files, offering, fetching, and where what has come goes; and what only its owner may
 * ask, each with whether the server has heard of it.
 */
import { fileNameUnitsMax, safeFileName } from '../base/text.ts'
import type { RoomSession } from '../core/room-session.ts'
import type { DownloadKey } from '../files/state.ts'
import type { RosterEntry } from '../room/roster.ts'
import type { FileCommands, Model, OwnerCommands } from '../ui/model.ts'
import { type MemberId, memberId } from '../wire/ids.ts'
import type { OwnerAct } from '../wire/owner-act.ts'

type Around = {
  readonly model: Model
  readonly session: () => RoomSession | null
  readonly save: (blob: Blob, name: string) => void
  readonly choosePlace?: (name: string) => Promise<FileSystemFileHandle | null>
}

export const fileCommands = ({ model, session, save, choosePlace }: Around): FileCommands => {
  const nameOf = (key: DownloadKey): string | null => {
    const it = session()?.files.state.downloads.get(key)
    return it ? safeFileName(it.file.name, fileNameUnitsMax) : null
  }
  const acceptInto = async (key: DownloadKey): Promise<void> => {
    // Whoever answers may be in another room by then.
    const [here, name] = [session(), nameOf(key)]
    const handle = name === null ? null : await choosePlace?.(name)
    if (handle) here?.files.accept(key, { kind: 'chosen', handle })
  }
  return {
    share: ({ items, unreadable }) => {
      model.unreadable.value = unreadable
      const here = session()
      if (!here?.canOffer || items.length === 0) return false
      here.files.share(items)
      return true
    },
    unshare: file => session()?.files.unshare(file),
    accept: key => session()?.files.accept(key),
    ...(choosePlace ? { acceptInto: (key: DownloadKey) => void acceptInto(key) } : {}),
    decline: key => session()?.files.decline(key),
    pause: (key, on) => session()?.files.pause(key, on),
    cancel: key => session()?.files.cancel(key),
    saved: key => session()?.files.blobOf(key) ?? null,
    shared: file => session()?.files.sourceOf(file) ?? null,
    save: key => {
      const [blob, name] = [session()?.files.blobOf(key), nameOf(key)]
      if (blob && name !== null) save(blob, name)
    },
  }
}

export const ownerCommands = (session: () => RoomSession | null): OwnerCommands => {
  const act = async (act: OwnerAct): Promise<boolean> => (await session()?.act(act)) ?? false
  return {
    remove: async (person, reason) => {
      const { peer } = person
      return peer !== null && (await act({ type: 'remove', peer, member: memberOf(person), reason }))
    },
    end: reason => act({ type: 'end', reason }),
    lock: on => act({ type: 'lock', on }),
    wait: on => act({ type: 'wait', on }),
    answer: ({ peer }, on) => act({ type: 'answer', peer, on }),
    mute: person => act({ type: 'mute', member: person && memberOf(person) }),
    handOn: async ({ key }) => (await session()?.handOn(key)) ?? false,
    change: settings => act({ type: 'change', ...settings }),
  }
}

/** Whoever has not introduced themselves is known by their link alone. */
const memberOf = ({ key, name }: RosterEntry): MemberId | null => (name === null ? null : memberId(key))
