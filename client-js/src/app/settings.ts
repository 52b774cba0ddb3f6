/**
 * The settings that a browser remembers: each with its default and how it is stored. What is stored can have been
 * changed by anybody, so each value is parsed on its own, and one that makes no sense becomes its default.
 */
import type { Choice } from '../call/devices.ts'
import { type IceServer, parseIceServers } from '../wire/ice.ts'
import { type Fields, isRecord, textUpTo } from '../wire/json.ts'

/** For the views, which do not look into the wire's words themselves. */
export {
  type IceEntry,
  type IceServer,
  type IceTrouble,
  iceServersMax,
  isTurn,
  readIceEntry,
} from '../wire/ice.ts'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** As they stand behind an emoji; none at first. */
export const skinTones = ['', '🏻', '🏼', '🏽', '🏾', '🏿'] as const
export type SkinTone = (typeof skinTones)[number]

export const recentEmojiMax = 24

/** As long as a name may be that somebody types here; peers with other pages may send longer ones. */
export const ownNameUnitsMax = 20

const flag =
  (usual: boolean) =>
  (value: unknown): boolean =>
    typeof value === 'boolean' ? value : usual

const textSetting =
  (unitsMax: number) =>
  (value: unknown): string =>
    textUpTo(value, unitsMax) ?? ''

const oneOf =
  <T extends string>(choices: readonly T[], usual: T) =>
  (value: unknown): T =>
    choices.find(choice => choice === value) ?? usual

/** Null is the system's own. The name finds a device again when the browser has given it another id. */
const device = (value: unknown): Choice => {
  if (!isRecord(value)) return null
  const id = textUpTo(value['id'], 300)
  const label = textUpTo(value['label'], 100)
  return id === null || label === null ? null : { id, label }
}

/** A setting is one line here: its name, and what becomes of a stored value. */
const fields = {
  name: textSetting(ownNameUnitsMax),
  theme: oneOf(themes, 'auto'),
  /** Empty for the browser's own. */
  language: textSetting(35),
  notifications: flag(false),
  sound: flag(true),
  /** Whether the others may see that we are writing. */
  typing: flag(true),
  /** Whether single letters are shortcuts. Programs for dictation press letters that nobody meant (WCAG 2.1.4). */
  shortcuts: flag(true),
  /** Whether we hand the last messages to whoever comes later. */
  handOver: flag(false),
  skinTone: oneOf(skinTones, ''),
  /** The last one first, without a tone of skin. */
  recentEmoji: (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.flatMap(it => textUpTo(it, 16) ?? []).slice(0, recentEmojiMax) : [],
  microphone: device,
  camera: device,
  speaker: device,
  /** Whether they were on the last time. */
  microphoneOn: flag(false),
  cameraOn: flag(false),
  /** Heard only while a key is held. */
  pushToTalk: flag(false),
  noiseSuppression: flag(true),
  echoCancellation: flag(true),
  autoGain: flag(true),
  /** Servers of one's own take the place of those that the server hands out. */
  iceServers: (value: unknown): readonly IceServer[] => parseIceServers(value),
  relayOnly: flag(false),
} satisfies Record<string, (value: unknown) => unknown>

export type Settings = { readonly [Name in keyof typeof fields]: ReturnType<(typeof fields)[Name]> }

/** Counts up when a stored value would be misread; an older store is then left unread. */
const version = 1
const key = 'p2pchat.settings'

const settingsFrom = (stored: Fields): Settings =>
  Object.fromEntries(Object.entries(fields).map(([name, parse]) => [name, parse(stored[name])])) as Settings

export const defaultSettings: Settings = settingsFrom({})

export const parseSettings = (text: string | null): Settings => {
  try {
    const stored: unknown = JSON.parse(text ?? '')
    return isRecord(stored) && stored['version'] === version ? settingsFrom(stored) : defaultSettings
  } catch {
    return defaultSettings
  }
}

/** Only what differs from the defaults, so that a better default reaches those who never chose. */
export const writeSettings = (settings: Settings): string | null => {
  const usual = new Map(Object.entries(defaultSettings))
  const chosen = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(usual.get(name)),
  )
  return chosen.length === 0 ? null : JSON.stringify({ version, ...Object.fromEntries(chosen) })
}

/** Storage can be forbidden or full; then the choices last as long as the page. */
export const storedSettings = (): Settings => {
  try {
    return parseSettings(localStorage.getItem(key))
  } catch {
    return defaultSettings
  }
}

export const storeSettings = (settings: Settings): void => {
  try {
    const text = writeSettings(settings)
    if (text === null) localStorage.removeItem(key)
    else if (text !== localStorage.getItem(key)) localStorage.setItem(key, text)
  } catch {
    // Costs a convenience, nothing else.
  }
}

/** Another page of ours has changed them. */
export const onSettingsStored = (changed: (settings: Settings) => void): void =>
  addEventListener('storage', event => {
    if (event.key === key || event.key === null) changed(storedSettings())
  })
