/**
 * Owns what outlives a page that was closed in the middle of a file: beside the bytes in the browser's own storage lies
 * a note of whose they are, so that the next page can go on. Where there is no storage, nothing is noted.
 */
import { type FileCard, parseFileCard, writeFileCard } from '../../wire/file.ts'
import { idText, isRecord, textUpTo } from '../../wire/shape.ts'
import type { SlotId } from './orders.ts'
import { folderName } from './slots.ts'

export type Note = { readonly file: FileCard; readonly ownerName: string; readonly again: string }
export type Left = Note & { readonly slot: SlotId; readonly stored: number }

const ending = '.note'
const unitsMax = 2_000

type Listing = { entries: () => AsyncIterable<[string, FileSystemHandle]> }

export class Notes {
  readonly #room: string
  /** Held as long as this page works on a file, so that another page of the same person leaves it alone. */
  readonly #held = new Map<SlotId, () => void>()

  constructor(room: string) {
    this.#room = room
  }

  /** What a page that is gone has left of files from this room. */
  async left(): Promise<Left[]> {
    const found: Left[] = []
    try {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName)
      const { held = [] } = await navigator.locks.query()
      const busy = new Set(held.map(({ name }) => name))
      for await (const [name, entry] of (folder as FileSystemDirectoryHandle & Listing).entries()) {
        const slot = name.slice(0, -ending.length)
        if (!name.endsWith(ending) || busy.has(lockName(slot))) continue
        const text = await (await (entry as FileSystemFileHandle).getFile()).text()
        const note = parseNote(text, this.#room)
        if (!note) continue
        const { size } = await (await folder.getFileHandle(slot)).getFile()
        if (size > 0 && size <= note.file.size) found.push({ ...note, slot, stored: size })
      }
    } catch {
      // No storage, or no folder yet.
    }
    return found
  }

  async write(slot: SlotId, { file, ownerName, again }: Note): Promise<void> {
    try {
      this.#hold(slot)
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName)
      const handle = await folder.getFileHandle(slot + ending, { create: true })
      const writable = await handle.createWritable()
      await writable.write(
        JSON.stringify({ room: this.#room, file: writeFileCard(file), owner: ownerName, again }),
      )
      await writable.close()
    } catch {
      // Then it is begun anew after the page's end.
    }
  }

  async drop(slot: SlotId): Promise<void> {
    this.#release(slot)
    try {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName)
      await folder.removeEntry(slot + ending)
    } catch {
      // There was none.
    }
  }

  close(): void {
    for (const slot of [...this.#held.keys()]) this.#release(slot)
  }

  #hold(slot: SlotId): void {
    if (this.#held.has(slot)) return
    const over = new Promise<void>(resolve => this.#held.set(slot, resolve))
    void navigator.locks.request(lockName(slot), () => over)
  }

  #release(slot: SlotId): void {
    this.#held.get(slot)?.()
    this.#held.delete(slot)
  }
}

const lockName = (slot: SlotId): string => `p2pchat-file ${slot}`

const parseNote = (text: string, room: string): Note | null => {
  if (text.length > unitsMax) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(value) || value['room'] !== room) return null
  const file = parseFileCard(value['file'])
  const ownerName = textUpTo(value['owner'], unitsMax)
  const again = idText(value['again'])
  return file === null || ownerName === null || again === null ? null : { file, ownerName, again }
}
