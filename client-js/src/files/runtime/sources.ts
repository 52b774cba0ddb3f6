/** The files that we share, as they are read: in pieces, never as a whole, and hashed block by block in passing. */
import { cutFileName, fileNameUnitsMax } from '../../base/text.ts'
import type { FileId } from '../../wire/ids.ts'
import { blockBytes, blockDigest, blocksOf, fileDigest } from '../digest.ts'
import type { Folder, ShareItem } from '../state.ts'

type Bytes = Uint8Array<ArrayBuffer>

export type Content = {
  readonly size: number
  /** To be looked at, where it lies somewhere whole. */
  readonly blob: Blob | null
  /** Null where it cannot be read: moved, deleted or changed since it was offered. */
  readonly read: (at: number, bytes: number) => Promise<Bytes | null>
}

type Source = { readonly content: Content; readonly blocks: Map<number, Promise<Bytes>> }

export class Sources {
  readonly #sources = new Map<FileId, Source>()

  constructor() {
    // Before it is needed: the server may be away by then, or have another version.
    void loadArchive()
  }

  add(file: FileId, content: Content): void {
    this.#sources.set(file, { content, blocks: new Map() })
  }

  delete(file: FileId): void {
    this.#sources.delete(file)
  }

  blobOf(file: FileId): Blob | null {
    return this.#sources.get(file)?.content.blob ?? null
  }

  async read(file: FileId, at: number, bytes: number): Promise<Bytes | null> {
    const source = this.#sources.get(file)
    const read = (await source?.content.read(at, bytes)) ?? null
    if (source && read) inPassing(source, at, read)
    return read
  }

  /** Of the whole file; what has not been read yet is read now. */
  async digest(file: FileId): Promise<string | null> {
    const source = this.#sources.get(file)
    if (!source) return null
    const { content, blocks } = source
    const digests: Bytes[] = []
    for (let block = 0; block < blocksOf(content.size); block++) {
      const known = blocks.get(block)
      const at = block * blockBytes
      const read = known ? null : await content.read(at, Math.min(blockBytes, content.size - at))
      if (!known && !read) return null
      digests.push(await (known ?? blockDigest(read ?? new Uint8Array())))
    }
    return fileDigest(digests)
  }
}

export const whole = (blob: Blob): Content => ({
  size: blob.size,
  blob,
  read: async (at, bytes) => {
    try {
      const read = new Uint8Array(await blob.slice(at, at + bytes).arrayBuffer())
      return read.byteLength === bytes ? read : null
    } catch {
      return null
    }
  },
})

/** A block that was read as such; several receivers read it, and one hash is enough. */
const inPassing = ({ content, blocks }: Source, at: number, read: Bytes): void => {
  const block = at / blockBytes
  const size = Math.min(blockBytes, content.size - at)
  if (Number.isInteger(block) && read.byteLength === size && !blocks.has(block))
    blocks.set(block, blockDigest(read))
}

/** What packs folders. Null while it cannot be had. */
const loadArchive = () => import('./archive.ts').catch(() => null)

/**
 * A file as it is, a folder as an archive: so it is one file for whoever fetches it, whatever their page can do. Null for
 * a folder while what packs it cannot be loaded.
 */
export const packItem = async (
  item: ShareItem,
): Promise<{ name: string; media: string; content: Content } | null> => {
  if (!('files' in item))
    return {
      name: cutFileName(item.name, fileNameUnitsMax),
      media: item.file.type,
      content: whole(item.file),
    }
  const archiver = await loadArchive()
  if (!archiver) return null
  const name = cutFileName(`${item.name}${archiveEnding}`, fileNameUnitsMax)
  return { name, media: 'application/zip', content: archiver.archive(item) }
}

const archiveEnding = '.zip'

/** So many are offered at once, a folder counting as one: each is announced by itself, and peers bear no flood. */
export const itemsMax = 40

/** More than can be offered at once go as one folder. */
export const bundled = (items: readonly ShareItem[]): readonly ShareItem[] => {
  if (items.length <= itemsMax) return items
  const folders = items.filter((item): item is Folder => 'files' in item)
  const loose = items.flatMap(item => ('files' in item ? [] : [{ path: item.name, file: item.file }]))
  const files = distinct([...loose, ...folders.flatMap(folder => folder.files)])
  return [{ name: 'files', files, emptyFolders: folders.flatMap(folder => folder.emptyFolders) }]
}

/** Several files of one name get a number each, so that none hides another. */
const distinct = (files: Folder['files']): Folder['files'] => {
  const taken = new Set<string>()
  return files.map(({ path, file }) => {
    const [, stem = path, ending = ''] = /^(.+?)(\.[^./]*)?$/u.exec(path) ?? []
    let free = path
    for (let number = 2; taken.has(free); number++) free = `${stem} (${number})${ending}`
    taken.add(free)
    return { path: free, file }
  })
}
