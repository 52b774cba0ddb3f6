/**
 * The places that a file can be written to, one behind the other, and the messages between the page and its file
 * worker, in which they live.
 */

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
  | { op: 'keep'; store: StoreId }
  /** Gives it up, with what has been written. */
  | { op: 'discard'; store: StoreId }

export type Report =
  | { op: 'opened'; store: StoreId; stored: number }
  | { op: 'stored'; store: StoreId; bytes: number }
  | { op: 'checked'; store: StoreId; digest: string }
  /** `blob` is null where the person has the file already. */
  | { op: 'kept'; store: StoreId; blob: Blob | null }
  | { op: 'failed'; store: StoreId }

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

/** For nobody else meanwhile: another page of ours may be writing there. */
const accessTo = (file: FileSystemFileHandle): Promise<Access> => {
  const inWorker = file as FileSystemFileHandle & { createSyncAccessHandle: () => Promise<Access> }
  return inWorker.createSyncAccessHandle()
}

/** Below the root of the browser's own storage. */
export const folderName = 'p2pchat-incoming'

/** Made where it does not exist. Throws where the browser has no storage for us. */
const folder = async (): Promise<FileSystemDirectoryHandle> =>
  (await navigator.storage.getDirectory()).getDirectoryHandle(folderName, { create: true })

/** Long enough for the browser to have saved what it was given, however slow the disk. */
const keptMs = 86_400_000

type Listing = { values: () => AsyncIterable<FileSystemHandle> }

/** Throws away what lies here from earlier days. What another page of ours writes now is newer, and locked. */
export const sweep = async (now: number): Promise<void> => {
  try {
    const within = await folder()
    for await (const entry of (within as FileSystemDirectoryHandle & Listing).values()) {
      const file = await (entry as FileSystemFileHandle).getFile()
      if (now - file.lastModified > keptMs) await within.removeEntry(entry.name)
    }
  } catch {
    // No storage, or somebody else was faster.
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
      return Promise.resolve(memoryStore())
  }
}

/** Without TLS, and in some browsers' private windows, there is no storage for us. */
const storageOrMemory = async (store: StoreId, bytes: number): Promise<FileStore> => {
  const within = await folder().catch(() => null)
  return within ? privateStore(within, store, bytes) : memoryStore()
}

const privateStore = async (
  within: FileSystemDirectoryHandle,
  store: StoreId,
  bytes: number,
): Promise<FileStore> => {
  const { quota = Number.POSITIVE_INFINITY, usage = 0 } = await navigator.storage.estimate()
  const file = await within.getFileHandle(store, { create: true })
  const access = await accessTo(file)
  const stored = access.getSize()
  if (usage + bytes - stored > quota) {
    access.close()
    await within.removeEntry(store)
    throw new Error('no room')
  }
  let at = stored
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
        if (written <= 0) throw new Error('nothing more can be written')
        done += written
      }
      at += piece.byteLength
    },
    save: async () => {
      access.close()
      return file.getFile()
    },
    discard: async () => {
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

const memoryStore = (): FileStore => {
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
      if (sum > memoryBytesMax) throw new Error('too large to be held')
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
