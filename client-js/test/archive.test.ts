/** Folders as archives: of the length that was said, and the same wherever and by whomever they are read. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { archive } from '../src/files/runtime/archive.ts'
import type { Content } from '../src/files/runtime/sources.ts'

const file = (name: string, bytes: number): { path: string; file: File } => {
  const content = Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + bytes) % 251)
  return { path: `photos/${name}`, file: new File([content], name, { lastModified: 1_700_000_000_000 }) }
}

const folder = (): Content =>
  archive({
    name: 'photos',
    files: [file('a.bin', 70_000), file('leer', 0), file('Größe/ß.bin', 33_333)],
    emptyFolders: ['photos/nothing'],
  })

const all = async (content: Content, from: number, step: number): Promise<number[]> => {
  const bytes: number[] = []
  for (let at = from; at < content.size; at += step)
    bytes.push(...((await content.read(at, Math.min(step, content.size - at))) ?? []))
  return bytes
}

test('it is as long as it says, and holds every file under its path', async () => {
  const content = folder()
  const bytes = Buffer.from(await all(content, 0, content.size))
  expect(bytes).toHaveLength(content.size)
  for (const name of ['photos/nothing/', 'photos/a.bin', 'photos/leer', 'photos/Größe/ß.bin']) {
    const inHeader = bytes.indexOf(name)
    expect(inHeader).toBeGreaterThan(0)
    expect(bytes.indexOf(name, inHeader + 1)).toBeGreaterThan(inHeader)
  }
  const content1 = Buffer.from(await file('a.bin', 70_000).file.arrayBuffer())
  expect(bytes.includes(content1)).toBe(true)
})

test('read in pieces, from the middle, and again, it is the same', async () => {
  const whole = await all(folder(), 0, 1_000_000)
  const content = folder()
  expect(await all(content, 0, 1_000)).toEqual(whole)
  expect(await all(content, 50_001, 4_096)).toEqual(whole.slice(50_001))
  expect(await all(content, 0, 65_536)).toEqual(whole)
})

test('two receivers at places of their own do not disturb each other', async () => {
  const whole = await all(folder(), 0, 1_000_000)
  const content = folder()
  expect(await Promise.all([all(content, 0, 777), all(content, 30_000, 1_024)])).toEqual([
    whole,
    whole.slice(30_000),
  ])
})

test('more readers than are kept only begin anew', async () => {
  const whole = await all(folder(), 0, 1_000_000)
  const content = folder()
  const places = Array.from({ length: 20 }, (_, index) => index * 1_000)
  const read = (at: number): Promise<Uint8Array | null> => content.read(at, 500)
  for (const at of places) expect([...((await read(at)) ?? [])]).toEqual(whole.slice(at, at + 500))
  for (const at of places)
    expect([...((await read(at + 500)) ?? [])]).toEqual(whole.slice(at + 500, at + 1_000))
})

test('a file that cannot be read any more ends it', async () => {
  const gone = file('gone.bin', 1_000)
  Object.assign(gone.file, {
    stream: () => new ReadableStream({ start: it => it.error(new Error('gone')) }),
  })
  const content = archive({ name: 'photos', files: [file('a.bin', 10), gone], emptyFolders: [] })
  expect(await content.read(0, content.size)).toBe(null)
})

test('nothing is read beyond its end', async () => {
  const content = folder()
  expect(await content.read(content.size - 10, 11)).toBe(null)
})

test('the same folder is the same bytes at any time of day', async () => {
  const before = await all(folder(), 0, 1_000_000)
  vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  expect(await all(folder(), 0, 1_000_000)).toEqual(before)
})
