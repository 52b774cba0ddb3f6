/**
 * Owns the words about files that the original's pages have too: what is announced, and the signals with which one page
 * asks another for a file. `mesh.ts` and `star.ts` put them into their envelopes.
 */
import { type FileId, fileId, type MemberId } from './ids.ts'
import { packed, unpacked } from './packing.ts'
import { cut, type Fields, idText, isRecord, recordAt, textUpTo, wholeNumber } from './shape.ts'
import { parseSignal, type Signal } from './signal.ts'

/** What others learn of a file before they have it. */
export type FileCard = {
  readonly id: FileId
  readonly name: string
  readonly size: number
  /** A media type, or empty. Only pages of ours say it, and nobody believes it without looking. */
  readonly media: string
}

/** The two ways in which the original moves a file: over the room's channel, or over connections of its own. */
export const legacyModes = { main: 0, extra: 1 } as const
export type LegacyMode = (typeof legacyModes)[keyof typeof legacyModes]

/** `from` is the action's number at whoever speaks, `to` its number at whoever hears, -1 where it has none. */
export type FileSignal =
  | { kind: 'download'; file: FileId; from: number; way: number }
  | { kind: 'ack'; from: number; to: number; way: number }
  /** A chunk's number (-1: enough) over the main channel, a connection's signal otherwise. */
  | { kind: 'peer'; from: number; to: number; signal: unknown }
  | { kind: 'chunk'; from: number; chunk: number; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'finished'; from: number; to: number; success: boolean }
  | { kind: 'error'; from: number; to: number; error: string }

export type FileMessage =
  /** Before the chat message that lists it: the original fetches only what was announced to it. */
  | { kind: 'file-announced'; file: FileCard; asReceived?: Fields }
  | { kind: 'file-withdrawn'; file: FileId }
  /** `to` in a star, where the host passes it on as it came. */
  | { kind: 'file-signal'; to: MemberId | null; signal: FileSignal; asReceived?: Fields }
  /** Ours: two guests of a star make a connection of their own for files. `id` is the caller's mark on it. */
  | { kind: 'direct'; to: MemberId | null; id: string; signal: Signal; asReceived?: Fields }

export const chunkBytes = 16_384
/** As many as the original's list shows well; it sends five at most, and we a few more. */
export const filesMax = 20
export const fileNameUnitsMax = 100
const mediaUnitsMax = 100
const errorUnitsMax = 100

/** A name that is too long loses what stands before its ending, which says what the file is. */
export const cutName = (name: string, unitsMax = fileNameUnitsMax): string => {
  if (name.length <= unitsMax) return name
  const ending = /\.[^./]{1,10}$/u.exec(name)?.[0] ?? ''
  return cut(name, unitsMax - ending.length) + ending
}

/** Both the original's tagged object and a plain one, whose further keys the original leaves as they are. */
export const parseFileCard = (value: unknown): FileCard | null => {
  if (!isRecord(value)) return null
  const fields = value['dataType'] === 'FileData' ? recordAt(value, 'value') : value
  if (!fields) return null
  const id = idText(fields['FileID'])
  const name = fields['FileName']
  const size = wholeNumber(fields['FileSize'])
  if (id === null || typeof name !== 'string' || size === null) return null
  const media = textUpTo(fields['media'], mediaUnitsMax) ?? ''
  return { id: fileId(id), name: cutName(name), size, media }
}

/** In a message, where it is plain: from a tagged one the original drops what it does not know. */
export const writeFileCard = ({ id, name, size, media }: FileCard): object => ({
  FileID: id,
  FileName: cutName(name),
  FileSize: size,
  ...(media === '' ? {} : { media }),
})

/** As the original has it, without what we add: a host of its own that passes on a large file needs it so. */
const writeTaggedFile = ({ id, name, size }: FileCard): object => ({
  dataType: 'FileData',
  value: { FileID: id, FileName: cutName(name), FileSize: size },
})

export const parseFiles = (value: unknown): FileCard[] =>
  Array.isArray(value)
    ? value.slice(0, filesMax).flatMap(entry => {
        const card = parseFileCard(entry)
        return card ? [card] : []
      })
    : []

const direct = 'direct'

