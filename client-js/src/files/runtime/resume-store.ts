/**
 * What outlives a page that was closed in the middle of a file. Beside the bytes in the browser's own storage lies a
 * record of whose they are, so that the next page can resume. Where there is no storage, nothing is recorded.
 */
import { type FileCard, parseFileCard, writeFileCard } from '../../wire/file.ts'
import { idText, isRecord, textUpTo } from '../../wire/json.ts'
import { folderName, type StoreId } from './file-stores.ts'

export type ResumeRecord = {
  readonly file: FileCard
  readonly ownerName: string
  readonly resumeToken: string
}
export type ResumableFile = ResumeRecord & { readonly store: StoreId; readonly stored: number }

const ending = '.note'
const unitsMax = 2_000

type Listing = { entries: () => AsyncIterable<[string, FileSystemHandle]> }

export class ResumeStore {
  readonly #room: string
  /** Held as long as this page works on a file, so that another page of the same person leaves it alone. */
  readonly #held = new Map<StoreId, () => void>()

  constructor(room: string) {
    this.#room = room
  }

  /** What a page that is gone has left of files from this room. */
  async list(): Promise<ResumableFile[]> {
    const found: ResumableFile[] = []
    try {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName)
      const { held = [] } = await navigator.locks.query()
      const busy = new Set(held.map(({ name }) => name))
      for await (const [name, entry] of (folder as FileSystemDirectoryHandle & Listing).entries()) {
        const store = name.slice(0, -ending.length)
        if (!name.endsWith(ending) || busy.has(lockName(store))) continue
        const text = await (await (entry as FileSystemFileHandle).getFile()).text()
        const record = parseRecord(text, this.#room)
        if (!record) continue
        const { size } = await (await folder.getFileHandle(store)).getFile()
        if (size > 0 && size <= record.file.size) found.push({ ...record, store, stored: size })
      }
    } catch {
      // No storage, or no folder yet.
    }
    return found
  }

  async write(store: StoreId, { file, ownerName, resumeToken }: ResumeRecord): Promise<void> {
    try {
      this.#hold(store)
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName)
      const handle = await folder.getFileHandle(store + ending, { create: true })
      const writable = await handle.createWritable()
      await writable.write(
        JSON.stringify({ room: this.#room, file: writeFileCard(file), owner: ownerName, again: resumeToken }),
      )
      await writable.close()
    } catch {
      // Then it is begun anew after the page's end.
    }
  }

  async remove(store: StoreId): Promise<void> {
    this.#release(store)
    try {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(folderName)
      await folder.removeEntry(store + ending)
    } catch {
      // There was none.
    }
  }

  close(): void {
    for (const store of [...this.#held.keys()]) this.#release(store)
  }

  #hold(store: StoreId): void {
    if (this.#held.has(store)) return
    const over = new Promise<void>(resolve => this.#held.set(store, resolve))
    void navigator.locks.request(lockName(store), () => over)
  }

  #release(store: StoreId): void {
    this.#held.get(store)?.()
    this.#held.delete(store)
  }
}

const lockName = (store: StoreId): string => `p2pchat-file ${store}`

const parseRecord = (text: string, room: string): ResumeRecord | null => {
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
  const resumeToken = idText(value['again'])
  return file === null || ownerName === null || resumeToken === null ? null : { file, ownerName, resumeToken }
}
