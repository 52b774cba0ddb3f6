/**
 * What peers say about files: what is offered, what is taken back, and the signals that lead to a transfer. `mesh.ts` and
 * `star.ts` put these messages into their envelopes.
 */
import { cutFileName, fileNameUnitsMax } from '../base/text.ts'
import { type FileSignal, parseFileSignal, writeFileSignal } from '../legacy/wire/file-signal.ts'
import { type FileId, fileId, type MemberId } from './ids.ts'
import { type Fields, idText, isRecord, recordAt, textUpTo, wholeNumber } from './json.ts'
import { parseSignal, type Signal } from './signal.ts'

export type { FileSignal } from '../legacy/wire/file-signal.ts'

/** What others learn of a file before they have it. */
export type FileCard = {
  readonly id: FileId
  readonly name: string
  readonly size: number
  /** A media type, or empty. Only pages of ours say it, and nobody believes it without looking. */
  readonly media: string
}

export type FileMessage =
  /** Before the chat message that lists it: the original fetches only what was announced to it. */
  | { kind: 'file-announced'; file: FileCard; asReceived?: Fields | null }
  /** `lost`, which only pages of ours say: its owner's page was loaded anew and cannot read it any more. */
  | { kind: 'file-withdrawn'; file: FileId; lost: boolean; asReceived?: null }
  /** `to` in a star, where the host passes it on as it came. */
  | { kind: 'file-signal'; to: MemberId | null; signal: FileSignal; asReceived?: Fields | null }
  /** Ours: two guests of a star make a connection of their own. `id` is the caller's mark on it. */
  | ({ kind: 'direct'; to: MemberId | null; asReceived?: Fields | null } & DirectSignal)

/** `call`: the connection is for what the two send each other in the call, and not for files. */
export type DirectSignal = { readonly id: string; readonly signal: Signal; readonly call?: true }

/** As many as the original's list shows well; it sends five at most, and we a few more. */
export const filesMax = 20
const mediaUnitsMax = 100

const cutName = (name: string): string => cutFileName(name, fileNameUnitsMax)

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
  if (!data || id === null || !signal) return null
  const call = data['call'] === true && ({ call: true } as const)
  return { kind: 'direct', to, id, signal, ...call, asReceived: idata }
}

export const writeDirect = ({ id, signal, call }: DirectSignal): object => ({
  type: direct,
  data: { id, signal, ...(call ? { call } : {}) },
})

const types = { announced: 0, withdrawn: 1, signal: 4 } as const
export const fileSignalType = types.signal

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
      return file === null
        ? null
        : { kind: 'file-withdrawn', file: fileId(file), lost: special['lost'] === true }
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
      return {
        type: types.withdrawn,
        special: { FileID: message.file, ...(message.lost ? { lost: true } : {}) },
      }
    case 'file-signal':
      return { type: types.signal, special: writeFileSignal(message.signal) }
  }
}
