/**
 * The messages on the side connection with which original pages steer a large file: how many further connections there
 * are to be, what they carry, and when to wait.
 */
import { type FileCard, parseFileCard } from '../../wire/file.ts'
import { isRecord, wholeNumber } from '../../wire/json.ts'
import { parseSignal, type Signal } from '../../wire/signal.ts'
import { chunkBytes, writeBytes } from './file-signal.ts'

/** What a downloader says. `agree` is about the number of connections. */
export type SideMessageIn =
  | { kind: 'agree'; peers: number }
  | { kind: 'start' }
  | { kind: 'end'; errored: boolean }
  | { kind: 'signal'; peer: number; signal: Signal }
  | { kind: 'about'; chunk: number; file: FileCard }
  | { kind: 'missing'; chunk: number }
  | { kind: 'wait' }
  | { kind: 'go-on' }

/** What an uploader says. `hello` only shows that the connection works. */
export type SideMessageOut =
  | { kind: 'hello' }
  | { kind: 'agree'; peers: number }
  | { kind: 'signal'; peer: number; signal: object }
  | { kind: 'chunk'; chunk: number; bytes: Uint8Array }
  | { kind: 'end'; errored: boolean }

const types = {
  suggest: 0,
  probe: 1,
  start: 2,
  terminate: 3,
  signal: 4,
  about: 5,
  request: 6,
  respond: 7,
  pause: 8,
  resume: 9,
} as const

const peersMax = 16
/** Both browsers take messages of this size, and the original none larger. */
const chunkBytesMax = 4 * chunkBytes

export const parseSideMessage = (value: unknown): SideMessageIn | null => {
  if (!isRecord(value)) return null
  const { data } = value
  switch (value['type']) {
    case types.suggest: {
      const peers = wholeNumber(data)
      return peers === null || peers < 1 || peers > peersMax ? null : { kind: 'agree', peers }
    }
    case types.start:
      return { kind: 'start' }
    case types.terminate:
      return { kind: 'end', errored: isRecord(data) && data['errored'] === true }
    case types.signal:
      return parsePeerSignal(data)
    case types.about:
      return parseAbout(data)
    case types.request: {
      const chunk = wholeNumber(data)
      return chunk === null ? null : { kind: 'missing', chunk }
    }
    case types.pause:
      return { kind: 'wait' }
    case types.resume:
      return { kind: 'go-on' }
    default:
      return null
  }
}

const parsePeerSignal = (data: unknown): SideMessageIn | null => {
  if (!isRecord(data)) return null
  const peer = wholeNumber(data['peerID'])
  const signal = parseSignal(data['signal'])
  return peer === null || !signal ? null : { kind: 'signal', peer, signal }
}

const parseAbout = (data: unknown): SideMessageIn | null => {
  if (!isRecord(data)) return null
  const chunk = wholeNumber(data['chunkSize'])
  const file = parseFileCard(data['fileData'])
  if (chunk === null || chunk < 1 || chunk > chunkBytesMax || !file) return null
  return { kind: 'about', chunk, file }
}

export const writeSideMessage = (message: SideMessageOut): object => {
  switch (message.kind) {
    case 'hello':
      return { type: types.probe, data: 'test msg' }
    case 'agree':
      return { type: types.suggest, data: message.peers }
    case 'signal':
      return { type: types.signal, data: { peerID: message.peer, signal: message.signal } }
    case 'chunk':
      return { type: types.respond, data: { chunkID: message.chunk, chunk: writeBytes(message.bytes) } }
    case 'end':
      return { type: types.terminate, data: { errored: message.errored } }
  }
}
