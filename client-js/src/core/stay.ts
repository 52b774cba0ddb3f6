/**
 * A stay in a room as the next page of the same tab needs it, to go on as the same person after a reload: who we are, which
 * room it is, the conversation, and with what we were in the call. What was stored can have been changed by anybody.
 */

import { chatUnitsMax, fileNameUnitsMax } from '../base/text.ts'
import type { CallState } from '../call/state.ts'
import type { Answered } from '../files/answered.ts'
import type { RoomState } from '../room/state.ts'
import type { ChatEntry, FileEntry, NamedFile, Timeline } from '../room/timeline.ts'
import { fileId, type MemberId, memberId, messageId, roomId, stayId } from '../wire/ids.ts'
import { type Fields, idText, isRecord, textUpTo, utf8Bytes, wholeNumber } from '../wire/json.ts'
import { isFingerprint, parseOwnerKeys } from '../wire/owner.ts'
import { type Member, nameUnitsMax, parseMember, parsePerson, writePerson } from '../wire/peer.ts'
import type { RoomCard } from '../wire/server.ts'

export type SeenFile = NamedFile & { readonly key: number }

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
   * Offers that have been shown, with the keys of their entries, or 0 where an earlier page has shown them. Their owners make
   * them again to the next page, where what was seen is not new.
   */
  readonly seenFiles: readonly SeenFile[]
  /** What was done with the files in it, which `files/answered.ts` reads. */
  readonly answered: readonly unknown[]
  readonly call: StayInCall
}

/** Session storage holds some 5 MB in all. */
const entriesMax = 200
const bytesMax = 200_000
/** As many as a conversation shows. */
const filesMax = 120
/** More than a room holds. */
const guestsMax = 40

export const stayOf = (state: RoomState, call: CallState, answered: readonly Answered[]): Stay => ({
  member: state.stay,
  name: state.person.name,
  card: state.card,
  created: false,
  hosting: state.role === 'host',
  guests: state.role === 'host' ? [...state.members.values()].filter(({ id }) => stayId(id) !== null) : [],
  ...lastEntries(state.timeline, answered),
  read: state.timeline.at(-1)?.key ?? 0,
  seenFiles: allSeenFiles(state),
  call:
    call.own.phase === 'out'
      ? null
      : { microphone: call.own.microphone === 'on', camera: call.own.camera !== 'off' },
})

/** The stay of somebody who has read the conversation up to that entry. */
export const withReadUpTo = (stay: Stay, read: number): Stay => ({
  ...stay,
  read,
  seenFiles: stay.seenFiles.filter(({ key }) => key <= read),
})

const allSeenFiles = ({ seenFiles, timeline }: RoomState): SeenFile[] => {
  const shown = timeline.flatMap(it => (it.kind === 'file' && !it.own ? [it] : []))
  const before = seenFiles.filter(
    it => !shown.some(({ owner, file }) => owner === it.owner && file === it.file),
  )
  const now = shown.map(({ owner, file, seen, key }) => ({ owner, file, key: seen ? 0 : key }))
  return [...before.map(it => ({ ...it, key: 0 })), ...now].slice(-filesMax)
}

/**
 * The last messages that fit, and between them the files that the person has answered: the next page would ask for them
 * again. Other files and notices belong to the page that showed them.
 */
const lastEntries = (
  timeline: Timeline,
  answered: readonly Answered[],
): Pick<Stay, 'timeline' | 'answered'> => {
  const entries: (ChatEntry | FileEntry)[] = []
  const files: Answered[] = []
  let bytes = 0
  for (const entry of timeline.toReversed()) {
    if (entry.kind === 'notice') continue
    const answer = entry.kind === 'file' && !entry.own ? answerTo(answered, entry) : null
    if (entry.kind === 'file' && !answer) continue
    bytes += utf8Bytes(entry) + (answer ? utf8Bytes(answer) : 0)
    if (bytes > bytesMax || entries.length >= entriesMax) break
    entries.unshift(entry)
    if (answer) files.unshift(answer)
  }
  return { timeline: entries, answered: files }
}

const answerTo = (answered: readonly Answered[], entry: FileEntry): Answered | null =>
  answered.find(({ owner, file }) => owner === entry.owner && file.id === entry.file) ?? null

