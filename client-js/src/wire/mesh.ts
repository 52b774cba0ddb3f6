/** The messages of a mesh on the data channel. Their numbers differ from a star's. */
import {
  meshCall,
  parseCallExtension,
  parseCallMessage,
  writeCallExtension,
  writeCallMessage,
} from './call.ts'
import { parseChat, parseChatEvent, writeChat, writeChatEvent } from './chat.ts'
import { parseFileEvent, writeFileEvent } from './file.ts'
import { type MemberId, peerId, stayId } from './ids.ts'
import { idText, isRecord, textUpTo } from './json.ts'
import {
  extensionTypes,
  type PeerMessage,
  parsePerson,
  parseSignalMessage,
  type Received,
  writePerson,
} from './peer.ts'

const types = { id: 0, message: 1, voiceEvent: 2, fileEvent: 3 } as const

export const parseMesh = (value: unknown): Received | null => {
  const message = isRecord(value) ? parseMessage(value['type'], value['data']) : null
  return message && { source: null, message }
}

const parseMessage = (type: unknown, data: unknown): PeerMessage | null => {
  switch (type) {
    case types.id:
      return parseHello(data)
    case types.message:
      return parseChat(data)
    case types.fileEvent:
      return parseFileEvent('mesh', { type, data }, null)
    case types.voiceEvent:
      return parseCallMessage(meshCall, data)
    case extensionTypes.moved: {
      const to = isRecord(data) ? idText(data['id']) : null
      return to === null ? null : { kind: 'moved', to: peerId(to) }
    }
    case extensionTypes.movedNoted:
      return { kind: 'moved-noted' }
    case extensionTypes.signal:
      return parseSignalMessage(data)
    default:
      return parseChatEvent(type, data) ?? parseCallExtension(type, data)
  }
}

/**
 * `init` false is a rename in the original's words, which its own receivers take for a reason to hang up. We do not
 * send it.
 */
const parseHello = (data: unknown): PeerMessage | null => {
  if (!isRecord(data)) return null
  const user = data['user']
  const person = parsePerson(user)
  if (person === null) return null
  const member = isRecord(user) ? stayId(user['id']) : null
  return { kind: 'hello', person, password: textUpTo(data['pwd'], 200) ?? '', ...(member && { member }) }
}

/** `null` for what a mesh has no words for. */
export const writeMesh = (message: PeerMessage, self: MemberId): object | null => {
  switch (message.kind) {
    case 'hello': {
      const { person, password } = message
      const data = { user: writePerson(self, person), pwd: password, init: true }
      return { type: types.id, data }
    }
    case 'chat':
      return { type: types.message, data: writeChat(message) }
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
    case 'join-call':
    case 'leave-call':
    case 'streams':
    case 'want-stream':
      return { type: types.voiceEvent, data: writeCallMessage(meshCall, message) }
    case 'media':
    case 'sizes':
      return writeCallExtension(message)
    case 'file-announced':
    case 'file-withdrawn':
    case 'file-signal':
      return { type: types.fileEvent, data: writeFileEvent('mesh', message) }
    case 'direct':
    case 'knock':
    case 'admitted':
    case 'introduce':
    case 'ask-roster':
    case 'ask-card':
    case 'roster':
    case 'card':
    case 'calls':
    case 'downlink':
    case 'lost':
    case 'sealed':
    case 'sealed-for':
    case 'keys':
      return null
  }
}
