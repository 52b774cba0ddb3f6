/**
 * What the app asks of the browser around the page: the clipboard, saving files, asking before the page is closed, the
 * draft of a message across a reload, and being installed.
 */

import { storageFolder } from '../files/state.ts'
import { attempt, within } from '../link/browser-api.ts'
import { parseDrafts } from './drafts.ts'

export const copy = async (text: string): Promise<boolean> => {
  // Some browsers ask first and never answer, and the way by a selection wants a press that is not long ago.
  const written = attempt(() => navigator.clipboard.writeText(text).then(() => true))
  if (written && (await within(copyMs, written, false))) return true
  return copySelected(text)
}

const copyMs = 1_500

/** Selects the text in a field that nobody sees, and asks the browser to copy what is selected. */
const copySelected = (text: string): boolean => {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.readOnly = true
  field.className = 'sr-only'
  // What lies outside an open dialog cannot be selected.
  const place = document.querySelector('dialog[open]') ?? document.body
  place.append(field)
  field.select()
  const copied = attempt(() => document.execCommand('copy')) ?? false
  field.remove()
  if (before instanceof HTMLElement) before.focus()
  return copied
}

/** The browser copies from where the file lies; it is nowhere held whole by the page. */
export const save = (blob: Blob, name: string): void => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The download has its own hold on the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), revokeMs)
}

const revokeMs = 60_000

type SaveOptions = { readonly suggestedName: string }
type Picking = { showSaveFilePicker?: (options: SaveOptions) => Promise<FileSystemFileHandle> }

/** The browser's own window for saving: null once the person has closed it. Undefined where there is none. */
export const choosePlace: ((name: string) => Promise<FileSystemFileHandle | null>) | undefined =
  'showSaveFilePicker' in globalThis
    ? name =>
        (globalThis as Picking).showSaveFilePicker?.({ suggestedName: name }).catch(() => null) ??
        Promise.resolve(null)
    : undefined

const ask = (event: BeforeUnloadEvent): void => event.preventDefault()

/** Registered only while there is something to lose: it keeps pages out of the browser's cache of recent ones. */
export const warnBeforeLeaving = (on: boolean): void => {
  if (on) addEventListener('beforeunload', ask)
  else removeEventListener('beforeunload', ask)
}

const reloadedKey = 'p2pchat.reloaded'

/** Kept for as long as the tab is there. Storage can be forbidden. */
export const reloadedFor = {
  get: (): string | null => attempt(() => sessionStorage.getItem(reloadedKey)),
  set: (script: string): boolean =>
    attempt(() => {
      sessionStorage.setItem(reloadedKey, script)
      return true
    }) ?? false,
}

/** The page as the server hands it out now, past every cache. */
export const freshPage = async (): Promise<string> => {
  const answer = await fetch('./', { cache: 'no-store' })
  if (!answer.ok) throw new Error(`the page is answered with ${answer.status}`)
  return answer.text()
}

const key = 'p2pchat.drafts'

/** Taken out, so that it lies there no longer than the page is away. Storage can be forbidden. */
export const takeDrafts = (): Map<string, string> => {
  try {
    const stored = sessionStorage.getItem(key)
    sessionStorage.removeItem(key)
    return parseDrafts(stored)
  } catch {
    return new Map()
  }
}

export const leaveDrafts = (drafts: ReadonlyMap<string, string>): void => {
  try {
    if (drafts.size > 0) sessionStorage.setItem(key, JSON.stringify([...drafts]))
  } catch {
    // Costs a convenience, nothing else.
  }
}

/** Chromium's alone; other browsers have an entry in a menu. */
type Offer = Event & { prompt: () => Promise<unknown> }

/** Once everything that somebody waits for is here. A page without HTTPS goes on without a worker. */
export const registerWorker = (): void => {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const register = (): void =>
    void attempt(() => navigator.serviceWorker.register('./sw.js', { updateViaCache: 'none' }))?.catch(
      () => undefined,
    )
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
}

/**
 * Removes received files that an earlier page has left in the browser's storage: whoever never joins a room again has no
 * use for them. What does it is loaded only where there is something.
 */
export const sweepReceived = async (): Promise<void> => {
  const root = await attempt(() => navigator.storage.getDirectory())?.catch(() => null)
  const folder = await root?.getDirectoryHandle(storageFolder).catch(() => null)
  if (!folder) return
  const transfers = await import('../files/runtime/transfers.ts').catch(() => null)
  await transfers?.sweepStorage(Date.now())
}

/** `offered` is called with whether `install` would do something now. */
export const installing = (
  offered: (possible: boolean) => void,
): { readonly install: () => Promise<void> } => {
  let offer: Offer | null = null
  const set = (next: Offer | null): void => {
    offer = next
    offered(next !== null)
  }
  addEventListener('beforeinstallprompt', event => {
    event.preventDefault()
    set(event as Offer)
  })
  addEventListener('appinstalled', () => set(null))
  return {
    install: async () => {
      const taken = offer
      set(null)
      await taken?.prompt().catch(() => undefined)
    },
  }
}
