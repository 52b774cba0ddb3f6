/** The browser's own storage and its locks, in memory: as much of them as received files need. */
import { vi } from 'vitest'

type Stored = { bytes: number; text: string; lastModified: number; locked: boolean }

const domError = (name: string): Error => Object.assign(new Error(name), { name })

export class BrowserStorage {
  readonly files = new Map<string, Stored>()
  quota = Number.MAX_SAFE_INTEGER
  now = 0
  readonly #locks = new Map<string, (() => void)[]>()

  /** In place of the browser's, until the globals are unstubbed. */
  install(): void {
    const folder = this.#folder()
    const root = { getDirectoryHandle: async () => folder }
    const storage = {
      getDirectory: async () => root,
      estimate: async () => ({ quota: this.quota, usage: this.usage }),
    }
    const query = async () => ({ held: [...this.#locks.keys()].map(name => ({ name })) })
    vi.stubGlobal('navigator', { storage, locks: { query, request: this.#request } })
  }

  get usage(): number {
    return [...this.files.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  put(name: string, content: { bytes?: number; text?: string; lastModified?: number }): Stored {
    const { bytes = 0, text = '', lastModified = this.now } = content
    const stored: Stored = { bytes, text, lastModified, locked: false }
    this.files.set(name, stored)
    return stored
  }

  /** Another page holds it until the function given back is called. */
  holdElsewhere(name: string): () => void {
    let release = (): void => undefined
    void this.#request(name, () => new Promise<void>(resolve => (release = resolve)))
    return () => release()
  }

  readonly #request = async (
    name: string,
    given: { signal?: AbortSignal } | (() => Promise<void>),
    then: () => Promise<void> = given as () => Promise<void>,
  ): Promise<void> => {
    const signal = typeof given === 'function' ? undefined : given.signal
    const waiting = this.#locks.get(name)
    if (waiting) {
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve)
        signal?.addEventListener('abort', () => reject(domError('AbortError')))
      })
    } else this.#locks.set(name, [])
    try {
      await then()
    } finally {
      const next = this.#locks.get(name)?.shift()
      if (next) next()
      else this.#locks.delete(name)
    }
  }

  #folder() {
    return {
      getFileHandle: async (name: string, options?: { create: boolean }) => {
        if (!this.files.has(name) && !options?.create) throw domError('NotFoundError')
        const stored = this.files.get(name) ?? this.put(name, {})
        return this.#file(stored)
      },
      removeEntry: async (name: string) => {
        const stored = this.files.get(name)
        if (!stored) throw domError('NotFoundError')
        if (stored.locked) throw domError('NoModificationAllowedError')
        this.files.delete(name)
      },
      entries: () => this.#entries(),
    }
  }

  async *#entries(): AsyncGenerator<[string, unknown]> {
    for (const [name, stored] of [...this.files]) yield [name, this.#file(stored)]
  }

  #file(stored: Stored) {
    return {
      getFile: async () => ({
        size: stored.bytes,
        lastModified: stored.lastModified,
        text: async () => stored.text,
      }),
      createSyncAccessHandle: async () => {
        if (stored.locked) throw domError('NoModificationAllowedError')
        stored.locked = true
        return {
          getSize: () => stored.bytes,
          write: (bytes: Uint8Array, { at = 0 }: { at?: number } = {}) => {
            stored.bytes += bytes.byteLength
            if (at === 0) stored.text = new TextDecoder().decode(bytes)
            return bytes.byteLength
          },
          truncate: (bytes: number) => {
            stored.bytes = bytes
          },
          close: () => {
            stored.locked = false
          },
        }
      },
    }
  }
}
