/**
 * How a file of ours goes to an original page: all of it is pushed in order, since such a page takes what is pushed at
 * any pace, and whatever it misses is sent once more. Pure.
 */
import { newUpload, noRate, rated, stepEach, stepTo, withRoomForUpload, withUpload } from '../files/change.ts'
import {
  activeUpload,
  type FilesEffect,
  type FilesEvent,
  type FilesState,
  type FilesStep,
  type StopCause,
  type Upload,
  type UploadKey,
  uploadAt,
} from '../files/state.ts'
import type { FileSignal } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'
import { sessionOf, withSession } from './session.ts'
import {
  endSideUpload,
  noSideConnections,
  receiveSteeringSignal,
  sideRead,
  startSideConnections,
  usesSideConnections,
} from './side-upload.ts'
import type { LegacyUpload } from './state.ts'
import { chunkBytes, legacyModes } from './wire/file-signal.ts'

/** Read and sent in one go: chunks of a quarter of a megabyte. */
const sliceBytes = 16 * chunkBytes
/** Asked for once more and not sent yet; an original page asks for no more than this. */
const missingMax = 64
/**
 * What was sent longer ago than this and is asked for has been lost; an original page waits much longer before it asks.
 */
const crossingMs = 1_000
/** Of what was sent, as many slices as the fastest line takes in that time. */
const marksMax = 200
/** Bytes a second through a host: at first, at least, and at most. */
const pace = { first: 1_000_000, least: 100_000, most: 6_000_000 } as const

/** Somebody wants a file of ours. */
const uploadRequested = (
  state: FilesState,
  from: MemberId,
  signal: Extract<FileSignal, { kind: 'download' }>,
  at: number,
): FilesStep => {
  const refuse = (error: string): FilesStep => {
    const refusal = { kind: 'error', from: -1, to: signal.from, error } as const
    return stepTo(state, { type: 'send-signal', to: from, signal: refusal })
  }
  const share = state.shares.get(signal.file)
  const route = state.routes.get(from)
  if (!share || !route) return refuse('noSuchFile')
  const large = usesSideConnections(signal.mode, share.file.size)
  if (signal.mode !== legacyModes.main && !large) return refuse('cancel')
  const before = [...state.uploads.values()].find(it => it.member === from && it.file === signal.file)
  const roomy = before ? state : withRoomForUpload(state, from)
  if (roomy === null) return refuse('cancel')
  const key: UploadKey = before?.key ?? `out ${state.next}`
  const action = state.nextAction
  const via: LegacyUpload = {
    kind: 'legacy',
    action,
    theirs: signal.from,
    missing: [],
    marks: [],
    from: 0,
    perSecond: pace.first,
    reading: false,
    draining: false,
    side: large ? noSideConnections : null,
  }
  const row = newUpload(key, share, from, route.name, 'legacy', at)
  const next = { ...roomy, next: state.next + 1, nextAction: action + 1 }
  const ack = { kind: 'ack', from: action, to: signal.from, mode: signal.mode } as const
  const waiting = withUpload(next, uploadAt(row, { phase: 'waiting', via }))
  // What it had asked for before is over, and the connections of that with it.
  const left: FilesEffect[] = sessionOf(before)?.side ? [{ type: 'side-close', key }] : []
  return stepTo(waiting, ...left, { type: 'send-signal', to: from, signal: ack })
}

export const receiveUploadSignal = (
  state: FilesState,
  from: MemberId,
  signal: FileSignal,
  at: number,
): FilesStep => {
  if (signal.kind === 'download') return uploadRequested(state, from, signal, at)
  const it = [...state.uploads.values()].find(one => {
    const session = sessionOf(one)
    return one.member === from && session !== null && isAbout(session, signal)
  })
  const session = sessionOf(it)
  if (!it || !session) return stepTo(state)
  switch (signal.kind) {
    case 'ack': {
      if (it.phase !== 'waiting') return stepTo(state)
      const running = uploadAt(it, { phase: 'running', via: session }, { rate: noRate(at) })
      const next = withUpload(state, running)
      return session.side ? startSideConnections(next, it) : continueLegacyUpload(next, it.key)
    }
    case 'peer':
      return session.side
        ? receiveSteeringSignal(state, it, signal.signal)
        : chunkRequested(state, it, session, signal.signal, at)
    case 'finished':
    case 'error':
      return over(state, it, session, signal.kind === 'finished' && signal.success)
    case 'chunk':
      return stepTo(state)
  }
}

/** A host that is an original page swaps the two numbers of some signals that it passes on. */
const isAbout = ({ action, theirs }: LegacyUpload, signal: FileSignal): boolean => {
  if (signal.kind === 'download' || signal.kind === 'chunk') return false
  if (signal.to === action) return true
  const swaps = signal.kind === 'finished' || signal.kind === 'error'
  return swaps && signal.from === action && signal.to === theirs
}

/** Over side connections the far end has said there how it went, and has closed them. */
const over = (state: FilesState, it: Upload, session: LegacyUpload, success: boolean): FilesStep =>
  session.side ? endSideUpload(state, it, session, success) : stepTo(withUpload(state, ended(it, success)))

const ended = (it: Upload, success: boolean): Upload =>
  success
    ? uploadAt(it, { phase: 'done' }, { acked: it.size })
    : uploadAt(it, { phase: 'stopped', why: 'cancelled' })

