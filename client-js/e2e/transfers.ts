/** Owns what tests of files do with pages: pick a file, find its card, take what is saved, cut connections. */
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
