/**
 * Owns how a large file of ours goes to an original's page over connections of its own: one that steers and some that
 * carry bytes with no header, so that only their order says which is which. Pure.
 */

import { andThen, rated, stepTo, withUpload } from '../files/change.ts'
import type {
  FilesEffect,
  FilesState,
  FilesStep,
  LegacyUpload,
  SideConnections,
  Upload,
  UploadKey,
} from '../files/state.ts'
import { type FileSignal, fileNameUnitsMax, legacyModes } from '../wire/file.ts'
import { cut } from '../wire/shape.ts'
import { parseSignal, type Signal } from '../wire/signal.ts'
import type { SideMessageIn, SideMessageOut } from './wire/side-protocol.ts'

/** From this size on an original's page asks for this way, unless it is set otherwise; below it, it is refused. */
export const largeBytes = 31_457_280
/** Connections that carry bytes, at most; the far end may want fewer. */
const peersMax = 3
/** Disagreements before the far end is given up. */
const mismatchesMax = 4
/** Handed to the connections in one go, in chunks. */
const roundChunks = 16
/** Asked for once more and not said yet. */
const missingMax = 64

/** The connection that steers. */
export const steering = -1

export const noSideConnections: SideConnections = {
  peers: peersMax,
  mismatches: 0,
  confirmed: false,
  agreed: false,
  chunk: 0,
  open: new Set(),
  started: false,
  waits: false,
  draining: new Set(),
  missing: [],
  answering: null,
}

/** Both sides know each other's numbers. */
export const startSideConnections = (state: FilesState, it: Upload): FilesStep =>
  stepTo(withUpload(state, { ...it, phase: 'running' }), {
    type: 'side-open',
    key: it.key,
    peer: steering,
  })

type Held = Upload & { readonly side: SideConnections; readonly legacy: LegacyUpload }

export const held = (state: FilesState, key: UploadKey): Held | null => {
  const it = state.uploads.get(key)
  return it?.side && it.legacy ? { ...it, side: it.side, legacy: it.legacy } : null
}

const withSide = (state: FilesState, it: Held, change: Partial<SideConnections>): FilesState =>
  withUpload(state, { ...it, side: { ...it.side, ...change } })

const say = (it: Held, said: SideMessageOut): FilesEffect => ({ type: 'side-send', key: it.key, said })

/** A signal of the connection that steers travels with the room's words, one of the others over the one that steers. */
export const sideSignalled = (state: FilesState, key: UploadKey, peer: number, signal: object): FilesStep => {
  const it = held(state, key)
  if (!it) return stepTo(state)
  if (peer !== steering) return stepTo(state, say(it, { kind: 'signal', peer, signal }))
  const words: FileSignal = { kind: 'peer', from: it.legacy.action, to: it.legacy.theirs, signal }
  return stepTo(state, { type: 'send-signal', to: it.member, signal: words })
}

export const receiveSteeringSignal = (state: FilesState, it: Upload, value: unknown): FilesStep => {
  const signal = parseSignal(value)
  return signal ? stepTo(state, forward(it.key, steering, signal)) : stepTo(state)
}

const forward = (key: UploadKey, peer: number, signal: Signal): FilesEffect => ({
  type: 'side-signal',
  key,
  peer,
  signal,
})

export const sideOpened = (state: FilesState, key: UploadKey, peer: number): FilesStep => {
  const it = held(state, key)
  if (!it) return stepTo(state)
  if (peer === steering) return stepTo(state, say(it, { kind: 'hello' }))
  return continueSideUpload(withSide(state, it, { open: new Set(it.side.open).add(peer) }), key)
}

/** Any of them gone before the end, and the file cannot be put together any more. */
export const sideClosed = (state: FilesState, key: UploadKey): FilesStep => {
  const it = held(state, key)
  return it ? endSideUpload(state, it, false) : stepTo(state)
}

export const receiveSideMessage = (state: FilesState, key: UploadKey, heard: SideMessageIn): FilesStep => {
  const it = held(state, key)
  if (!it) return stepTo(state)
  switch (heard.kind) {
    case 'about':
      return about(state, it, heard)
    case 'agree':
      return agree(state, it, heard.peers)
    case 'signal':
      return heard.peer < it.side.peers
        ? stepTo(state, forward(key, heard.peer, heard.signal))
        : stepTo(state)
    case 'start':
      return continueSideUpload(withSide(state, it, { started: true }), key)
    case 'wait':
      return stepTo(withSide(state, it, { waits: true }))
    case 'go-on':
      return continueSideUpload(withSide(state, it, { waits: false }), key)
    case 'missing':
      return missing(state, it, heard.chunk)
    case 'end':
      return endSideUpload(state, it, !heard.errored)
  }
}

