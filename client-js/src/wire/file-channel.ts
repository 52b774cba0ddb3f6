/**
 * The messages on a file channel: a data channel of its own for one file between two pages of ours. The receiver opens
 * it and says what it wants and from which byte; bytes come in order as binary frames, everything else is JSON in text
 * frames.
 */
import { type FileId, fileId } from './ids.ts'
import { idText, isRecord, textUpTo, wholeNumber } from './json.ts'

/** Told from other channels by this. */
export const fileChannelProtocol = 'p2pchat-file'

export type StopReason =
  | 'cancelled'
  | 'declined'
  /** There is no such file, or it cannot be read any more. */
  | 'gone'
  /** The receiver cannot write it. */
  | 'no-room'
  /** It is not what was said: longer, shorter, or with another hash. */
  | 'wrong'

export type FileChannelMessage =
  /**
   * Receiver: the file from that byte on; so many bytes may be under way beyond what `took` has confirmed.
   * `resumeToken` is what `begin` said before, if anything has come already.
   */
  | { kind: 'want'; file: FileId; from: number; credit: number; resumeToken: string | null }
  | { kind: 'decline'; file: FileId }
  | { kind: 'took'; bytes: number }
  /** `file` says which where it is the first message on a channel: the channel of the transfer broke a moment too soon. */
  | { kind: 'done'; file: FileId | null }
  /**
   * Sender: what is coming. `resumeToken` is known to these two ends only, so nobody else can go on in the sender's
   * place.
   */
  | { kind: 'begin'; size: number; resumeToken: string }
  | { kind: 'end'; digest: string }
  | { kind: 'pause'; on: boolean }
  | { kind: 'stop'; why: StopReason }

const messageUnitsMax = 65_536

export const parseFileChannelMessage = (frame: string): FileChannelMessage | null => {
  if (frame.length > messageUnitsMax) return null
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return null
  }
  return isRecord(value) ? parseMessage(value) : null
}

const parseMessage = (fields: Readonly<Record<string, unknown>>): FileChannelMessage | null => {
  switch (fields['type']) {
    case 'want': {
      const file = idText(fields['file'])
      const from = wholeNumber(fields['from'])
      const credit = wholeNumber(fields['credit'])
      if (file === null || from === null || credit === null) return null
      return { kind: 'want', file: fileId(file), from, credit, resumeToken: idText(fields['again']) }
    }
    case 'decline': {
      const file = idText(fields['file'])
      return file === null ? null : { kind: 'decline', file: fileId(file) }
    }
    case 'took': {
      const bytes = wholeNumber(fields['bytes'])
      return bytes === null ? null : { kind: 'took', bytes }
    }
    case 'done': {
      const file = idText(fields['file'])
      return { kind: 'done', file: file === null ? null : fileId(file) }
    }
    case 'begin': {
      const size = wholeNumber(fields['size'])
      const resumeToken = idText(fields['again'])
      return size === null || resumeToken === null ? null : { kind: 'begin', size, resumeToken }
    }
    case 'end': {
      const digest = textUpTo(fields['digest'], 64)
      return digest === null || !/^[0-9a-f]{64}$/.test(digest) ? null : { kind: 'end', digest }
    }
    case 'pause':
      return typeof fields['on'] === 'boolean' ? { kind: 'pause', on: fields['on'] } : null
    case 'stop':
      return { kind: 'stop', why: parseReason(fields['why']) }
    default:
      return null
  }
}

const reasons: readonly StopReason[] = ['cancelled', 'declined', 'gone', 'no-room', 'wrong']

/** A reason we do not know is still a stop. */
const parseReason = (value: unknown): StopReason => reasons.find(reason => reason === value) ?? 'cancelled'

export const writeFileChannelMessage = ({ kind, ...fields }: FileChannelMessage): string => {
  if (!('resumeToken' in fields)) return JSON.stringify({ type: kind, ...fields })
  const { resumeToken, ...rest } = fields
  return JSON.stringify({ type: kind, ...rest, again: resumeToken })
}
