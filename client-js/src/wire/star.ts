/** The messages of a star on the data channel: a guest names a target, the host names a source. */
import { writeCompactBytes, writeFileSignal } from '../legacy/wire/file-signal.ts'
import {
  parseCallExtension,
  parseCallMessage,
  parseCalls,
  starCall,
  writeCallExtension,
  writeCallMessage,
  writeCalls,
} from './call.ts'
import { parseChat, parseChatEvent, writeChat, writeChatEvent } from './chat.ts'
import { fileSignalType, parseDirect, parseFileEvent, writeDirect, writeFileEvent } from './file.ts'
import { type MemberId, memberId, peerId, stayId } from './ids.ts'
import { type Fields, idText, isRecord, recordAt, textUpTo, wholeNumber } from './json.ts'
import {
  extensionTypes,
  type ListedMember,
  type PeerMessage,
  parseCard,
  parseIds,
  parsePerson,
  parseSignalMessage,
  type Received,
  writePerson,
} from './peer.ts'
import { parseSealed, writeSealed } from './sealing.ts'

const types = {
  initialId: 0,
  id: 1,
  message: 2,
  newUserInfo: 3,
  newCallInfo: 4,
  newRoomInfo: 5,
  userLost: 6,
  voiceEvent: 7,
  fileEvent: 8,
} as const

/** No room holds more than twenty; a host that claims otherwise is not believed. */
const membersMax = 40

/** What a guest says to the host. Who it is, the link tells; whom it concerns, `target` does. */
export const parseFromGuest = (value: unknown): Received | null => {
  if (!isRecord(value)) return null
  const target = idText(value['target'])
  const idata = recordAt(value, 'idata')
  const message = idata && guestMessage(idata, target === null ? null : memberId(target))
  return message && { source: null, message }
}

const guestMessage = (idata: Fields, target: MemberId | null): PeerMessage | null => {
  const data = idata['data']
  switch (idata['type']) {
    case types.initialId: {
      if (!isRecord(data)) return null
      const password = textUpTo(data['pwd'], 200)
      const member = stayId(data['member'])
      return password === null ? null : { kind: 'knock', password, ...(member && { member }) }
    }
    case types.newUserInfo:
      return { kind: 'ask-roster' }
    case types.newRoomInfo:
      return { kind: 'ask-card' }
    default:
      return commonMessage(idata, target)
  }
}

/** What the host says to a guest, in its own name, a guest's, or the room's. */
export const parseFromHost = (value: unknown): Received | null => {
  if (!isRecord(value)) return null
  const source = idText(value['source'])
  const idata = recordAt(value, 'idata')
  const message = idata && hostMessage(idata)
  return source === null || !message ? null : { source: memberId(source), message }
}

/** A message as it is sealed: without what goes around it, and with parts of files in a form of bounded size. */
export const writeForSealing = (message: PeerMessage, self: MemberId): object | null => {
  if (message.kind !== 'file-signal') return writeIdata(message, self)
  const { signal } = message
  return {
    type: types.fileEvent,
    data: { type: fileSignalType, special: writeFileSignal(signal, writeCompactBytes) },
  }
}

/** The same the other way round, from whoever it is said to be from. Null for what goes unsealed alone. */
export const parseOpened = (idata: unknown): PeerMessage | null =>
  isRecord(idata) ? commonMessage(idata, null) : null

const hostMessage = (idata: Fields): PeerMessage | null => {
  const data = idata['data']
  switch (idata['type']) {
    case types.initialId: {
      if (!isRecord(data)) return null
      const id = idText(data['id'])
      const host = stayId(data['host'])
      return id === null ? null : { kind: 'admitted', id: memberId(id), ...(host && { host }) }
    }
    case types.newUserInfo:
      return Array.isArray(data) ? { kind: 'roster', members: parseMembers(data) } : null
    case types.newRoomInfo:
      return parseCard(data)
    case types.userLost: {
      const id = idText(data)
      return id === null ? null : { kind: 'lost', id: memberId(id) }
    }
    case types.newCallInfo:
      return parseCalls(data)
    case extensionTypes.downlink: {
      const bitsPerSecond = isRecord(data) ? wholeNumber(data['bitsPerSecond']) : null
      return bitsPerSecond === null || !isRecord(data)
        ? null
        : { kind: 'downlink', bitsPerSecond, sufficient: data['sufficient'] === true }
    }
    default:
      return commonMessage(idata, null)
  }
}