/** It says which file it expects and in pieces of what size. Another file than ours ends it. */
const about = (state: FilesState, it: Held, heard: Extract<SideMessageIn, { kind: 'about' }>): FilesStep => {
  const file = state.shares.get(it.file)?.file
  const same =
    file !== undefined &&
    heard.file.id === file.id &&
    heard.file.size === file.size &&
    heard.file.name === cut(file.name, fileNameUnitsMax)
  if (!same || it.side.started) return endSideUpload(state, it, false)
  const next = withSide(state, it, { chunk: heard.chunk, confirmed: false })
  return stepTo(next, say(it, { kind: 'agree', peers: it.side.peers }))
}

/** The same number twice in a row from the far end, and both will make as many connections. */
const agree = (state: FilesState, it: Held, peers: number): FilesStep => {
  const { side } = it
  if (side.agreed || side.chunk === 0) return stepTo(state)
  if (peers !== side.peers) {
    const mismatches = side.mismatches + 1
    if (mismatches >= mismatchesMax) return endSideUpload(state, it, false)
    const fewer = Math.min(peers, peersMax)
    const next = withSide(state, it, { peers: fewer, confirmed: false, mismatches })
    return stepTo(next, say(it, { kind: 'agree', peers: fewer }))
  }
  const agreed = side.confirmed
  const opened = agreed
    ? Array.from({ length: peers }, (_, peer) => ({ type: 'side-open', key: it.key, peer }) as const)
    : []
  const next = withSide(state, it, { confirmed: true, agreed })
  return stepTo(next, say(it, { kind: 'agree', peers }), ...opened)
}

const missing = (state: FilesState, it: Held, chunk: number): FilesStep => {
  const { side } = it
  const known = chunk * side.chunk < it.sent && !side.missing.includes(chunk)
  if (!known || side.missing.length >= missingMax) return stepTo(state)
  return continueSideUpload(withSide(state, it, { missing: [...side.missing, chunk] }), it.key)
}

/** Reads the next round, strictly in turn over all connections; what was missed goes first, over the one that steers. */
export const continueSideUpload = (state: FilesState, key: UploadKey): FilesStep => {
  const it = held(state, key)
  if (!it || it.reading || !it.side.started) return stepTo(state)
  const { side } = it
  const [missed, ...missing] = side.missing
  if (missed !== undefined) {
    const at = missed * side.chunk
    const bytes = Math.min(side.chunk, it.size - at)
    const reading = withSide(state, { ...it, reading: true }, { missing, answering: missed })
    return stepTo(reading, { type: 'read', key, file: it.file, at, bytes })
  }
  const bytes = Math.min(roundChunks * side.chunk, it.size - it.sent)
  if (side.waits || side.draining.size > 0 || side.open.size < side.peers || bytes <= 0) return stepTo(state)
  return stepTo(withUpload(state, { ...it, reading: true }), {
    type: 'read',
    key,
    file: it.file,
    at: it.sent,
    bytes,
  })
}

export const sideRead = (
  state: FilesState,
  key: UploadKey,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
  at: number,
): FilesStep => {
  const it = held(state, key)
  if (!it?.reading) return stepTo(state)
  if (bytes === null) return endSideUpload(state, it, false)
  const { side } = it
  if (side.answering !== null) {
    const chunk = side.answering
    const answered = withSide(state, { ...it, reading: false }, { answering: null })
    return andThen(stepTo(answered, say(it, { kind: 'chunk', chunk, bytes })), now =>
      continueSideUpload(now, key),
    )
  }
  const sent = from + bytes.byteLength
  const effects: FilesEffect[] = []
  const draining = new Set<number>()
  for (let piece = 0; piece < bytes.byteLength; piece += side.chunk) {
    const peer = ((from + piece) / side.chunk) % side.peers
    draining.add(peer)
    effects.push({ type: 'side-send-bytes', key, peer, bytes: bytes.subarray(piece, piece + side.chunk) })
  }
  const waits = [...draining].map(peer => ({ type: 'side-await-drain', key, peer }) as const)
  const rate = rated(it.rate, bytes.byteLength, at)
  const next = withSide(state, { ...it, reading: false, sent, acked: sent, rate }, { draining })
  return stepTo(next, ...effects, ...waits)
}

export const sideDrained = (state: FilesState, key: UploadKey, peer: number): FilesStep => {
  const it = held(state, key)
  if (!it) return stepTo(state)
  const draining = new Set(it.side.draining)
  draining.delete(peer)
  return continueSideUpload(withSide(state, it, { draining }), key)
}

/** The original wants both words before the connections close, or it keeps the place for ever. */
export const endSideUpload = (state: FilesState, it: Held, success: boolean): FilesStep => {
  const ended: Upload = success
    ? { ...it, phase: 'done', acked: it.size, legacy: null, side: null, reading: false }
    : { ...it, phase: 'stopped', why: 'cancelled', legacy: null, side: null, reading: false }
  const { action, theirs } = it.legacy
  return stepTo(
    withUpload(state, ended),
    say(it, { kind: 'end', errored: !success }),
    { type: 'send-signal', to: it.member, signal: { kind: 'finished', from: action, to: theirs, success } },
    { type: 'side-close', key: it.key },
  )
}

export const usesSideConnections = (way: number, size: number): boolean =>
  way === legacyModes.extra && size >= largeBytes