export const writeStay = (stay: Stay): string =>
  JSON.stringify({ ...stay, guests: stay.guests.map(it => writePerson(it.id, it, it.id)) })

export const parseStay = (stored: string | null): Stay | null => {
  try {
    const value: unknown = JSON.parse(stored ?? 'null')
    if (!isRecord(value)) return null
    const [member, name, card] = [
      stayId(value['member']),
      textUpTo(value['name'], nameUnitsMax),
      parseCard(value['card']),
    ]
    if (member === null || name === null || card === null) return null
    const listed: readonly unknown[] = Array.isArray(value['timeline']) ? value['timeline'] : []
    const kept = listed.slice(-entriesMax)
    const timeline = kept.flatMap((entry, index) => parseEntry(entry, index + 1))
    const read = parseRead(value['read'], kept)
    const seenFiles = parseSeenFiles(value['seenFiles'])
    const answered: readonly unknown[] = Array.isArray(value['answered']) ? value['answered'] : []
    const [created, hosting] = [value['created'] === true, value['hosting'] === true]
    const guests = hosting ? parseGuests(value['guests']) : []
    const call = parseCall(value['call'])
    return { member, name, card, created, hosting, guests, timeline, read, seenFiles, answered, call }
  } catch {
    return null
  }
}

const parseGuests = (value: unknown): Member[] =>
  (Array.isArray(value) ? value.slice(0, guestsMax) : []).flatMap((entry: unknown) => {
    const [person, id] = [parsePerson(entry), parseMember(entry)]
    return person && id !== null ? [{ ...person, id }] : []
  })

const parseCard = (value: unknown): RoomCard | null => {
  if (!isRecord(value)) return null
  const id = idText(value['id'])
  const [name, password] = [textUpTo(value['name'], nameUnitsMax), textUpTo(value['password'], 200)]
  const peersMax = wholeNumber(value['peersMax'])
  const kind = value['kind'] === 'star' ? 'star' : 'mesh'
  if (id === null || name === null || password === null || peersMax === null) return null
  return {
    id: roomId(id),
    name,
    password,
    peersMax,
    kind,
    key: idText(value['key']),
    hostSecret: idText(value['hostSecret']) ?? idText(value['owner']),
    founder: isFingerprint(value['founder']) ? value['founder'] : null,
    ownerKeys: parseOwnerKeys(value['ownerKeys']),
  }
}

const parseCall = (value: unknown): StayInCall =>
  isRecord(value) ? { microphone: value['microphone'] === true, camera: value['camera'] === true } : null

/** Entries get other keys here. A page that did not keep how far the person had read counts as read. */
const parseRead = (value: unknown, entries: readonly unknown[]): number => {
  const read = wholeNumber(value)
  const isRead = (entry: unknown): boolean =>
    isRecord(entry) && (read === null || (wholeNumber(entry['key']) ?? 0) <= read)
  return entries.findLastIndex(isRead) + 1
}

const parseSeenFiles = (value: unknown): SeenFile[] =>
  (Array.isArray(value) ? value.slice(-filesMax) : []).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const [owner, file] = [idText(entry['owner']), idText(entry['file'])]
    return owner === null || file === null ? [] : [{ owner: memberId(owner), file: fileId(file), key: 0 }]
  })

const parseEntry = (value: unknown, key: number): (ChatEntry | FileEntry)[] => {
  if (!isRecord(value)) return []
  const [name, at] = [textUpTo(value['name'], nameUnitsMax), wholeNumber(value['at'])]
  if (name === null || at === null) return []
  const entry = value['kind'] === 'file' ? parseFile(value, name) : parseMessage(value, name)
  return entry ? [{ ...entry, key, at }] : []
}

/** One that somebody else has offered. */
const parseFile = (value: Fields, name: string): Omit<FileEntry, 'key' | 'at'> | null => {
  const [owner, file, fileName] = [
    idText(value['owner']),
    idText(value['file']),
    textUpTo(value['fileName'], fileNameUnitsMax),
  ]
  if (owner === null || file === null || fileName === null) return null
  return { kind: 'file', name, own: false, owner: memberId(owner), file: fileId(file), fileName, seen: true }
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
  }
}
