/**
 * Owns the words of a conversation: a message as the original has it, with keys of ours that the original passes over,
 * and words that only pages with `caps.chat` hear. They are the same in a mesh and in a star.
 */
import { type FileCard, parseFiles, writeFileCard } from './file.ts'
import { type MessageId, messageId } from './ids.ts'
import { cut, type Fields, isRecord, textUpTo } from './shape.ts'

export type Chat = {
  kind: 'chat'
  text: string
  /** An original's message has none. */
  id: MessageId | null
  /** The message that this one answers. */
  answers: MessageId | null
  files?: readonly FileCard[]
  /** The message as a guest sent it: a host passes it on with whatever else it holds, files for instance. */
  asReceived?: Fields
}

/** A message as somebody tells it who heard it. Nothing proves that it was said so. */
export type Told = {
  readonly id: MessageId | null
  readonly answers: MessageId | null
  readonly name: string
  readonly text: string
  readonly at: number
}

export type ChatWord =
  /** A sign put to a message, or taken back. */
  | { kind: 'reaction'; to: MessageId; sign: string; on: boolean }
  | { kind: 'typing'; on: boolean }
  /** In answer to a message: it has come to be shown. */
  | { kind: 'heard'; id: MessageId }
  | { kind: 'ask-history' }
  | { kind: 'history'; messages: readonly Told[] }

export const chatUnitsMax = 2_000
export const historyMax = 100
/** Leaves room in a frame for what goes around it. */
export const historyBytesMax = 60_000
const tellerUnitsMax = 60
const signUnitsMax = 16

const keys = { id: 'id', answers: 're' } as const
const types = {
  reaction: 'reaction',
  typing: 'typing',
  heard: 'heard',
  askHistory: 'ask-history',
  history: 'history',
} as const

export const parseChat = (data: unknown): Chat | null => {
  if (!isRecord(data)) return null
  const msg = data['msg'] ?? ''
  if (typeof msg !== 'string') return null
  const [id, answers] = [messageId(data[keys.id]), messageId(data[keys.answers])]
  const files = parseFiles(data['files'])
  return { kind: 'chat', text: cut(msg, chatUnitsMax), id, answers, ...(files.length > 0 ? { files } : {}) }
}

export const writeChat = ({ text, id, answers, files = [] }: Chat): Fields => ({
  msg: text,
  files: files.map(writeFileCard),
  ...(id === null ? {} : { [keys.id]: id }),
  ...(answers === null ? {} : { [keys.answers]: answers }),
})

/** An original's message with a name of its host's making, so that others can refer to it. */
export const withId = (chat: Chat, id: MessageId): Chat => {
  const { asReceived } = chat
  const data = asReceived?.['data']
  if (!asReceived || !isRecord(data)) return { ...chat, id }
  return { ...chat, id, asReceived: { ...asReceived, data: { ...data, [keys.id]: id } } }
}

export const parseChatWord = (type: unknown, data: unknown): ChatWord | null => {
  if (!isRecord(data)) return null
  switch (type) {
    case types.reaction: {
      const [to, sign, on] = [messageId(data['to']), data['sign'], data['on']]
      return to !== null && isSign(sign) && typeof on === 'boolean'
        ? { kind: 'reaction', to, sign, on }
        : null
    }
    case types.typing:
      return typeof data['on'] === 'boolean' ? { kind: 'typing', on: data['on'] } : null
    case types.heard: {
      const id = messageId(data['id'])
      return id === null ? null : { kind: 'heard', id }
    }
    case types.askHistory:
      return { kind: 'ask-history' }
    case types.history:
      return { kind: 'history', messages: parseHistory(data['messages']) }
    default:
      return null
  }
}

export const writeChatWord = (word: ChatWord): { type: string; data: object } => {
  switch (word.kind) {
    case 'reaction':
      return { type: types.reaction, data: { to: word.to, sign: word.sign, on: word.on } }
    case 'typing':
      return { type: types.typing, data: { on: word.on } }
    case 'heard':
      return { type: types.heard, data: { id: word.id } }
    case 'ask-history':
      return { type: types.askHistory, data: {} }
    case 'history':
      return { type: types.history, data: { messages: word.messages.map(writeTold) } }
  }
}

const drawn = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}/u
const drawing = /^[\p{Extended_Pictographic}\p{Emoji_Component}]+$/u

/** A drawing and not a word: whoever reacts does not get to write. */
export const isSign = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= signUnitsMax && drawing.test(value) && drawn.test(value)

const parseHistory = (value: unknown): Told[] =>
  Array.isArray(value)
    ? value.slice(0, historyMax).flatMap((entry: unknown) => {
        const told = parseTold(entry)
        return told ? [told] : []
      })
    : []

const parseTold = (value: unknown): Told | null => {
  if (!isRecord(value)) return null
  const name = textUpTo(value['name'], tellerUnitsMax)
  const text = textUpTo(value['msg'], chatUnitsMax)
  const at = value['at']
  if (name === null || text === null || text.trim() === '') return null
  if (typeof at !== 'number' || !(at >= 0 && at <= 8.64e15)) return null
  return { id: messageId(value[keys.id]), answers: messageId(value[keys.answers]), name, text, at }
}

export const writeTold = ({ id, answers, name, text, at }: Told): Fields => ({
  ...(id === null ? {} : { [keys.id]: id }),
  ...(answers === null ? {} : { [keys.answers]: answers }),
  name,
  msg: text,
  at,
})
