/**
 * How a large file of ours goes to an original page over connections of its own: one that steers, and some that carry
 * bytes without any header, so that only their order tells which bytes they are. Pure.
 */
import { cut, fileNameUnitsMax } from '../base/text.ts'
import { andThen, rated, stepTo, withUpload } from '../files/change.ts'
import {
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type StopCause,
  type Upload,
  type UploadKey,
  uploadAt,
} from '../files/state.ts'
import type { FileSignal } from '../wire/file.ts'
import { parseSignal, type Signal } from '../wire/signal.ts'
import { sessionOf, withSession } from './session.ts'
import type { LegacyUpload, SideConnections } from './state.ts'
import { legacyModes } from './wire/file-signal.ts'
import type { SideMessageIn, SideMessageOut } from './wire/side-protocol.ts'

/** From this size on an original page asks for this mode, unless it is set otherwise; below it, the mode is refused. */
export const largeBytes = 31_457_280
/** Connections that carry bytes, at most; the far end may want fewer. */
const peersMax = 3
/** Disagreements before the far end is given up. */
const mismatchesMax = 4
/** Handed to the connections in one go, in chunks. */
const roundChunks = 16
/** Chunks that were asked for once more and have not been sent yet. */
const missingMax = 64

/** The number of the connection that steers. */
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

export const usesSideConnections = (mode: number, size: number): boolean =>
  mode === legacyModes.extra && size >= largeBytes

const openSide = ({ key, member }: Upload, peer: number): FilesEffect => ({
  type: 'side-open',
  key,
  member,
  peer,
})

/** Both sides know each other's numbers. */
export const startSideConnections = (state: FilesState, it: Upload): FilesStep =>
  stepTo(state, openSide(it, steering))

/** An upload with side connections, taken apart. */
type Row = { readonly it: Upload; readonly session: LegacyUpload; readonly side: SideConnections }

const rowOf = (state: FilesState, key: UploadKey): Row | null => {
  const it = state.uploads.get(key)
  const session = sessionOf(it)
  return it && session?.side ? { it, session, side: session.side } : null
}

const withSide = (
  state: FilesState,
  { it, session, side }: Row,
  change: Partial<SideConnections>,
  reading = session.reading,
): FilesState => withSession(state, it, { ...session, reading, side: { ...side, ...change } })

const send = ({ key }: Upload, message: SideMessageOut): FilesEffect => ({ type: 'side-send', key, message })

/**
 * A signal of the steering connection travels in the room's own channel; those of the others go over the steering one.
 */
export const sideSignalled = (state: FilesState, key: UploadKey, peer: number, signal: object): FilesStep => {
  const row = rowOf(state, key)
  if (!row) return stepTo(state)
  const { it, session } = row
  if (peer !== steering) return stepTo(state, send(it, { kind: 'signal', peer, signal }))
  const own: FileSignal = { kind: 'peer', from: session.action, to: session.theirs, signal }
  return stepTo(state, { type: 'send-signal', to: it.member, signal: own })
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
  const row = rowOf(state, key)
  if (!row) return stepTo(state)
  if (peer === steering) return stepTo(state, send(row.it, { kind: 'hello' }))
  return continueSideUpload(withSide(state, row, { open: new Set(row.side.open).add(peer) }), key)
}

/** If any of them is gone before the end, the file cannot be put together any more. */
export const sideClosed = (state: FilesState, key: UploadKey): FilesStep => {
  const row = rowOf(state, key)
  return row ? fail(state, row) : stepTo(state)
}

export const receiveSideMessage = (state: FilesState, key: UploadKey, message: SideMessageIn): FilesStep => {
  const row = rowOf(state, key)
  if (!row) return stepTo(state)
  switch (message.kind) {
    case 'about':
      return about(state, row, message)
    case 'agree':
      return agree(state, row, message.peers)
    case 'signal':
      return message.peer < row.side.peers
        ? stepTo(state, forward(key, message.peer, message.signal))
        : stepTo(state)
    case 'start':
      return continueSideUpload(withSide(state, row, { started: true }), key)
    case 'wait':
      return stepTo(withSide(state, row, { waits: true }))
    case 'go-on':
      return continueSideUpload(withSide(state, row, { waits: false }), key)
    case 'missing':
      return missing(state, row, message.chunk)
    case 'end':
      return endSideUpload(state, row.it, row.session, !message.errored)
  }
}

/**
 * The far end says which file it expects, and in pieces of what size. If it is another file than ours, that ends it.
 */
