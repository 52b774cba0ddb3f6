/** What a process has in its memory, as Linux shows it to whoever started it (proc(5)). */
import { open, readFile } from 'node:fs/promises'

/** Of these texts those that stand in it somewhere, in UTF-8. */
export const textsIn = async (pid: number, texts: readonly string[]): Promise<string[]> => {
  const wanted = texts.map(text => Buffer.from(text))
  const found = new Set<number>()
  const memory = await open(`/proc/${pid}/mem`)
  try {
    for (const line of (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      if (from === undefined || to === undefined) continue
      // Addresses of programs are below 2 ** 47.
      const start = Number.parseInt(from, 16)
      const bytes = Buffer.alloc(Number.parseInt(to, 16) - start)
      // A part that has been given back meanwhile cannot be read.
      const read = await memory.read(bytes, 0, bytes.length, start).catch(() => ({ bytesRead: 0 }))
      const held = bytes.subarray(0, read.bytesRead)
      wanted.forEach((text, at) => {
        if (held.includes(text)) found.add(at)
      })
    }
  } finally {
    await memory.close()
  }
  return texts.filter((_, at) => found.has(at))
}