/** A mesh has no use for it: there everybody is connected. */
export const parseDirect = (idata: Fields, to: MemberId | null): FileMessage | null => {
  const data = idata['type'] === direct ? recordAt(idata, 'data') : null
  const id = data && idText(data['id'])
  const signal = data && parseSignal(data['signal'])
  return id === null || !signal ? null : { kind: 'direct', to, id, signal, asReceived: idata }
}

export const writeDirect = ({ id, signal }: Extract<FileMessage, { kind: 'direct' }>): object => ({
  type: direct,
  data: { id, signal },
})

const types = { announced: 0, withdrawn: 1, signal: 4 } as const

/** A mesh has the announced file where a star has an object that holds it. */
export type FileShape = 'mesh' | 'star'

/** `idata` is the whole message as it came, which a star's host passes on. */
export const parseFileEvent = (
  shape: FileShape,
  idata: Fields,
  target: MemberId | null,
): FileMessage | null => {
  const data = recordAt(idata, 'data')
  const special = data && recordAt(data, 'special')
  if (!data || !special) return null
  switch (data['type']) {
    case types.announced: {
      const file = parseFileCard(shape === 'star' ? special['file'] : special)
      return file && { kind: 'file-announced', file, asReceived: idata }
    }
    case types.withdrawn: {
      const file = idText(special['FileID'])
      return file === null ? null : { kind: 'file-withdrawn', file: fileId(file) }
    }
    case types.signal: {
      const signal = parseFileSignal(special)
      return signal && { kind: 'file-signal', to: target, signal, asReceived: idata }
    }
    default:
      return null
  }
}

export const writeFileEvent = (
  shape: FileShape,
  message: Exclude<FileMessage, { kind: 'direct' }>,
): { type: number; special: object } => {
  switch (message.kind) {
    case 'file-announced': {
      const file = writeTaggedFile(message.file)
      return { type: types.announced, special: shape === 'star' ? { file } : file }
    }
    case 'file-withdrawn':
      return { type: types.withdrawn, special: { FileID: message.file } }
    case 'file-signal':
      return { type: types.signal, special: writeFileSignal(message.signal) }
  }
}

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
      const way = wholeNumber(idata['type'])
      return way === null ? null : { kind: 'ack', from, to, way }
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
  const way = wholeNumber(idata['type'])
  return file === null || way === null ? null : { kind: 'download', file: fileId(file), from, way }
}

const parseChunk = (idata: Fields, from: number): FileSignal | null => {
  const chunk = wholeNumber(idata['ChunkID'])
  const bytes = parseBytes(idata['Chunk'], chunkBytes)
  return chunk === null || bytes === null ? null : { kind: 'chunk', from, chunk, bytes }
}

/** The original nests it, and its host passes on what it got. */
const parseSuccess = (value: unknown): boolean =>
  isRecord(value) ? value['success'] === true : value === true

/** A packed array, or the form that the original's host gives to what it has just passed on. Odd lengths grow by a byte on the way. */
export const parseBytes = (value: unknown, bytesMax: number): Uint8Array<ArrayBuffer> | null => {
  if (!isRecord(value)) return null
  if (value['dataType'] === 'Uint8Array') {
    const text = value['value']
    return typeof text === 'string' && text.length * 2 <= bytesMax + 1 ? unpacked(text) : null
  }
  const list = value['type'] === 'Buffer' ? value['data'] : null
  if (!Array.isArray(list) || list.length > bytesMax + 1) return null
  return list.every(isByte) ? Uint8Array.from(list) : null
}

const isByte = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255

export const writeBytes = (bytes: Uint8Array): object => ({ dataType: 'Uint8Array', value: packed(bytes) })

/** How long the original says it will wait. Nobody looks at it. */
const timeoutSeconds = 60

export const writeFileSignal = (signal: FileSignal): object => {
  switch (signal.kind) {
    case 'download': {
      const { file, from, way } = signal
      const idata = {
        FileID: file,
        ChunkSize: chunkBytes,
        type: way,
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
        idata: { sendersAcID: from, ChunkID: chunk, Chunk: writeBytes(bytes) },
      }
    }
    case 'ack': {
      const { from, to, way } = signal
      return { type: signalTypes.ack, idata: { receiversAcID: to, sendersAcID: from, type: way } }
    }
    case 'error': {
      const { from, to, error } = signal
      return { type: signalTypes.error, idata: { sendersAcID: from, receiversAcID: to, error } }
    }
  }
}
