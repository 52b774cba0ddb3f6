/**
 * The signals with which an original page asks another page for a file, and in which it sends one. Pages of ours use
 * them only with original pages; between each other they open file channels.
 */
import { base64UrlOf, bytesOfBase64Url } from '../../base/random.ts'
import { type FileId, fileId } from '../../wire/ids.ts'
import { type Fields, idText, isRecord, recordAt, textUpTo, wholeNumber } from '../../wire/json.ts'
import { packed, unpacked } from './encoding.ts'

/** The two ways in which the original moves a file: over the room's channel, or over connections of its own. */
export const legacyModes = { main: 0, extra: 1 } as const

/** `from` is the action's number at whoever speaks, `to` its number at whoever hears, -1 where it has none. */
export type FileSignal =
  | { kind: 'download'; file: FileId; from: number; mode: number }
  | { kind: 'ack'; from: number; to: number; mode: number }
  /** A chunk's number (-1: enough) over the main channel, a connection's signal otherwise. */
  | { kind: 'peer'; from: number; to: number; signal: unknown }
  | { kind: 'chunk'; from: number; chunk: number; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'finished'; from: number; to: number; success: boolean }
  | { kind: 'error'; from: number; to: number; error: string }

export const chunkBytes = 16_384
const errorUnitsMax = 100

const signalTypes = { download: 0, finished: 1, peer: 2, chunk: 3, ack: 4, error: 5 } as const

export const parseFileSignal = (value: unknown): FileSignal | null => {
  if (!isRecord(value)) return null
  const idata = recordAt(value, 'idata')
  return idata && parseIdata(value['type'], idata)
}

const parseIdata = (type: unknown, idata: Fields): FileSignal | null => {
  const from = actionId(idata['sendersAcID'])
  const to = actionId(idata['receiversAcID'])
  if (from === null) return null
  if (type === signalTypes.download) return parseDownload(idata, from)
  if (type === signalTypes.chunk) return parseChunk(idata, from)
  if (to === null) return null
  switch (type) {
    case signalTypes.finished:
      return { kind: 'finished', from, to, success: parseSuccess(idata['success']) }
    case signalTypes.peer:
      return { kind: 'peer', from, to, signal: idata['signal'] }
    case signalTypes.ack: {
      const mode = wholeNumber(idata['type'])
      return mode === null ? null : { kind: 'ack', from, to, mode }
    }
    case signalTypes.error:
      return { kind: 'error', from, to, error: textUpTo(idata['error'], errorUnitsMax) ?? '' }
    default:
      return null
  }
}

const actionId = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= -1 ? value : null

const parseDownload = (idata: Fields, from: number): FileSignal | null => {
  const file = idText(idata['FileID'])
  const mode = wholeNumber(idata['type'])
  return file === null || mode === null ? null : { kind: 'download', file: fileId(file), from, mode }
}

const parseChunk = (idata: Fields, from: number): FileSignal | null => {
  const chunk = wholeNumber(idata['ChunkID'])
  const bytes = parseBytes(idata['Chunk'], chunkBytes)
  return chunk === null || bytes === null ? null : { kind: 'chunk', from, chunk, bytes }
}

/** The original nests it, and its host passes on what it got. */
const parseSuccess = (value: unknown): boolean =>
  isRecord(value) ? value['success'] === true : value === true

/**
 * A packed array, or the form that the original's host gives to what it has just passed on. Odd lengths grow by a byte
 * on the way.
 */
export const parseBytes = (value: unknown, bytesMax: number): Uint8Array<ArrayBuffer> | null => {
  if (!isRecord(value)) return null
  if (value['dataType'] === 'Uint8Array') {
    const text = value['value']
    return typeof text === 'string' && text.length * 2 <= bytesMax + 1 ? unpacked(text) : null
  }
  if (value['dataType'] === compact) return parseCompact(value['value'], bytesMax)
  const list = value['type'] === 'Buffer' ? value['data'] : null
  if (!Array.isArray(list) || list.length > bytesMax + 1) return null
  return list.every(isByte) ? Uint8Array.from(list) : null
}

const isByte = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255

export const writeBytes = (bytes: Uint8Array): object => ({ dataType: 'Uint8Array', value: packed(bytes) })

/** A form of ours, for what is sealed anyway: it is never longer than four thirds, whatever the bytes are. */
const compact = 'base64url'

export const writeCompactBytes = (bytes: Uint8Array): object => ({
  dataType: compact,
  value: base64UrlOf(bytes),
})

const parseCompact = (value: unknown, bytesMax: number): Uint8Array<ArrayBuffer> | null =>
  typeof value === 'string' &&
  /^[\w-]*$/.test(value) &&
  value.length % 4 !== 1 &&
  value.length * 3 <= bytesMax * 4 + 6
    ? bytesOfBase64Url(value)
    : null

/** How long the original says it will wait. Nobody looks at it. */
const timeoutSeconds = 60

/** `bytes`: the form that chunks have. */
export const writeFileSignal = (signal: FileSignal, writeChunk = writeBytes): object => {
  switch (signal.kind) {
    case 'download': {
      const { file, from, mode } = signal
      const idata = {
        FileID: file,
        ChunkSize: chunkBytes,
        type: mode,
        Timeout: timeoutSeconds,
        sendersAcID: from,
      }
      return { type: signalTypes.download, idata }
    }
    case 'finished': {
      const { from, to, success } = signal
      return {
        type: signalTypes.finished,
        idata: { sendersAcID: from, receiversAcID: to, success: { success } },
      }
    }
    case 'peer': {
      const { from, to, signal: inner } = signal
      return { type: signalTypes.peer, idata: { receiversAcID: to, sendersAcID: from, signal: inner } }
    }
    case 'chunk': {
      const { from, chunk, bytes } = signal
      return {
        type: signalTypes.chunk,
        idata: { sendersAcID: from, ChunkID: chunk, Chunk: writeChunk(bytes) },
      }
    }
    case 'ack': {
      const { from, to, mode } = signal
      return { type: signalTypes.ack, idata: { receiversAcID: to, sendersAcID: from, type: mode } }
    }
    case 'error': {
      const { from, to, error } = signal
      return { type: signalTypes.error, idata: { sendersAcID: from, receiversAcID: to, error } }
    }
  }
}
