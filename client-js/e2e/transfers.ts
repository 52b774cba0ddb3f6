/** What tests of files do with pages: pick a file, find its card, take what is saved, cut connections. */
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { onTestFinished, vi } from 'vitest'
import type { Person } from './browser.ts'
import { downloadsOf } from './engines.ts'

/** Where files are made that are to be picked; each test file makes one and removes it. */
export const shelf = (): { readonly folder: string; readonly clear: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-files-'))
  return { folder, clear: () => rmSync(folder, { recursive: true }) }
}

export const pickPath = async (person: Person, path: string): Promise<void> => {
  await person.page.locator('input[type=file]').first().setInputFiles(path)
}

export const pick = async (person: Person, name: string, bytes: Buffer): Promise<void> => {
  const field = person.page.locator('input[type=file]').first()
  await field.setInputFiles({ name, mimeType: 'application/octet-stream', buffer: bytes })
}

export const pickFolder = async (person: Person, path: string): Promise<void> => {
  await person.page.locator('input[type=file][webkitdirectory]').setInputFiles(path)
}

/**
 * What a ZIP archive with uncompressed entries holds, by its directory at the end (PKWARE APPNOTE 4.3.7, 4.3.12,
 * 4.3.16).
 */
export const unzipped = (archive: Buffer): Map<string, Buffer> => {
  const found = new Map<string, Buffer>()
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [size, name] = [archive.readUInt32LE(at + 24), archive.readUInt16LE(at + 28)]
    const further = archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
    const local = archive.readUInt32LE(at + 42)
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const path = archive.toString('utf8', at + 46, at + 46 + name)
    const content = archive.subarray(from, from + size)
    if (crc32(content) !== archive.readUInt32LE(at + 16)) throw new Error(`${path} is damaged`)
    found.set(path, content)
    at += 46 + name + further
  }
  return found
}

export const cardOf = (person: Person, name: string) =>
  person.log.getByRole('region', { name: new RegExp(name.replace(/[.<>]/g, '\\$&')) })

/** In bytes. */
export const progressOf = async (person: Person, name: string): Promise<number> => {
  const bar = cardOf(person, name).getByRole('progressbar')
  return (await bar.count()) === 0 ? 0 : Number(await bar.evaluate(it => (it as HTMLProgressElement).value))
}

export const accept = (person: Person, name: string): Promise<void> =>
  cardOf(person, name).getByRole('button', { name: 'Accept' }).click()

export type Saved = { readonly name: string; readonly path: string }

/** What the browser puts into its folder because of an act, once it is there whole. */
export const saved = async (person: Person, act: () => Promise<unknown>, ms = 60_000): Promise<Saved> => {
  const folder = downloadsOf(person.context.browser())
  if (folder !== undefined) return savedIn(folder, act, ms)
  const coming = person.page.waitForEvent('download', { timeout: ms })
  await act()
  const download = await coming
  return { name: download.suggestedFilename(), path: await download.path() }
}

/** Of files that several people save at the same time, each is somebody's. */
const taken = new Set<string>()

/** An empty file is one that has only begun: Firefox puts the whole one in its place when it is there. */
const savedIn = async (folder: string, act: () => Promise<unknown>, ms: number): Promise<Saved> => {
  const before = new Set(readdirSync(folder))
  const take = (): Saved | undefined => {
    const isNew = (name: string): boolean => !before.has(name) && !taken.has(join(folder, name))
    const name = readdirSync(folder)
      .filter(it => isNew(it) && !it.endsWith('.part'))
      // It may be gone by now: what has only begun makes way for what is there whole.
      .find(it => (statSync(join(folder, it), { throwIfNoEntry: false })?.size ?? 0) > 0)
    if (name === undefined) return undefined
    const path = join(folder, name)
    taken.add(path)
    return { name, path }
  }
  await act()
  const file = await vi.waitUntil(take, { timeout: ms })
  onTestFinished(() => {
    rmSync(file.path, { force: true })
    taken.delete(file.path)
  })
  return file
}

export const bytesOf = (file: Saved): Promise<Buffer> => readFile(file.path)

export const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

export const shaOfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest('hex')
}

/** Pages opened in this context later can have all their connections broken, as a network does. */
export const breakable = async (person: Person): Promise<void> => {
  await person.context.addInitScript(() => {
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        addEventListener('break-connections', () => this.close())
      }
    }
  })
}

export const breakConnections = (person: Person): Promise<void> =>
  person.page.evaluate(() => void dispatchEvent(new Event('break-connections')))
