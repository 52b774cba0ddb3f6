/**
 * A folder as one ZIP archive that is nowhere stored as a whole: it is made anew, the same to the byte, wherever
 * somebody reads.
 */
import { makeZip, predictLength } from 'client-zip'
import type { Folder } from '../state.ts'
import type { Content } from './sources.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** One reading that has come as far as `at`; `rest` has been made and not been asked for yet. */
type Strand = { readonly reader: ReadableStreamDefaultReader<Uint8Array>; at: number; rest: Uint8Array }

/** Of what an archive can say (APPNOTE.TXT section 4.4.6), whatever the time zone. */
const earliestMs = Date.UTC(1980, 0, 2)

/** Several receivers read at places of their own; what nobody goes on with makes room. */
const strandsMax = 8

export const archive = ({ files, emptyFolders }: Folder): Content => {
  // Not the time of day: whoever offers the same folder again, after a reload say, offers the same bytes.
  const made = new Date(
    files.reduce(
      (latest, { file }) => Math.max(latest, file instanceof File ? file.lastModified : 0),
      earliestMs,
    ),
  )
  const entries = [
    // A name that ends in a slash is a folder's: APPNOTE 4.3.8 of the ZIP format.
    ...emptyFolders.map(path => ({ name: `${path}/`, lastModified: made })),
    ...files.map(({ path, file }) => ({
      name: path,
      input: file,
      size: file.size,
      lastModified: file instanceof File ? new Date(file.lastModified) : made,
    })),
  ]
  let strands: Strand[] = []

  /**
   * Whoever reads on where a strand stands takes it; anybody else begins at the beginning, since each part depends on
   * those before.
   */
  const strandAt = async (at: number): Promise<Strand | null> => {
    const found = strands.find(it => it.at === at)
    if (found) {
      strands = strands.filter(it => it !== found)
      return found
    }
    const fresh: Strand = { reader: makeZip(entries).getReader(), at: 0, rest: new Uint8Array() }
    return (await advance(fresh, at, () => undefined)) ? fresh : null
  }

  return {
    size: Number(predictLength(entries)),
    blob: null,
    read: async (at, bytes) => {
      const read = new Uint8Array(bytes)
      let filled = 0
      try {
        const strand = await strandAt(at)
        const whole = await (strand &&
          advance(strand, bytes, piece => {
            read.set(piece, filled)
            filled += piece.byteLength
          }))
        if (!strand || !whole) return null
        strands.push(strand)
        for (const left of strands.splice(0, Math.max(0, strands.length - strandsMax)))
          void left.reader.cancel().catch(() => undefined)
        return read satisfies Bytes
      } catch {
        // A file of it has been changed or deleted since it was offered.
        return null
      }
    },
  }
}

/** Whether there were so many bytes. */
const advance = async (
  strand: Strand,
  bytes: number,
  take: (piece: Uint8Array) => void,
): Promise<boolean> => {
  for (let left = bytes; left > 0; ) {
    if (strand.rest.byteLength === 0) {
      const { done, value } = await strand.reader.read()
      if (done) return false
      strand.rest = value
    }
    const piece = strand.rest.subarray(0, left)
    take(piece)
    strand.rest = strand.rest.subarray(piece.byteLength)
    strand.at += piece.byteLength
    left -= piece.byteLength
  }
  return true
}
