/**
 * The places that a file can be written to, one behind the other, and the messages between the page and its file
 * worker, in which they live.
 */

import { storageFolder } from '../state.ts'

/** Names what one transfer writes, for as long as it lies in the browser's own storage. */
export type StoreId = string

/**
 * `private`: the browser's own storage, out of which it is saved once it is known to be right. `chosen`: where the
 * person said. `memory`: where there is no storage.
 */
export type Place =
  | { readonly kind: 'private' }
  | { readonly kind: 'chosen'; readonly handle: FileSystemFileHandle }
  | { readonly kind: 'memory' }

export type Order =
  | { op: 'open'; store: StoreId; place: Place; bytes: number }
  | { op: 'write'; store: StoreId; pieces: readonly Uint8Array<ArrayBuffer>[] }
  | { op: 'check'; store: StoreId }
  /** What another page has to know to resume it. */
  | { op: 'record'; store: StoreId; text: string }
  | { op: 'keep'; store: StoreId }
  /** Gives it up, with what has been written. */
  | { op: 'discard'; store: StoreId }

/**
 * `no-room`: the file is larger than what can be held. `memory-only`: larger than what the page can hold where it has no
 * storage. `no-storage`: the place could not be opened or written to.
 */
export type StoreFailure = 'no-room' | 'memory-only' | 'no-storage'

export type Report =
  /** The worker has been loaded. */
  | { op: 'ready' }
  | { op: 'opened'; store: StoreId; stored: number }
  | { op: 'stored'; store: StoreId; bytes: number }
  | { op: 'checked'; store: StoreId; digest: string }
  /** `blob` is null where the person has the file already. */
  | { op: 'kept'; store: StoreId; blob: Blob | null }
  | { op: 'failed'; store: StoreId; why: StoreFailure }

export type FileStore = {
  /** Bytes that lie there from before. */
  readonly stored: number
  readonly readBack: (at: number, bytes: number) => Uint8Array<ArrayBuffer>
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>
  /** What the page is to save, or null where it lies where it should. */
  readonly save: () => Promise<Blob | null>
  readonly discard: () => Promise<void>
}

/** What a worker may do with a file of the browser's own storage; the page's own types do not have it. */
type Access = {
  getSize: () => number
  read: (into: Uint8Array, where: { at: number }) => number
  write: (bytes: Uint8Array, where: { at: number }) => number
  truncate: (bytes: number) => void
  close: () => void
}

class NoRoom extends Error {}
class MemoryOnly extends Error {}

