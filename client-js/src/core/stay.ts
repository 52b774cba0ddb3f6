/**
 * A stay in a room as the next page of the same tab needs it, to go on as the same person after a reload: who we are, which
 * room it is, the conversation, and with what we were in the call. What was stored can have been changed by anybody.
 */

import { chatUnitsMax, fileNameUnitsMax, nameUnitsMax } from '../base/text.ts'
import { downloadsMax } from '../files/state.ts'
import type { ChatEntry, FileEntry, NamedFile, Timeline } from '../room/timeline.ts'
import { parseCard } from '../wire/card.ts'
import { type FileId, fileId, type MemberId, memberId, messageId, stayId } from '../wire/ids.ts'
import { type Fields, idText, isRecord, textUpTo, wholeNumber } from '../wire/json.ts'
import { type OwnerKeys, parseOwnerKeys } from '../wire/owner.ts'
import { type Member, parseMember, parsePerson, writePerson } from '../wire/peer.ts'
import type { RoomCard } from '../wire/server.ts'

/** A file that somebody else has offered, and what has become of it on our side. */
export type KnownFile = NamedFile & {
  /** Of the entry that shows it, or 0 where an earlier page has shown it. */
  readonly key: number
  /** What was done with it, which `files/answered.ts` reads; null while nothing was. */
  readonly answer: unknown
}

/** Null out of the call. */
export type StayInCall = { readonly microphone: boolean; readonly camera: boolean } | null

export type Stay = {
  readonly member: MemberId
  readonly name: string
  readonly card: RoomCard
  /** We have made the room. */
  readonly created: boolean
  /** We were the host of a star. */
  readonly hosting: boolean
  /** Whose pages will find their way back to us as its host; original pages start anew. */
  readonly guests: readonly Member[]
  readonly timeline: Timeline
  /** The key of the last entry that has been read. */
  readonly read: number
  /**
   * Files that others have offered. Their owners offer them again to the next page, where what was seen is not new, and
   * nothing that was answered is asked again.
   */
  readonly files: readonly KnownFile[]
  /** Files that we have offered. The next page cannot read them, and takes the offers back. */
  readonly offered: readonly FileId[]
  readonly call: StayInCall
  /** By which others know us where messages are sealed; null elsewhere. */
  readonly identity?: OwnerKeys | null
}

/** Of a conversation that is kept: session storage holds some 5 MB in all. */
export const entriesMax = 200
/** More than a room holds. */
const guestsMax = 40

/** The stay of somebody who has read the conversation up to that entry. */
export const withReadUpTo = (stay: Stay, read: number): Stay => ({
  ...stay,
  read,
  files: stay.files.filter(({ key, answer }) => key <= read || answer !== null),
})

export const writeStay = (stay: Stay): string =>
  JSON.stringify({ ...stay, guests: stay.guests.map(it => writePerson(it.id, it, it.id)) })

export const parseStay = (stored: string | null): Stay | null => {
  try {
    const value: unknown = JSON.parse(stored ?? 'null')
    if (!isRecord(value)) return null
    const [member, name, card] = [
      stayId(value['member']),
      textUpTo(value['name'], nameUnitsMax),
      isRecord(value['card']) ? parseCard(value['card']) : null,
    ]
    if (member === null || name === null || card === null) return null
    const listed: readonly unknown[] = Array.isArray(value['timeline']) ? value['timeline'] : []
    const kept = listed.slice(-entriesMax)
    const timeline = kept.flatMap((entry, index) => parseEntry(entry, index + 1))
    const read = parseRead(value['read'], kept)
    const [files, offered] = [parseKnownFiles(value['files']), parseOffered(value['offered'])]
    const [created, hosting] = [value['created'] === true, value['hosting'] === true]
    const guests = hosting ? parseGuests(value['guests']) : []
    const call = parseCall(value['call'])
    const identity = parseOwnerKeys(value['identity'])
    return {
      member,
      name,
      card,
      created,
      hosting,
      guests,
      timeline,
      read,
      files,
      offered,
      call,
      ...(identity && { identity }),
    }
  } catch {
    return null
  }
}

const parseGuests = (value: unknown): Member[] =>
  (Array.isArray(value) ? value.slice(0, guestsMax) : []).flatMap((entry: unknown) => {
    const [person, id] = [parsePerson(entry), parseMember(entry)]
    return person && id !== null ? [{ ...person, id }] : []
  })

const parseCall = (value: unknown): StayInCall =>
  isRecord(value) ? { microphone: value['microphone'] === true, camera: value['camera'] === true } : null

/** Entries get other keys here. A page that did not keep how far the person had read counts as read. */
const parseRead = (value: unknown, entries: readonly unknown[]): number => {
  const read = wholeNumber(value)
  const isRead = (entry: unknown): boolean =>
    isRecord(entry) && (read === null || (wholeNumber(entry['key']) ?? 0) <= read)
  return entries.findLastIndex(isRead) + 1
}

const parseKnownFiles = (value: unknown): KnownFile[] =>
  (Array.isArray(value) ? value.slice(-downloadsMax) : []).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const [owner, file] = [idText(entry['owner']), idText(entry['file'])]
    if (owner === null || file === null) return []
    return [{ owner: memberId(owner), file: fileId(file), key: 0, answer: entry['answer'] ?? null }]
  })

const parseOffered = (value: unknown): FileId[] =>
  (Array.isArray(value) ? value.slice(-downloadsMax) : []).flatMap((entry: unknown) => {
    const file = idText(entry)
    return file === null ? [] : [fileId(file)]
  })

const parseEntry = (value: unknown, key: number): (ChatEntry | FileEntry)[] => {
  if (!isRecord(value)) return []
  const [name, at] = [textUpTo(value['name'], nameUnitsMax), wholeNumber(value['at'])]
  if (name === null || at === null) return []
  const entry = value['kind'] === 'file' ? parseFile(value, name) : parseMessage(value, name)
  return entry ? [{ ...entry, key, at }] : []
}

const parseFile = (value: Fields, name: string): Omit<FileEntry, 'key' | 'at'> | null => {
  const [owner, file, fileName] = [
    idText(value['owner']),
    idText(value['file']),
    textUpTo(value['fileName'], fileNameUnitsMax),
  ]
  if (owner === null || file === null || fileName === null) return null
  const own = value['own'] === true
  return { kind: 'file', name, own, owner: memberId(owner), file: fileId(file), fileName, seen: true }
}

const parseMessage = (value: Fields, name: string): Omit<ChatEntry, 'key' | 'at'> | null => {
  const text = textUpTo(value['text'], chatUnitsMax)
  const from = idText(value['from'])
  if (text === null) return null
  const { delivery } = value
  return {
    kind: 'chat',
    name,
    text,
    own: value['own'] === true,
    from: from === null ? null : memberId(from),
    id: messageId(value['id']),
    replyTo: messageId(value['replyTo']),
    delivery: delivery === 'undelivered' || delivery === 'pending' ? 'undelivered' : 'sent',
    reactions: [],
    sharedBy: textUpTo(value['sharedBy'], nameUnitsMax),
    ...(value['sealed'] === true ? { sealed: true } : {}),
  }
}
