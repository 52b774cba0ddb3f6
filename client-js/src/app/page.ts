/** What the controller needs of the browser: the address, files, the clipboard, and a place to keep rooms. */
import type { Shared } from '../ui/model.ts'
import { loadedOnce } from '../ui/parts/ahead.ts'
import type { Access } from '../wire/access.ts'
import type { Alerts } from './chat-commands.ts'
import type { RoomHistory } from './history.ts'
import type { KnownRoom } from './known-rooms.ts'

export type Page = {
  readonly address: () => string
  readonly history: RoomHistory
  readonly copy: (text: string) => Promise<boolean>
  readonly generatePassword: () => string
  /** Loaded with a session, and before that by whoever asks for them. */
  readonly alerts: () => Promise<Alerts>
  /** By room. */
  readonly drafts: Map<string, string>
  /** For the next page of this tab. */
  readonly keepAccess: (access: Access | null) => void
  readonly install: () => Promise<void>
  /** Where the system has a sheet for it. */
  readonly share?: (what: Shared) => Promise<void>
  /** A part of the page could not be loaded. */
  readonly partFailed: () => void
  /** Into the folder for what was fetched. */
  readonly save: (blob: Blob, name: string) => void
  /**
   * Asks where a file should go, where the browser has a window for that; null if the person has changed their mind.
   */
  readonly choosePlace?: (name: string) => Promise<FileSystemFileHandle | null>
}

/** Where the browser keeps the rooms that it was in. */
export type RoomStore = {
  readonly read: () => readonly KnownRoom[]
  /** False where that cannot be, and they are known as long as the page lives. */
  readonly write: (rooms: readonly KnownRoom[]) => boolean
}

/** Null where a part cannot be loaded, of which the page is told. */
export const partOf = <Part>(page: Page, load: () => Promise<Part>): Promise<Part | null> =>
  load().catch(() => {
    page.partFailed()
    return null
  })

export const loadPlans = loadedOnce(() => import('./plans.ts'))
export const loadPasted = loadedOnce(() => import('./pasted.ts'))
