/** The rooms of ours that this browser was in lately, with what opens them again. Nobody else is told of them. */

import type { Planned } from '../ui/model.ts'
import { parseCard } from '../wire/card.ts'
import type { RoomId } from '../wire/ids.ts'
import { isRecord, wholeNumber } from '../wire/json.ts'
import type { RoomCard } from '../wire/server.ts'

export type KnownRoom = RoomCard & {
  /** Made here. */
  readonly created: boolean
  /** We owned it when we were in it last. */
  readonly owns: boolean
  /** When people want to meet in it. */
  readonly planned: Planned | null
  /** When we were in it last, in milliseconds since 1970. */
  readonly at: number
}

/** Of other people. Their links bring them back. */
const visitedMax = 12
/** That are made or owned here: without the keys that lie beside them, nobody can manage them any more. */
const ownMax = 60
const storageKey = 'p2pchat.rooms'

const isOwn = ({ created, owns }: KnownRoom): boolean => created || owns

/** The last of either kind, so that rooms of others push out none of our own. */
const bounded = (rooms: readonly KnownRoom[]): readonly KnownRoom[] => {
  const own = new Set(rooms.filter(isOwn).slice(0, ownMax))
  const visited = new Set(rooms.filter(it => !isOwn(it)).slice(0, visitedMax))
  return rooms.filter(it => own.has(it) || visited.has(it))
}

/**
 * The room in front of the others, if it has a key, which opens it again, or is ours: a room that a token names has no key, and
 * nobody can manage it without those that lie beside it.
 */
export const withRoom = (
  rooms: readonly KnownRoom[],
  card: RoomCard,
  { created, owns, planned }: Pick<KnownRoom, 'created' | 'owns'> & { readonly planned?: Planned },
  at: number,
): readonly KnownRoom[] => {
  const known = rooms.find(({ id }) => id === card.id)
  const others = withoutRoom(rooms, card.id)
  const hostSecret = card.hostSecret ?? known?.hostSecret ?? null
  const ownerKeys = card.ownerKeys ?? known?.ownerKeys ?? null
  // Somebody else may have made it anew since, and then it is not ours.
  if (!isKept({ ...card, owns })) return others
  const room = {
    ...card,
    hostSecret,
    ownerKeys,
    created: created || (known?.created ?? false),
    owns,
    planned: planned ?? known?.planned ?? null,
    at,
  }
  return bounded([room, ...others])
}

const isKept = ({ key = null, owns }: Pick<KnownRoom, 'key' | 'owns'>): boolean => key !== null || owns

export const withoutRoom = (rooms: readonly KnownRoom[], room: RoomId): readonly KnownRoom[] =>
  rooms.filter(({ id }) => id !== room)

/** What is stored can have been changed by anybody, and whatever makes no sense is left out. */
export const parseRooms = (stored: string | null): readonly KnownRoom[] => {
  try {
    const value: unknown = JSON.parse(stored ?? '[]')
    return Array.isArray(value) ? bounded(value.slice(0, visitedMax + ownMax).flatMap(parseRoom)) : []
  } catch {
    return []
  }
}

const parseRoom = (value: unknown): KnownRoom[] => {
  if (!isRecord(value)) return []
  const [card, at] = [parseCard(value), wholeNumber(value['at'])]
  const [created, owns] = [value['created'] === true, value['owns'] === true]
  if (!card || at === null || !isKept({ ...card, owns })) return []
  return [{ ...card, created, owns, planned: parsePlanned(value['planned']), at }]
}

const parsePlanned = (value: unknown): Planned | null => {
  if (!isRecord(value)) return null
  const [from, minutes] = [wholeNumber(value['from']), wholeNumber(value['minutes'])]
  return from === null || minutes === null ? null : { from, minutes }
}

/** Those that could not be stored: storage can be forbidden or full, and then rooms are known as long as the page lives. */
let unstored: readonly KnownRoom[] | null = null

export const storedRooms = (): readonly KnownRoom[] => {
  if (unstored) return unstored
  try {
    return parseRooms(localStorage.getItem(storageKey))
  } catch {
    return []
  }
}

/** Whether the next page will know of them, too. */
export const storeRooms = (rooms: readonly KnownRoom[]): boolean => {
  try {
    if (rooms.length === 0) localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, JSON.stringify(rooms))
    unstored = null
  } catch {
    unstored = rooms
  }
  return unstored === null
}
