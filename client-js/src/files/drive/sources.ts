/** Owns the files we share, as they are read: in pieces, never whole, and hashed block by block in passing. */
import type { FileId } from '../../wire/ids.ts'
import { blockBytes, blockDigest, blocksOf, fileDigest } from '../digest.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Source = { readonly blob: Blob; readonly blocks: Map<number, Promise<Bytes>> }

export class Sources {
  readonly #sources = new Map<FileId, Source>()

  add(file: FileId, blob: Blob): void {
    this.#sources.set(file, { blob, blocks: new Map() })
  }

  delete(file: FileId): void {
    this.#sources.delete(file)
  }

  blobOf(file: FileId): Blob | null {
    return this.#sources.get(file)?.blob ?? null
  }

  /** Null where it cannot be read: moved, deleted or changed since it was offered. */
  async read(file: FileId, at: number, bytes: number): Promise<Bytes | null> {
    const source = this.#sources.get(file)
    const read = source ? await readFrom(source.blob, at, bytes) : null
    if (source && read) inPassing(source, at, read)
    return read
  }

  /** Of the whole file; what has not been read yet is read now. */
  async digest(file: FileId): Promise<string | null> {
    const source = this.#sources.get(file)
    if (!source) return null
    const { blob, blocks } = source
    const digests: Bytes[] = []
    for (let block = 0; block < blocksOf(blob.size); block++) {
      const known = blocks.get(block)
      const at = block * blockBytes
      const read = known ? null : await readFrom(blob, at, Math.min(blockBytes, blob.size - at))
      if (!known && !read) return null
      digests.push(await (known ?? blockDigest(read ?? new Uint8Array())))
    }
    return fileDigest(digests)
  }
}

const readFrom = async (blob: Blob, at: number, bytes: number): Promise<Bytes | null> => {
  try {
    const read = new Uint8Array(await blob.slice(at, at + bytes).arrayBuffer())
    return read.byteLength === bytes ? read : null
  } catch {
    return null
  }
}

/** A block that was read as such; several receivers read it, and one hash is enough. */
const inPassing = ({ blob, blocks }: Source, at: number, read: Bytes): void => {
  const block = at / blockBytes
  const whole = Math.min(blockBytes, blob.size - at)
  if (Number.isInteger(block) && read.byteLength === whole && !blocks.has(block))
    blocks.set(block, blockDigest(read))
}
