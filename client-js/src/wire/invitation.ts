/** The invitation link. Ours keeps all it holds in the fragment, which browsers send to no server. */
import { isKey, type RoomId, roomId } from './ids.ts'
import { idText, textUpTo } from './json.ts'
import { isFingerprint } from './owner.ts'
import { parseKind, type Restore } from './server.ts'

/**
 * `password` is null where the link has none to give, which is not the same as an empty one. `key` opens a room of ours
 * again that the server has forgotten, as `restore` says.
 */
export type Invitation = {
  readonly room: RoomId
  readonly password: string | null
  readonly key?: string
  readonly restore?: Restore
  /** The fingerprint of its owner's key, so that nobody else can be it. */
  readonly founder?: string
  /** The link names the room, and nothing else leads to it. */
  readonly linkName?: string
}

/** What an invitation says of a room. */
export type Invited = {
  readonly id: RoomId
  readonly password: string
  readonly key?: string | null
  readonly founder?: string | null
  readonly linkName?: string | null
} & Restore

const keys = {
  room: 'room',
  password: 'pwd',
  key: 'key',
  founder: 'own',
  name: 'name',
  kind: 'kind',
  peersMax: 'max',
} as const

const usualPeersMax = 8
const peersMaxMax = 20
const nameUnitsMax = 60

export const writeInvitation = (page: string, card: Invited): string => {
  const { id, password, key, founder, linkName, name, kind, peersMax } = card
  const url = new URL(page)
  url.search = ''
  if (linkName) {
    const usual = password === '' && kind === 'mesh' && peersMax === usualPeersMax
    // Messengers take some signs at the end of a password for the sentence's, and none of a number.
    const settings = { [keys.password]: password, [keys.kind]: kind, [keys.peersMax]: String(peersMax) }
    url.hash = usual ? `/${linkName}` : `/${linkName}?${new URLSearchParams(settings)}`
    return url.href
  }
  const restore = {
    [keys.key]: key ?? '',
    ...(founder ? { [keys.founder]: founder } : {}),
    ...(kind === 'mesh' ? {} : { [keys.kind]: kind }),
    ...(peersMax === usualPeersMax ? {} : { [keys.peersMax]: String(peersMax) }),
    ...(name === '' ? {} : { [keys.name]: name }),
  }
  // Messengers take a full stop or a dash at the end of an address for the sentence's: the room's id ends in neither.
  url.hash = new URLSearchParams({
    [keys.password]: password,
    ...(key ? restore : {}),
    [keys.room]: id,
  }).toString()
  return url.href
}

/** The fragment wins over the query, which is where the original's links have it. */
export const parseInvitation = (address: string): Invitation | null => {
  const url = URL.canParse(address) ? new URL(address) : null
  return url && (invited(url.hash.slice(1)) ?? invited(url.search))
}

const invited = (parameters: string): Invitation | null => {
  const found = new URLSearchParams(parameters)
  const room = idText(withoutTail(found.get(keys.room) ?? ''))
  if (room === null) return null
  const said = found.get(keys.key) ?? ''
  const founder = found.get(keys.founder)
  const owned = isFingerprint(founder) ? { founder } : {}
  const { password, restore } = settingsIn(parameters)
  const again = isKey(said) ? { key: said, ...owned, restore } : {}
  return { room: roomId(room), password, ...again }
}

/**
 * What stands behind `#/` in a link that names its room, which `core/room-keys.ts` reads. Null for other links.
 */
export const namedBy = (address: string): string | null => {
  const hash = URL.canParse(address) ? new URL(address).hash : ''
  return hash.startsWith('#/') && hash.length > 2 ? hash.slice(2, pastedUnitsMax) : null
}

/** A password that the link does not have is null. */
export const settingsIn = (parameters: string): { password: string | null; restore: Restore } => {
  const found = new URLSearchParams(parameters)
  return { password: found.get(keys.password), restore: restoreOf(found) }
}

const restoreOf = (found: URLSearchParams): Restore => {
  const peersMax = Number(found.get(keys.peersMax) ?? usualPeersMax)
  return {
    name: textUpTo(found.get(keys.name), nameUnitsMax) ?? '',
    kind: parseKind(found.get(keys.kind)),
    peersMax:
      Number.isInteger(peersMax) && peersMax >= 2 && peersMax <= peersMaxMax ? peersMax : usualPeersMax,
  }
}

/** What stands behind an address in a sentence. No room's id ends so. */
const tail = /[\s.,;:!?…*_~)\]}>"'`’”»]+$/u

/** Longer than any id, nothing is looked for in it. */
export const withoutTail = (text: string): string =>
  text.length > 400 ? text : text.replace(tail, '').trim()

export const pastedUnitsMax = 10_000