const about = (
  state: FilesState,
  row: Row,
  { chunk, file: expected }: Extract<SideMessageIn, { kind: 'about' }>,
): FilesStep => {
  const { it, side } = row
  const file = state.shares.get(it.file)?.file
  const same =
    file !== undefined &&
    expected.id === file.id &&
    expected.size === file.size &&
    expected.name === cut(file.name, fileNameUnitsMax)
  if (!same || side.started) return fail(state, row)
  const next = withSide(state, row, { chunk, confirmed: false })
  return stepTo(next, send(it, { kind: 'agree', peers: side.peers }))
}

/** Once the far end has said the same number twice in a row, both will make as many connections. */
const agree = (state: FilesState, row: Row, peers: number): FilesStep => {
  const { it, side } = row
  if (side.agreed || side.chunk === 0) return stepTo(state)
  if (peers !== side.peers) {
    const mismatches = side.mismatches + 1
    if (mismatches >= mismatchesMax) return fail(state, row)
    const fewer = Math.min(peers, peersMax)
    const next = withSide(state, row, { peers: fewer, confirmed: false, mismatches })
    return stepTo(next, send(it, { kind: 'agree', peers: fewer }))
  }
  const agreed = side.confirmed
  const opened = agreed ? Array.from({ length: peers }, (_, peer) => openSide(it, peer)) : []
  const next = withSide(state, row, { confirmed: true, agreed })
  return stepTo(next, send(it, { kind: 'agree', peers }), ...opened)
}

const missing = (state: FilesState, row: Row, chunk: number): FilesStep => {
  const { it, side } = row
  const known = chunk * side.chunk < it.sent && !side.missing.includes(chunk)
  if (!known || side.missing.length >= missingMax) return stepTo(state)
  return continueSideUpload(withSide(state, row, { missing: [...side.missing, chunk] }), it.key)
}

/** Reads the next round, strictly in turn over all connections. What was missed goes first, over the steering one. */
const continueSideUpload = (state: FilesState, key: UploadKey): FilesStep => {
  const row = rowOf(state, key)
  if (!row || row.session.reading || !row.side.started) return stepTo(state)
  const { it, side } = row
  const [missed, ...rest] = side.missing
  if (missed !== undefined) {
    const at = missed * side.chunk
    const bytes = Math.min(side.chunk, it.size - at)
    const reading = withSide(state, row, { missing: rest, answering: missed }, true)
    return stepTo(reading, { type: 'read', key, file: it.file, at, bytes })
  }
  const bytes = Math.min(roundChunks * side.chunk, it.size - it.sent)
  const ready = !side.waits && side.draining.size === 0 && side.open.size >= side.peers
  if (!ready || bytes <= 0) return stepTo(state)
  const reading = withSide(state, row, {}, true)
  return stepTo(reading, { type: 'read', key, file: it.file, at: it.sent, bytes })
}

export const sideRead = (
  state: FilesState,
  it: Upload,
  session: LegacyUpload,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
  at: number,
): FilesStep => {
  const { side } = session
  if (!side) return stepTo(state)
  const { key } = it
  if (bytes === null) return endSideUpload(state, it, session, false)
  if (side.answering !== null) {
    const answered = withSide(state, { it, session, side }, { answering: null }, false)
    const answer = send(it, { kind: 'chunk', chunk: side.answering, bytes })
    return andThen(stepTo(answered, answer), now => continueSideUpload(now, key))
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
  const next = withSession(
    state,
    it,
    { ...session, reading: false, side: { ...side, draining } },
    { sent, acked: sent, rate: rated(it.rate, bytes.byteLength, at) },
  )
  return stepTo(next, ...effects, ...waits)
}

export const sideDrained = (state: FilesState, key: UploadKey, peer: number): FilesStep => {
  const row = rowOf(state, key)
  if (!row) return stepTo(state)
  const draining = new Set(row.side.draining)
  draining.delete(peer)
  return continueSideUpload(withSide(state, row, { draining }), key)
}

const fail = (state: FilesState, { it, session }: Row): FilesStep => endSideUpload(state, it, session, false)

/** An original page wants both words before the connections close, or it keeps the place for ever. */
export const endSideUpload = (
  state: FilesState,
  it: Upload,
  { action, theirs }: LegacyUpload,
  success: boolean,
  why: StopCause = 'cancelled',
): FilesStep => {
  const ended = success
    ? uploadAt(it, { phase: 'done' }, { acked: it.size })
    : uploadAt(it, { phase: 'stopped', why })
  return stepTo(
    withUpload(state, ended),
    send(it, { kind: 'end', errored: !success }),
    { type: 'send-signal', to: it.member, signal: { kind: 'finished', from: action, to: theirs, success } },
    { type: 'side-close', key: it.key },
  )
}
