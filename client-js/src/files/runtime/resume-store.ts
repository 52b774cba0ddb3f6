/**
 * What outlives a page in the browser's own storage. Beside the bytes of a file that was closed in the middle lies a
 * record of whose they are, so that the next page can resume. Whatever no page can use any more is removed. Where there
 * is no storage, nothing is recorded.
 */
import { type FileCard, parseFileCard, writeFileCard } from '../../wire/file.ts'
import { idText, isRecord, textUpTo } from '../../wire/json.ts'
import { storageFolder } from '../state.ts'
import { recordEnding as ending, type StoreId } from './file-stores.ts'

export type ResumeRecord = {
  readonly file: FileCard
  readonly ownerName: string
  readonly resumeToken: string
}
export type ResumableFile = ResumeRecord & { readonly store: StoreId; readonly stored: number }

const unitsMax = 2_000

/** For so long a file can be resumed after its page was closed. */
const resumableMs = 86_400_000
/** For so long after its last byte, the browser may still copy a file to where the person wants it. */
const savingMs = 600_000

type Folder = FileSystemDirectoryHandle & { entries: () => AsyncIterable<[string, FileSystemHandle]> }

/** Throws where the browser has no storage for us, or nothing in it yet. */
const openFolder = async (): Promise<Folder> =>
  (await (await navigator.storage.getDirectory()).getDirectoryHandle(storageFolder)) as Folder

const removeEntries = async (...names: readonly string[]): Promise<void> => {
  const folder = await openFolder().catch(() => null)
  // One that is not there, or that is locked, does not keep the others.
  await Promise.allSettled(names.map(name => folder?.removeEntry(name)))
}

/** Files of this size are worth a question to the person, which some browsers ask. */
const persistBytes = 67_108_864

/** Asks the browser not to throw away our storage in the middle of a large file, and for all the room it has. */
export const persist = async (bytes: number): Promise<void> => {
  try {
    if (bytes >= persistBytes) await navigator.storage.persist()
  } catch {
    // No storage, or no such promise.
  }
}

export class ResumeStore {
  readonly #room: string
  /** Writes the record beside the file, where that can be done. */
  readonly #record: (store: StoreId, text: string) => void
  /** Held as long as this page works on a file, so that another page of the same person leaves it alone. */
  readonly #held = new Map<StoreId, () => void>()
  readonly #over = new AbortController()

  constructor(room: string, record: (store: StoreId, text: string) => void) {
    this.#room = room
    this.#record = record
  }

  /**
   * Tells of each file of this room that a page has left in the middle, as soon as that page is gone for good: after a
   * reload, the page before may still be going. What nobody can use any more is removed.
   */
  async find(found: (file: ResumableFile) => void, now: number): Promise<void> {
    try {
      const folder = await openFolder()
      const { held = [] } = await navigator.locks.query()
      const busy = new Set(held.map(({ name }) => name))
      const names = new Set<string>()
      for await (const [name] of folder.entries()) names.add(name)
      for (const name of names) {
        const isRecordFile = name.endsWith(ending)
        const store = isRecordFile ? name.slice(0, -ending.length) : name
        if (this.#held.has(store)) continue
        if (!isRecordFile && names.has(store + ending)) continue
        const ageMs = now - (await lastModified(folder, name))
        if (ageMs > (isRecordFile ? resumableMs : savingMs)) {
          if (!busy.has(lockName(store))) await removeEntries(store, store + ending)
        } else if (isRecordFile) void this.#claim(folder, store, found)
      }
    } catch {
      // No storage, or nothing in it yet.
    }
  }

  /** Waits for the lock, and keeps it where there is something to resume. */
  async #claim(folder: Folder, store: StoreId, found: (file: ResumableFile) => void): Promise<void> {
    try {
      await navigator.locks.request(lockName(store), { signal: this.#over.signal }, async () => {
        const file = await this.#read(folder, store)
        if (!file || this.#over.signal.aborted) return
        const over = new Promise<void>(resolve => this.#held.set(store, resolve))
        found(file)
        await over
      })
    } catch {
      // This page is closed, or the other one has finished the file.
    }
  }

  async #read(folder: Folder, store: StoreId): Promise<ResumableFile | null> {
    const text = await (await (await folder.getFileHandle(store + ending)).getFile()).text()
    const record = parseRecord(text, this.#room)
    if (!record) return null
    const { size } = await (await folder.getFileHandle(store)).getFile()
    return size > 0 && size <= record.file.size ? { ...record, store, stored: size } : null
  }

  write(store: StoreId, { file, ownerName, resumeToken }: ResumeRecord): void {
    const record = { room: this.#room, file: writeFileCard(file), owner: ownerName, again: resumeToken }
    this.#record(store, JSON.stringify(record))
  }

  /** There is nothing to resume any more. What lies there stays, and stays ours. */
  remove(store: StoreId): Promise<void> {
    return removeEntries(store + ending)
  }

  /** Removes a whole file that has been saved. */
  async discard(store: StoreId): Promise<void> {
    await removeEntries(store, store + ending)
    this.release(store)
  }

  close(): void {
    this.#over.abort()
    for (const store of [...this.#held.keys()]) this.release(store)
  }

  /** This page works on it from now on. */
  hold(store: StoreId): void {
    if (this.#held.has(store) || !('locks' in navigator)) return
    const over = new Promise<void>(resolve => this.#held.set(store, resolve))
    void navigator.locks.request(lockName(store), () => over)
  }

  release(store: StoreId): void {
    this.#held.get(store)?.()
    this.#held.delete(store)
  }
}

/** Removes what no page can use any more, whatever room it came from. For a page that is in no room. */
export const sweepStorage = async (now: number): Promise<void> => {
  // No room has this name, so that nothing is found to be resumed.
  const store = new ResumeStore('', () => undefined)
  await store.find(() => undefined, now)
  store.close()
}

const lastModified = async (folder: Folder, name: string): Promise<number> =>
  (await (await folder.getFileHandle(name)).getFile()).lastModified

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
