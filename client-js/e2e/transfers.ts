/** What tests of files do with pages: pick a file, find its card, take what is saved, cut connections. */
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Download } from 'playwright-core'
import type { Person } from './browser.ts'

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

export const accept = (person: Person, name: string): Promise<void> =>
  cardOf(person, name).getByRole('button', { name: 'Accept' }).click()

/** What the browser puts into its folder because of an act. */
export const saved = async (person: Person, act: () => Promise<unknown>, ms = 60_000): Promise<Download> => {
  const coming = person.page.waitForEvent('download', { timeout: ms })
  await act()
  return coming
}

export const bytesOf = async (download: Download): Promise<Buffer> => readFile(await download.path())

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
