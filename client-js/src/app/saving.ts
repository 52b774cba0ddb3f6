/** Owns what the page asks of the browser while files move: to save them, to ask before it is closed, and to stay awake. */

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

let awake: WakeLockSentinel | null = null
let wanted = false

/** A hidden page loses its lock and asks again when it is seen. Where it is not to be had, the screen goes dark. */
export const keepAwakeWhile = (on: boolean): void => {
  wanted = on
  if (on) void lock()
  else void unlock()
}

const lock = async (): Promise<void> => {
  if (awake || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
  try {
    const got = await navigator.wakeLock.request('screen')
    awake = got
    got.addEventListener('release', () => {
      if (awake === got) awake = null
    })
    if (!wanted) await unlock()
  } catch {
    // Low battery, say.
  }
}

const unlock = async (): Promise<void> => {
  const held = awake
  awake = null
  await held?.release()
}

document.addEventListener('visibilitychange', () => {
  if (wanted) void lock()
})
