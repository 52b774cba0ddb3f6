/**
 * What microphones, cameras and speakers there are, which one is meant, and why one cannot be had. All but
 * `watchDevices` is pure: it takes what the browser said, and asks it nothing.
 */
import type { MediaPort } from './preview.ts'
import type { Processing } from './state.ts'

export type Input = 'microphone' | 'camera'
export type DeviceKind = Input | 'speaker'

export type Device = { readonly id: string; readonly label: string }
export type Devices = Readonly<Record<DeviceKind, readonly Device[]>>

/**
 * What somebody chose; null is whatever the system uses. The label finds it again when the browser has given it another
 * id.
 */
export type Choice = Device | null
export type Choices = Readonly<Record<DeviceKind, Choice>>

export const noDevices: Devices = { microphone: [], camera: [], speaker: [] }
export const noChoices: Choices = { microphone: null, camera: null, speaker: null }

export type BrowserDevice = { readonly kind: string; readonly deviceId: string; readonly label: string }

const kinds: Readonly<Record<string, DeviceKind>> = {
  audioinput: 'microphone',
  videoinput: 'camera',
  audiooutput: 'speaker',
}

/**
 * Chromium names two devices a second time, as those of the system; leaving the choice to the system is a choice of its
 * own here.
 */
const aliases: ReadonlySet<string> = new Set(['default', 'communications'])

const devicesMax = 50

/** Before anybody allowed anything browsers name one nameless device of each kind: enough to know that there is one. */
export const devicesFrom = (told: readonly BrowserDevice[]): Devices => {
  const lists = { microphone: [] as Device[], camera: [] as Device[], speaker: [] as Device[] }
  for (const { kind, deviceId, label } of told) {
    const list = kinds[kind] && lists[kinds[kind]]
    if (!list || aliases.has(deviceId) || list.length >= devicesMax) continue
    if (!list.some(({ id }) => id === deviceId)) list.push({ id: deviceId, label: plainLabel(label) })
  }
  return lists
}

/** Chromium adds the maker's number, which nobody reads: `Camera (046d:0825)`. */
export const plainLabel = (label: string): string =>
  label.replace(/\s*\([\da-f]{4}:[\da-f]{4}\)$/i, '').slice(0, 100)

/** Can one be told from another yet? */
export const areNamed = (devices: readonly Device[]): boolean =>
  devices.length > 0 && devices.every(({ id, label }) => id !== '' && label !== '')

/** The chosen device, if it is plugged in: by its id, else by its name. */
export const present = (devices: readonly Device[], choice: Choice): Device | null => {
  if (!choice) return null
  const named = devices.find(({ label }) => label !== '' && label === choice.label)
  return devices.find(({ id }) => id !== '' && id === choice.id) ?? named ?? null
}

/** The one after it in the list, and after the last the first; null where there is no other. */
export const following = (devices: readonly Device[], id: string | undefined): Device | null => {
  const known = devices.filter(device => device.id !== '')
  if (known.length < 2) return null
  return known[(known.findIndex(device => device.id === id) + 1) % known.length] ?? null
}

/** What came and what went between two lists, where both have names to tell them by. */
export const changes = (
  before: readonly Device[],
  after: readonly Device[],
): { came: readonly Device[]; went: readonly Device[] } => {
  if (!areNamed(before) || (after.length > 0 && !areNamed(after))) return { came: [], went: [] }
  const missing = (from: readonly Device[], all: readonly Device[]) =>
    from.filter(device => !all.some(({ id }) => id === device.id))
  return { came: missing(after, before), went: missing(before, after) }
}

/**
 * `insecure`: a page without https gets no devices at all. `blocked`: somebody said no, or a policy does. `dismissed`: the
 * question was closed without an answer. `blocked-by-system`: the browser itself may not. `lost`: it was here and is gone.
 */
export type MediaTrouble =
  | 'insecure'
  | 'blocked'
  | 'blocked-by-system'
  | 'dismissed'
  | 'not-found'
  | 'in-use'
  | 'lost'
  | 'failed'

const byName: Readonly<Record<string, MediaTrouble>> = {
  NotAllowedError: 'blocked',
  PermissionDeniedError: 'blocked',
  SecurityError: 'blocked',
  NotFoundError: 'not-found',
  DevicesNotFoundError: 'not-found',
  OverconstrainedError: 'not-found',
  NotReadableError: 'in-use',
  TrackStartError: 'in-use',
  AbortError: 'in-use',
}

/** The standard has one name for three kinds of no; Chromium tells them apart in its message, other browsers do not. */
export const troubleOf = (error: unknown): MediaTrouble => {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'NotAllowedError' && /dismissed/i.test(error.message)) return 'dismissed'
  if (error.name === 'NotAllowedError' && /system/i.test(error.message)) return 'blocked-by-system'
  return byName[error.name] ?? 'failed'
}

/**
 * Which device to ask for: one that is known to be there, and only that; or one that may be, while the list has no
 * names yet.
 */
export const meant = (devices: readonly Device[], choice: Choice): MediaTrackConstraints => {
  const found = present(devices, choice)
  if (found) return { deviceId: { exact: found.id } }
  return choice && !areNamed(devices) ? { deviceId: { ideal: choice.id } } : {}
}

export const allProcessing: Processing = {
  noiseSuppression: true,
  echoCancellation: true,
  autoGainControl: true,
}

/**
 * Wishes alone: a camera that only makes 60 pictures a second is refused for a `max` of 30, and what is sent is limited
 * by the sender anyway.
 */
export const picture: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
  facingMode: 'user',
}

/** Tells the list at once and with every change, until the function given back is called. */
export const watchDevices = (media: MediaPort | null, changed: (devices: Devices) => void): (() => void) => {
  let over = false
  const list = async (): Promise<void> => {
    const devices = await media?.enumerateDevices().then(devicesFrom, () => noDevices)
    if (!over && devices) changed(devices)
  }
  const look = (): void => void list()
  look()
  media?.addEventListener('devicechange', look)
  return () => {
    over = true
    media?.removeEventListener('devicechange', look)
  }
}
