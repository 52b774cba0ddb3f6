/** Takes files from what somebody dropped, pasted or picked: loose files each alone, a folder as one with its paths. */
import type { ShareItem } from '../files/state.ts'

/** A folder that never ends, through links say, ends here. */
const filesMax = 20_000

/** Must be called while the event is being handled: afterwards the browser forgets what was dropped. */
export const dropped = (transfer: DataTransfer): Promise<ShareItem[]> => {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file')
  const taken = items.map(item => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  return Promise.all(taken.map(({ entry, file }) => itemOf(entry, file))).then(items => items.flat())
}

const itemOf = async (entry: FileSystemEntry | null, file: File | null): Promise<ShareItem[]> => {
  if (entry?.isDirectory) {
    const files = await within(entry as FileSystemDirectoryEntry, `${entry.name}/`, [])
    return files.length === 0 ? [] : [{ name: entry.name, files }]
  }
  return file ? [alone(file)] : []
}

const alone = (file: File): ShareItem => ({ name: file.name, file })

type Found = { path: string; file: File }

const within = async (folder: FileSystemDirectoryEntry, path: string, found: Found[]): Promise<Found[]> => {
  const reader = folder.createReader()
  // A reader gives some at a time and an empty list at the end.
  for (let entries = await some(reader); entries.length > 0; entries = await some(reader))
    for (const entry of entries) {
      if (found.length >= filesMax) return found
      if (entry.isDirectory) await within(entry as FileSystemDirectoryEntry, `${path}${entry.name}/`, found)
      else found.push({ path: path + entry.name, file: await opened(entry as FileSystemFileEntry) })
    }
  return found
}

const some = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject))

const opened = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject))

/** From a file field; one for folders gives every file its path. */
export const picked = (list: FileList): ShareItem[] => {
  const loose: ShareItem[] = []
  const folders = new Map<string, Found[]>()
  for (const file of [...list].slice(0, filesMax)) {
    const path = file.webkitRelativePath
    const top = path.split('/')[0] ?? ''
    if (path === '' || top === path) loose.push(alone(file))
    else folders.set(top, [...(folders.get(top) ?? []), { path, file }])
  }
  return [...loose, ...[...folders].map(([name, files]) => ({ name, files }))]
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
