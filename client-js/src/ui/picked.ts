/** Takes files from what somebody dropped, pasted or picked: loose files each alone, a folder as one with its paths. */
import type { Folder, ShareItem } from '../files/state.ts'

/** `unreadable`: the names of what is left out, since the browser may not read it or there is too much of it. */
export type Picked = { readonly items: readonly ShareItem[]; readonly unreadable: readonly string[] }

/** A folder that never ends, through links say, ends here. */
const filesMax = 20_000

/** Must be called while the event is being handled: afterwards the browser forgets what was dropped. */
export const dropped = async (transfer: DataTransfer): Promise<Picked> => {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file')
  const taken = items.map(item => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const found = await Promise.all(taken.map(({ entry, file }) => itemOf(entry, file)))
  return {
    items: found.flatMap(one => one.items),
    unreadable: found.flatMap(one => one.unreadable),
  }
}

const itemOf = async (entry: FileSystemEntry | null, file: File | null): Promise<Picked> => {
  if (isFolder(entry)) {
    const found: Found = { files: [], emptyFolders: [], unreadable: [] }
    await within(entry, entry.name, found)
    const { files, emptyFolders, unreadable } = found
    const nothing = files.length === 0 && emptyFolders.length === 0
    return { items: nothing ? [] : [{ name: entry.name, files, emptyFolders }], unreadable }
  }
  return { items: file ? [alone(file)] : [], unreadable: file || !entry ? [] : [entry.name] }
}

const isFolder = (entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry =>
  entry?.isDirectory === true

const alone = (file: File): ShareItem => ({ name: file.name, file })

type Found = { files: { path: string; file: File }[]; emptyFolders: string[]; unreadable: string[] }

const within = async (folder: FileSystemDirectoryEntry, path: string, found: Found): Promise<void> => {
  let empty = true
  try {
    const reader = folder.createReader()
    // A reader gives some at a time and an empty list at the end.
    for (let entries = await some(reader); entries.length > 0; entries = await some(reader)) {
      empty = false
      for (const entry of entries) await take(entry, `${path}/${entry.name}`, found)
    }
  } catch {
    empty = false
    found.unreadable.push(path)
  }
  if (empty) found.emptyFolders.push(path)
}

const take = async (entry: FileSystemEntry, path: string, found: Found): Promise<void> => {
  if (found.files.length >= filesMax) found.unreadable.push(path)
  else if (isFolder(entry)) await within(entry, path, found)
  else
    try {
      found.files.push({ path, file: await opened(entry as FileSystemFileEntry) })
    } catch {
      found.unreadable.push(path)
    }
}

const some = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject))

const opened = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject))

/** From a file field; one for folders gives every file its path, and tells of no empty folder. */
export const picked = (list: Iterable<File>): Picked => {
  const loose: ShareItem[] = []
  const folders = new Map<string, Folder & { files: { path: string; file: File }[] }>()
  for (const file of list) {
    const path = file.webkitRelativePath
    const top = path.split('/')[0] ?? ''
    if (path === '' || top === path) loose.push(alone(file))
    else {
      const folder = folders.get(top) ?? { name: top, files: [], emptyFolders: [] }
      folders.set(top, folder)
      folder.files.push({ path, file })
    }
  }
  return { items: [...loose, ...folders.values()], unreadable: [] }
}

/**
 * Whether what is pasted into a field is its text. Office programs put a picture of a text beside it; a file manager
 * puts the name of a file, and means the file.
 */
export const pastesText = (text: string, files: readonly { readonly name: string }[]): boolean => {
  const names = new Set(files.map(({ name }) => name))
  const lines = text.split(/\r?\n/).map(line => line.trim())
  return lines.some(line => line !== '' && !names.has(line))
}

export const holdsFiles = (transfer: DataTransfer | null): transfer is DataTransfer =>
  transfer?.types.includes('Files') === true
