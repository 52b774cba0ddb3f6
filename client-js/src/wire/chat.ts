/**
 * The messages of a conversation: a text message as the original has it, with keys of ours that the original passes
 * over, and messages that only pages with `caps.chat` are sent. They are the same in a mesh and in a star.
 */
import { chatUnitsMax, cut } from '../base/text.ts'
import { type FileCard, parseFiles, writeFileCard } from './file.ts'
import { type MessageId, messageId } from './ids.ts'
import { type Fields, isRecord, textUpTo, utf8Bytes } from './json.ts'

export type Chat = {
  kind: 'chat'
  text: string
  /** An original's message has none. */
  id: MessageId | null
  /** The message that this one answers. */
  replyTo: MessageId | null
  files?: readonly FileCard[]
  /** Was said under seal, and is to be sent in no other way. */
  sealed?: true
  /** The message as a guest sent it: a host passes it on with whatever else it holds, files for instance. Null: it came sealed, and so is passed on apart. */
  asReceived?: Fields | null
}

/** A message as somebody shares it who was there. Nothing proves that it was said so. */
export type HistoryEntry = {
  readonly id: MessageId | null
  readonly replyTo: MessageId | null
  readonly name: string
  readonly text: string
  readonly at: number
}

/** `asReceived` is null for what came sealed, and so is passed on apart. */
export type ChatEvent =
  /** An emoji put to a message, or taken back. */
  | { kind: 'reaction'; to: MessageId; emoji: string; on: boolean; asReceived?: null }
  | { kind: 'typing'; on: boolean; asReceived?: null }
  /** In answer to a message: it has arrived and is shown. */
  | { kind: 'ack'; id: MessageId }
  | { kind: 'ask-history' }
  | { kind: 'history'; messages: readonly HistoryEntry[] }
  /** What a page of somebody else's says to its like; nobody else looks into it. `data` is any JSON value. */
  | { kind: 'topic'; topic: string; data: unknown; asReceived?: null }

export const historyMax = 100
/** Leaves room in a frame for what goes around it. */
export const historyBytesMax = 60_000
const sharedNameUnitsMax = 60
const emojiUnitsMax = 16

const keys = { id: 'id', replyTo: 're' } as const
const types = {
  reaction: 'reaction',
  typing: 'typing',
  ack: 'heard',
  askHistory: 'ask-history',
  history: 'history',
  topic: 'topic',
} as const

export const parseChat = (data: unknown): Chat | null => {
  if (!isRecord(data)) return null
  const msg = data['msg'] ?? ''
  if (typeof msg !== 'string') return null
  const [id, replyTo] = [messageId(data[keys.id]), messageId(data[keys.replyTo])]
  const files = parseFiles(data['files'])
  return {
    kind: 'chat',
    text: cut(msg, chatUnitsMax),
    id,
    replyTo,
    ...(files.length > 0 ? { files } : {}),
  }
}

export const writeChat = ({ text, id, replyTo, files = [] }: Chat): Fields => ({
  msg: text,
  files: files.map(writeFileCard),
  ...(id === null ? {} : { [keys.id]: id }),
  ...(replyTo === null ? {} : { [keys.replyTo]: replyTo }),
})

/** An original's message with a name of its host's making, so that others can refer to it. */
export const withId = (chat: Chat, id: MessageId): Chat => {
  const { asReceived } = chat
  const data = asReceived?.['data']
  if (!asReceived || !isRecord(data)) return { ...chat, id }
  return { ...chat, id, asReceived: { ...asReceived, data: { ...data, [keys.id]: id } } }
}

export const parseChatEvent = (type: unknown, data: unknown): ChatEvent | null => {
  if (!isRecord(data)) return null
  switch (type) {
    case types.reaction: {
      const [to, emoji, on] = [messageId(data['to']), data['sign'], data['on']]
      return to !== null && isEmoji(emoji) && typeof on === 'boolean'
        ? { kind: 'reaction', to, emoji, on }
        : null
    }
    case types.typing:
      return typeof data['on'] === 'boolean' ? { kind: 'typing', on: data['on'] } : null
    case types.ack: {
      const id = messageId(data['id'])
      return id === null ? null : { kind: 'ack', id }
    }
    case types.askHistory:
      return { kind: 'ask-history' }
    case types.history:
      return { kind: 'history', messages: parseHistory(data['messages']) }
    case types.topic: {
      const { topic, data: said = null } = data
      return isTopic(topic) ? { kind: 'topic', topic, data: said } : null
    }
    default:
      return null
  }
}

export const writeChatEvent = (event: ChatEvent): { type: string; data: object } => {
  switch (event.kind) {
    case 'reaction':
      return { type: types.reaction, data: { to: event.to, sign: event.emoji, on: event.on } }
    case 'typing':
      return { type: types.typing, data: { on: event.on } }
    case 'ack':
      return { type: types.ack, data: { id: event.id } }
    case 'ask-history':
      return { type: types.askHistory, data: {} }
    case 'history':
      return { type: types.history, data: { messages: event.messages.map(writeHistoryEntry) } }
    case 'topic':
      return { type: types.topic, data: { topic: event.topic, data: event.data } }
  }
}

/** Short enough to be read in a log, and not empty. */
export const isTopic = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.:/-]{1,64}$/.test(value)

/** Leaves room in a frame for what goes around it, and for a seal. */
const topicBytesMax = { plain: 60_000, sealed: 44_000 } as const

/** Whether it can be sent: a function, for instance, has no JSON. */
export const topicFits = (data: unknown, sealed: boolean): boolean => {
  try {
    const bytes = utf8Bytes(data)
    return bytes > 0 && bytes <= topicBytesMax[sealed ? 'sealed' : 'plain']
  } catch {
    return false
  }
}

const drawn = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}/u
const drawing = /^[\p{Extended_Pictographic}\p{Emoji_Component}]+$/u

/** A drawing and not a event: whoever reacts does not get to write. */
export const isEmoji = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= emojiUnitsMax && drawing.test(value) && drawn.test(value)

const parseHistory = (value: unknown): HistoryEntry[] =>
  Array.isArray(value)
    ? value.slice(0, historyMax).flatMap((entry: unknown) => {
        const parsed = parseHistoryEntry(entry)
        return parsed ? [parsed] : []
      })
    : []

const parseHistoryEntry = (value: unknown): HistoryEntry | null => {
  if (!isRecord(value)) return null
  const name = textUpTo(value['name'], sharedNameUnitsMax)
  const text = textUpTo(value['msg'], chatUnitsMax)
  const at = value['at']
  if (name === null || text === null || text.trim() === '') return null
  if (typeof at !== 'number' || !(at >= 0 && at <= 8.64e15)) return null
  return { id: messageId(value[keys.id]), replyTo: messageId(value[keys.replyTo]), name, text, at }
}

export const writeHistoryEntry = ({ id, replyTo, name, text, at }: HistoryEntry): Fields => ({
  ...(id === null ? {} : { [keys.id]: id }),
  ...(replyTo === null ? {} : { [keys.replyTo]: replyTo }),
  name,
  msg: text,
  at,
})
