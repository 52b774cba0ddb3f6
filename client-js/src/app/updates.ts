/**
 * Notices that the server has been updated while this page was open. The files of this page are gone then, since each
 * is named by its content, and what has not been loaded yet cannot be. The page is loaded anew when nothing is lost by
 * it, and until then that is said.
 */
import { within } from '../link/browser-api.ts'

export type UpdatesPorts = {
  /** The first script of this page, `/assets/index-abc.js`; null where it is not known. */
  readonly script: string | null
  /** The page as the server hands it out now. Rejects without a network. */
  readonly page: () => Promise<string>
  /** Nobody loses a conversation, a call or a file by a reload. */
  readonly idle: () => boolean
  readonly outdated: () => void
  readonly reload: () => void
  /** The page for whose sake this one was loaded anew. `set` says whether that can be remembered. */
  readonly reloadedFor: { readonly get: () => string | null; readonly set: (script: string) => boolean }
}

const pageMs = 10_000

/** The first module that a page names. */
export const scriptIn = (page: string): string | null => {
  const [tag = ''] = /<script\b[^>]*\btype="module"[^>]*>/.exec(page) ?? []
  return /\bsrc="([^"]+)"/.exec(tag)?.[1] ?? null
}

export class Updates {
  readonly #ports: UpdatesPorts
  #newer: string | null = null
  #asking = false

  constructor(ports: UpdatesPorts) {
    this.#ports = ports
  }

  /** A part of the page could not be loaded: because there is no network, or because it is gone? */
  async partFailed(): Promise<void> {
    if (this.#asking || this.#newer !== null) return
    this.#asking = true
    const page = await within(pageMs, this.#ports.page(), null)
    this.#asking = false
    const script = page === null ? null : scriptIn(page)
    if (script === null || this.#ports.script === null || script === this.#ports.script) return
    this.#newer = script
    this.#ports.outdated()
    this.settle()
  }

  /** To be called whenever the page may have become idle. It is loaded anew once for each newer page, never in a circle. */
  settle(): void {
    const { idle, reload, reloadedFor } = this.#ports
    if (this.#newer === null || !idle() || reloadedFor.get() === this.#newer) return
    if (reloadedFor.set(this.#newer)) reload()
  }
}