/** What a person can be told about an error of a store. */
export const failureOf = (error: unknown): StoreFailure => {
  if (error instanceof MemoryOnly) return 'memory-only'
  return error instanceof NoRoom || nameOf(error) === 'QuotaExceededError' ? 'no-room' : 'no-storage'
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** The first wait for a file that is locked. Each further wait is twice as long. */
const lockedMs = 50
/** Together the waits take some 13 seconds. */
const attemptsMax = 9

/**
 * For nobody else meanwhile. After a reload the worker of the page before may be going still, and its lock goes with
 * it: https://fs.spec.whatwg.org/#api-filesystemfilehandle-createsyncaccesshandle
 */
const accessTo = async (file: FileSystemFileHandle): Promise<Access> => {
  const inWorker = file as FileSystemFileHandle & { createSyncAccessHandle: () => Promise<Access> }
  for (let attempt = 1; ; attempt++)
    try {
      return await inWorker.createSyncAccessHandle()
    } catch (error) {
      if (!lockErrors.has(nameOf(error)) || attempt >= attemptsMax) throw error
      await new Promise(resolve => setTimeout(resolve, lockedMs * 2 ** (attempt - 1)))
    }
}

/** The second one is what browsers before the present specification say. */
const lockErrors: ReadonlySet<string> = new Set(['NoModificationAllowedError', 'InvalidStateError'])

/** Made where it does not exist. Throws where the browser has no storage for us. */
const folder = async (): Promise<FileSystemDirectoryHandle> =>
  (await navigator.storage.getDirectory()).getDirectoryHandle(storageFolder, { create: true })

/** Of the name of a record, which lies beside the file that it is about. */
export const recordEnding = '.note'

/**
 * From the worker, like the file itself: Safari lets no page write to the browser's own storage before version 26. Where
 * it cannot be written, the file is begun anew after the page's end.
 */
export const writeRecord = async (store: StoreId, text: string): Promise<void> => {
  const access = await accessTo(await (await folder()).getFileHandle(store + recordEnding, { create: true }))
  try {
    access.truncate(0)
    access.write(new TextEncoder().encode(text), { at: 0 })
  } finally {
    access.close()
  }
}

/** What an earlier page has left, and nobody wants any more. */
export const removeFileStore = async (store: StoreId): Promise<void> => (await folder()).removeEntry(store)

export const openFileStore = (store: StoreId, place: Place, bytes: number): Promise<FileStore> => {
  switch (place.kind) {
    case 'private':
      return storageOrMemory(store, bytes)
    case 'chosen':
      return chosenStore(place.handle)
    case 'memory':
      return memoryStore(bytes)
  }
}

/** Without TLS, and in some browsers' private windows, there is no storage for us. */
const storageOrMemory = async (store: StoreId, bytes: number): Promise<FileStore> => {
  const within = await folder().catch(() => null)
  return within ? privateStore(within, store, bytes) : memoryStore(bytes)
}

/** What the open files still need of the storage: the browser counts only what is written. */
const toCome = new Map<StoreId, number>()

const privateStore = async (
  within: FileSystemDirectoryHandle,
  store: StoreId,
  bytes: number,
): Promise<FileStore> => {
  const { quota = Number.POSITIVE_INFINITY, usage = 0 } = await navigator.storage.estimate()
  const file = await within.getFileHandle(store, { create: true })
  const access = await accessTo(file)
  const stored = access.getSize()
  const others = [...toCome.values()].reduce((sum, left) => sum + left, 0)
  if (usage + others + bytes - stored > quota) {
    access.close()
    await within.removeEntry(store)
    throw new NoRoom()
  }
  let at = stored
  toCome.set(store, bytes - stored)
  return {
    stored,
    readBack: (from, length) => {
      const piece = new Uint8Array(length)
      const read = access.read(piece, { at: from })
      return piece.subarray(0, read)
    },
    write: piece => {
      for (let done = 0; done < piece.byteLength; ) {
        const written = access.write(piece.subarray(done), { at: at + done })
        if (written <= 0) throw new NoRoom()
        done += written
      }
      at += piece.byteLength
      toCome.set(store, bytes - at)
    },
    save: async () => {
      toCome.delete(store)
      access.close()
      return file.getFile()
    },
    discard: async () => {
      toCome.delete(store)
      access.close()
      await within.removeEntry(store)
    },
  }
}

/** The browser writes beside the chosen file and puts it in its place at the end, so that half a file is never seen. */
const chosenStore = async (handle: FileSystemFileHandle): Promise<FileStore> => {
  const writable = await handle.createWritable()
  return {
    stored: 0,
    readBack: () => new Uint8Array(),
    write: piece => writable.write(piece),
    save: async () => {
      await writable.close()
      return null
    },
    discard: async () => {
      await writable.abort()
      // Not in every browser; without it the empty file stays that choosing has made.
      if ('remove' in handle && typeof handle.remove === 'function') await handle.remove()
    },
  }
}

/** Browsers move large blobs to the disk by themselves, and pieces of this size soon. */
const pieceBytes = 8_388_608
/** A page that has to hold everything itself takes no more. */
export const memoryBytesMax = 536_870_912

const memoryStore = async (bytes: number): Promise<FileStore> => {
  if (bytes > memoryBytesMax) throw new MemoryOnly()
  const blobs: Blob[] = []
  let pieces: Uint8Array<ArrayBuffer>[] = []
  let held = 0
  let sum = 0
  const seal = (): void => {
    blobs.push(new Blob(pieces))
    pieces = []
    held = 0
  }
  return {
    stored: 0,
    readBack: () => new Uint8Array(),
    write: piece => {
      sum += piece.byteLength
      if (sum > memoryBytesMax) throw new MemoryOnly()
      pieces.push(piece)
      held += piece.byteLength
      if (held >= pieceBytes) seal()
    },
    save: async () => {
      seal()
      return new Blob(blobs)
    },
    discard: async () => {
      blobs.length = 0
      pieces = []
    },
  }
}
