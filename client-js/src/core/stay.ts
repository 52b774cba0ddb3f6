/**
 * A stay in a room as the next page of the same tab needs it, to go on as the same person after a reload: who we are, which
 * room it is, the conversation, and with what we were in the call. What was stored can have been changed by anybody.
 */

import { chatUnitsMax } from '../base/text.ts'
import type { CallState } from '../call/state.ts'
import type { RoomState } from '../room/state.ts'
import type { ChatEntry, Timeline } from '../room/timeline.ts'
import { type MemberId, memberId, messageId, roomId, stayId } from '../wire/ids.ts'
import { idText, isRecord, textUpTo, utf8Bytes, wholeNumber } from '../wire/json.ts'
import { isFingerprint, parseOwnerKeys } from '../wire/owner.ts'
import { type Member, nameUnitsMax, parseMember, parsePerson, writePerson } from '../wire/peer.ts'
import type { RoomCard } from '../wire/server.ts'

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
  readonly call: StayInCall
}

/** Session storage holds some 5 MB in all. */
const messagesMax = 200
const bytesMax = 200_000
/** More than a room holds. */
const guestsMax = 40

export const stayOf = (state: RoomState, call: CallState): Stay => ({
  member: state.stay,
  name: state.person.name,
  card: state.card,
  created: false,
  hosting: state.role === 'host',
  guests: state.role === 'host' ? [...state.members.values()].filter(({ id }) => stayId(id) !== null) : [],
  timeline: lastMessages(state.timeline),
  call:
    call.own.phase === 'out'
      ? null
      : { microphone: call.own.microphone === 'on', camera: call.own.camera !== 'off' },
})

/** The last ones that fit. Files and notices belong to the page that showed them. */
const lastMessages = (timeline: Timeline): Timeline => {
  const found: ChatEntry[] = []
  let bytes = 0
  for (const entry of timeline.toReversed()) {
    if (entry.kind !== 'chat') continue
    bytes += utf8Bytes(entry)
    if (bytes > bytesMax || found.length >= messagesMax) break
    found.unshift(entry)
  }
  return found
}

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
    const timeline = listed.slice(-messagesMax).flatMap((entry, index) => parseEntry(entry, index + 1))
    const [created, hosting] = [value['created'] === true, value['hosting'] === true]
    const guests = hosting ? parseGuests(value['guests']) : []
    return { member, name, card, created, hosting, guests, timeline, call: parseCall(value['call']) }
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

const parseEntry = (value: unknown, key: number): ChatEntry[] => {
  if (!isRecord(value)) return []
  const [name, text] = [textUpTo(value['name'], nameUnitsMax), textUpTo(value['text'], chatUnitsMax)]
  const at = wholeNumber(value['at'])
  if (name === null || text === null || at === null) return []
  const from = idText(value['from'])
  return [
    {
      kind: 'chat',
      key,
      at,
      name,
      text,
      own: value['own'] === true,
      from: from === null ? null : memberId(from),
      id: messageId(value['id']),
      replyTo: messageId(value['replyTo']),
      delivery:
        value['delivery'] === 'undelivered' || value['delivery'] === 'pending' ? 'undelivered' : 'sent',
      reactions: [],
      sharedBy: textUpTo(value['sharedBy'], nameUnitsMax),
    },
  ]
}