const commonMessage = (idata: Fields, target: MemberId | null): PeerMessage | null => {
  const data = idata['data']
  switch (idata['type']) {
    case types.id: {
      const user = isRecord(data) ? data['user'] : null
      const person = parsePerson(user)
      return person && { kind: 'introduce', person, ...parseIds(user) }
    }
    case types.message: {
      const chat = parseChat(data)
      return chat && { ...chat, asReceived: idata }
    }
    case extensionTypes.moved: {
      const to = isRecord(data) ? idText(data['id']) : null
      return to === null ? null : { kind: 'moved', to: peerId(to) }
    }
    case extensionTypes.movedNoted:
      return { kind: 'moved-noted' }
    case extensionTypes.signal:
      return parseSignalMessage(data)
    case types.voiceEvent:
      return parseCallMessage(starCall, data, target)
    case types.fileEvent:
      return parseFileEvent('star', idata, target)
    default:
      return (
        parseDirect(idata, target) ??
        parseChatEvent(idata['type'], data) ??
        parseCallExtension(idata['type'], data) ??
        parseSealed(idata['type'], data, target)
      )
  }
}

const parseMembers = (entries: readonly unknown[]): ListedMember[] =>
  entries.slice(0, membersMax).flatMap(entry => {
    const person = parsePerson(entry)
    const id = isRecord(entry) ? idText(entry['id']) : null
    return person && id !== null ? [{ ...person, id: memberId(id), ...parseIds(entry) }] : []
  })

export const writeAsHost = (message: PeerMessage, source: MemberId): object | null => {
  const idata = writeIdata(message, source)
  return idata && { source, idata }
}

export const writeAsGuest = (message: PeerMessage, self: MemberId): object | null => {
  const idata = writeIdata(message, self)
  return idata && { target: targetOf(message) ?? self, idata }
}

const targetOf = (message: PeerMessage): MemberId | null => {
  switch (message.kind) {
    case 'want-stream':
      return message.of
    case 'file-signal':
    case 'direct':
    case 'sealed-for':
    case 'keys':
      return message.to
    default:
      return null
  }
}

/** `null` for what a star has no words for. */
const writeIdata = (message: PeerMessage, source: MemberId): object | null => {
  if ('asReceived' in message && message.asReceived) return message.asReceived
  switch (message.kind) {
    case 'knock': {
      const { password, member, downlink } = message
      const more = { ...(member && { member }), ...(downlink !== undefined && { downlink }) }
      return { type: types.initialId, data: { pwd: password, ...more } }
    }
    case 'admitted': {
      const { id, host } = message
      return { type: types.initialId, data: { id, ...(host && { host }) } }
    }
    case 'introduce':
      return { type: types.id, data: { user: writePerson(source, message.person, message.member) } }
    case 'chat':
      return { type: types.message, data: writeChat(message) }
    case 'ask-roster':
      return { type: types.newUserInfo, data: {} }
    case 'ask-card':
      return { type: types.newRoomInfo, data: {} }
    case 'roster':
      return { type: types.newUserInfo, data: message.members.map(it => writePerson(it.id, it, it.member)) }
    case 'card': {
      const { name, password, peersMax, peers } = message
      return { type: types.newRoomInfo, data: { name, pwd: password, curUsers: peers, maxUsers: peersMax } }
    }
    case 'calls':
      return { type: types.newCallInfo, data: writeCalls(message.calls) }
    case 'join-call':
    case 'leave-call':
    case 'streams':
    case 'want-stream':
      return { type: types.voiceEvent, data: writeCallMessage(starCall, message) }
    case 'media':
    case 'sizes':
      return writeCallExtension(message)
    case 'file-announced':
    case 'file-signal':
    case 'file-withdrawn':
      return { type: types.fileEvent, data: writeFileEvent('star', message) }
    case 'direct':
      return writeDirect(message)
    case 'lost':
      return { type: types.userLost, data: message.id }
    case 'moved':
      return { type: extensionTypes.moved, data: { id: message.to } }
    case 'moved-noted':
      return { type: extensionTypes.movedNoted, data: {} }
    case 'signal':
      return { type: extensionTypes.signal, data: message.signal }
    case 'reaction':
    case 'topic':
    case 'typing':
    case 'ack':
    case 'ask-history':
    case 'history':
      return writeChatEvent(message)
    case 'sealed':
    case 'sealed-for':
    case 'keys':
      return writeSealed(message)
    case 'hello':
    case 'downlink':
      return null
  }
}