/** A chunk that was lost on the way; or -1, which means that no more are wanted. */
const chunkRequested = (
  state: FilesState,
  it: Upload,
  session: LegacyUpload,
  chunk: unknown,
  at: number,
): FilesStep => {
  if (chunk === -1) return stepTo(withUpload(state, ended(it, it.sent === it.size)))
  if (typeof chunk !== 'number' || !Number.isSafeInteger(chunk) || chunk < 0) return stepTo(state)
  // What has not been sent yet comes in its turn. What was sent just now is on its way, and was asked for before it came.
  const before = session.marks.findLast(mark => at - mark.at >= crossingMs)?.bytes ?? 0
  const known = session.missing.includes(chunk) || session.missing.length >= missingMax
  if (chunk * chunkBytes >= before || known) return stepTo(state)
  const perSecond = Math.max(pace.least, session.perSecond / 2)
  const wanted = withSession(state, it, { ...session, missing: [...session.missing, chunk], perSecond })
  return continueLegacyUpload(wanted, it.key)
}

/** Reads what is to be sent next: first what was missed. */
const continueLegacyUpload = (state: FilesState, key: UploadKey): FilesStep => {
  const it = state.uploads.get(key)
  const session = sessionOf(it)
  if (!it || !session || session.reading || session.draining || it.phase === 'waiting') return stepTo(state)
  const [missed, ...missing] = session.missing
  const from = missed === undefined ? it.sent : missed * chunkBytes
  const bytes = Math.min(missed === undefined ? sliceBytes : chunkBytes, it.size - from)
  if (bytes <= 0) return allSent(state, it, session)
  const reading = withSession(state, it, { ...session, reading: true, missing, from })
  return stepTo(reading, { type: 'read', key, file: it.file, at: from, bytes })
}

/** An empty file is one chunk with nothing in it; without it an original page waits for ever. */
const allSent = (state: FilesState, it: Upload, session: LegacyUpload): FilesStep => {
  if (it.phase !== 'running') return stepTo(state)
  const sent = withUpload(state, uploadAt(it, { phase: 'sent', via: session }))
  if (it.size > 0) return stepTo(sent)
  const empty = { kind: 'chunk', from: session.action, chunk: 0, bytes: new Uint8Array() } as const
  return stepTo(sent, { type: 'send-signal', to: it.member, signal: empty })
}

export const legacyRead = (
  state: FilesState,
  { key, at: from, bytes }: Extract<FilesEvent, { type: 'read' }>,
  at: number,
): FilesStep => {
  const it = state.uploads.get(key)
  const session = sessionOf(it)
  if (!it || !session?.reading) return stepTo(state)
  if (session.side) return sideRead(state, it, session, from, bytes, at)
  if (from !== session.from) return stepTo(state)
  if (bytes === null) {
    const gone = withUpload(state, uploadAt(it, { phase: 'stopped', why: 'gone' }))
    return stepTo(gone, { type: 'send-signal', to: it.member, signal: finished(session, false) })
  }
  const sent = Math.max(it.sent, from + bytes.byteLength)
  const perSecond = Math.min(pace.most, session.perSecond * 1.05)
  const marks = [...session.marks.slice(-marksMax), { bytes: sent, at }]
  const next = withSession(
    state,
    it,
    { ...session, reading: false, draining: true, perSecond, marks },
    { sent, acked: sent, rate: rated(it.rate, sent - it.sent, at) },
  )
  const direct = state.routes.get(it.member)?.direct ?? true
  const ms = direct ? 0 : (bytes.byteLength * 1_000) / perSecond
  const drain = { type: 'await-drain', key, to: it.member, ms } as const
  return stepTo(next, ...chunksIn(it, session, from, bytes), drain)
}

const chunksIn = (
  it: Upload,
  session: LegacyUpload,
  from: number,
  bytes: Uint8Array<ArrayBuffer>,
): FilesEffect[] => {
  const effects: FilesEffect[] = []
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    const piece = bytes.subarray(at, at + chunkBytes)
    const chunk = (from + at) / chunkBytes
    const signal = { kind: 'chunk', from: session.action, chunk, bytes: piece } as const
    effects.push({ type: 'send-signal', to: it.member, signal })
  }
  return effects
}

const finished = ({ action, theirs }: LegacyUpload, success: boolean): FileSignal => ({
  kind: 'finished',
  from: action,
  to: theirs,
  success,
})

export const legacyDrained = (state: FilesState, key: UploadKey): FilesStep => {
  const it = state.uploads.get(key)
  const session = sessionOf(it)
  if (!it || !session) return stepTo(state)
  return continueLegacyUpload(withSession(state, it, { ...session, draining: false }), key)
}

/** Ends an upload of ours, and tells the far end. */
export const cancelLegacyUpload = (
  state: FilesState,
  it: Upload,
  session: LegacyUpload,
  why: StopCause,
): FilesStep => {
  if (session.side) return endSideUpload(state, it, session, false, why)
  const stopped = withUpload(state, uploadAt(it, { phase: 'stopped', why }))
  return stepTo(stopped, { type: 'send-signal', to: it.member, signal: finished(session, false) })
}

/** An original page does not go on where a link broke. */
export const dropUnroutedUploads = (state: FilesState): FilesStep =>
  stepEach(state, state.uploads.values(), (now, it) => {
    const session = sessionOf(it)
    if (!session || !activeUpload.has(it.phase)) return stepTo(now)
    if (now.routes.get(it.member)?.transport === 'legacy') return stepTo(now)
    const lost = uploadAt(it, { phase: 'stopped', why: 'lost' })
    const close: FilesEffect[] = session.side ? [{ type: 'side-close', key: it.key }] : []
    return stepTo(withUpload(now, lost), ...close)
  })
