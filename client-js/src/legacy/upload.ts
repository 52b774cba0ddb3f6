/**
 * Owns how a file of ours goes in the original's words: all of it pushed in order, since its pages take what is pushed
 * at any pace, and whatever they miss said once more. Pure.
 */

import { noRate, rated, stepEach, stepTo, withUpload } from '../files/change.ts'
import {
  activeUpload,
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type LegacyUpload,
  type Upload,
  type UploadKey,
  uploadsMax,
} from '../files/state.ts'
import { chunkBytes, type FileSignal, legacyModes } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'
import {
  endSideUpload,
  held,
  noSideConnections,
  receiveSteeringSignal,
  startSideConnections,
  usesSideConnections,
} from './side-upload.ts'

/** Read and said in one go: chunks of a quarter of a megabyte. */
const sliceBytes = 16 * chunkBytes
/** Asked for once more and not said yet; the original asks for no more than this. */
const missingMax = 64
/** What was said longer ago than this and is asked for has been lost; the original waits much longer before it asks. */
const crossingMs = 1_000
/** Of what was said, as many slices as the fastest line takes in that time. */
const marksMax = 200
/** Through a host: begun with, at least, and at most. */
const pace = { first: 1_000_000, least: 100_000, most: 6_000_000 } as const

/** Somebody wants a file of ours. Another way than this one has its own rules. */
export const uploadRequested = (
  state: FilesState,
  from: MemberId,
  signal: Extract<FileSignal, { kind: 'download' }>,
  at: number,
): FilesStep => {
  const refuse = (error: string): FilesStep =>
    stepTo(state, {
      type: 'send-signal',
      to: from,
      signal: { kind: 'error', from: -1, to: signal.from, error },
    })
  const share = state.shares.get(signal.file)
  const route = state.routes.get(from)
  if (!share || !route) return refuse('noSuchFile')
  const large = usesSideConnections(signal.way, share.file.size)
  if (signal.way !== legacyModes.main && !large) return refuse('cancel')
  const before = [...state.uploads.values()].find(it => it.member === from && it.file === signal.file)
  if (!before && state.uploads.size >= uploadsMax) return refuse('cancel')
  const key: UploadKey = before?.key ?? `out ${state.next}`
  const action = state.nextAction
  const legacy: LegacyUpload = {
    action,
    theirs: signal.from,
    missing: [],
    said: [],
    from: 0,
    perSecond: pace.first,
  }
  const it: Upload = {
    key,
    file: signal.file,
    member: from,
    memberName: route.name,
    transport: 'legacy',
    phase: 'waiting',
    why: null,
    size: share.file.size,
    channel: null,
    sent: 0,
    acked: 0,
    credit: 0,
    reading: false,
    ahead: null,
    draining: false,
    paused: { ours: false, theirs: false },
    resumeToken: '',
    rate: noRate(at),
    legacy,
    side: large ? noSideConnections : null,
  }
  const next = { ...state, next: state.next + 1, nextAction: action + 1 }
  const ack = { kind: 'ack', from: action, to: signal.from, way: signal.way } as const
  return stepTo(withUpload(next, it), { type: 'send-signal', to: from, signal: ack })
}

export const receiveUploadSignal = (
  state: FilesState,
  from: MemberId,
  signal: FileSignal,
  at: number,
): FilesStep => {
  if (signal.kind === 'download') return uploadRequested(state, from, signal, at)
  const it = [...state.uploads.values()].find(
    one => one.member === from && one.legacy !== null && isAbout(one.legacy, signal),
  )
  if (!it?.legacy) return stepTo(state)
  switch (signal.kind) {
    case 'ack':
      if (it.phase !== 'waiting') return stepTo(state)
      if (it.side) return startSideConnections(state, { ...it, rate: noRate(at) })
      return continueLegacyUpload(withUpload(state, { ...it, phase: 'running', rate: noRate(at) }), it.key)
    case 'peer':
      return it.side
        ? receiveSteeringSignal(state, it, signal.signal)
        : chunkRequested(state, it, it.legacy, signal.signal, at)
    case 'finished':
    case 'error':
      return over(state, it, signal.kind === 'finished' && signal.success)
    case 'chunk':
      return stepTo(state)
  }
}

/** A host that is an original's page swaps the two numbers of some signals that it passes on. */
const isAbout = ({ action, theirs }: LegacyUpload, signal: FileSignal): boolean => {
  if (signal.kind === 'download' || signal.kind === 'chunk') return false
  if (signal.to === action) return true
  const swaps = signal.kind === 'finished' || signal.kind === 'error'
  return swaps && signal.from === action && signal.to === theirs
}

/** Over connections of its own it has said how it went on those already, and has closed them. */
const over = (state: FilesState, it: Upload, success: boolean): FilesStep => {
  const extra = held(state, it.key)
  return extra ? endSideUpload(state, extra, success) : stepTo(withUpload(state, ended(it, success)))
}

const ended = (it: Upload, success: boolean): Upload =>
  success
    ? { ...it, phase: 'done', acked: it.size, legacy: null, reading: false }
    : { ...it, phase: 'stopped', why: 'cancelled', legacy: null, reading: false }

/** A chunk that was lost on the way; or -1, which means that no more are wanted. */
const chunkRequested = (
  state: FilesState,
  it: Upload,
  words: LegacyUpload,
  chunk: unknown,
  at: number,
): FilesStep => {
  if (chunk === -1) return stepTo(withUpload(state, ended(it, it.sent === it.size)))
  if (typeof chunk !== 'number' || !Number.isSafeInteger(chunk) || chunk < 0) return stepTo(state)
  // What has not been said yet comes in its turn; what was said just now is on its way, and was asked for before it came.
  const before = words.said.findLast(mark => at - mark.at >= crossingMs)?.bytes ?? 0
  if (chunk * chunkBytes >= before || words.missing.includes(chunk) || words.missing.length >= missingMax)
    return stepTo(state)
  const perSecond = Math.max(pace.least, words.perSecond / 2)
  const wanted: Upload = { ...it, legacy: { ...words, missing: [...words.missing, chunk], perSecond } }
  return continueLegacyUpload(withUpload(state, wanted), it.key)
}

/** Reads what is to be said next: first what was missed. */
export const continueLegacyUpload = (state: FilesState, key: UploadKey): FilesStep => {
  const it = state.uploads.get(key)
  if (!it?.legacy || it.reading || it.draining || (it.phase !== 'running' && it.phase !== 'sent'))
    return stepTo(state)
  const [missed, ...again] = it.legacy.missing
  const from = missed === undefined ? it.sent : missed * chunkBytes
  const bytes = Math.min(missed === undefined ? sliceBytes : chunkBytes, it.size - from)
  if (bytes <= 0) return allSaid(state, it)
  const reading: Upload = { ...it, reading: true, legacy: { ...it.legacy, missing: again, from } }
  return stepTo(withUpload(state, reading), { type: 'read', key, file: it.file, at: from, bytes })
}

/** An empty file is one chunk with nothing in it; without it the original waits for ever. */
const allSaid = (state: FilesState, it: Upload): FilesStep => {
  if (it.phase !== 'running' || !it.legacy) return stepTo(state)
  const sent = withUpload(state, { ...it, phase: 'sent' })
  if (it.size > 0) return stepTo(sent)
  const empty = { kind: 'chunk', from: it.legacy.action, chunk: 0, bytes: new Uint8Array() } as const
  return stepTo(sent, { type: 'send-signal', to: it.member, signal: empty })
}

export const sendRead = (
  state: FilesState,
  it: Upload,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
  at: number,
): FilesStep => {
  const { legacy } = it
  if (!legacy || !it.reading || from !== legacy.from) return stepTo(state)
  const over: FilesEffect[] = [{ type: 'send-signal', to: it.member, signal: finished(legacy, false) }]
  if (bytes === null)
    return stepTo(
      withUpload(state, { ...it, phase: 'stopped', why: 'gone', legacy: null, reading: false }),
      ...over,
    )
  const sent = Math.max(it.sent, from + bytes.byteLength)
  const perSecond = Math.min(pace.most, legacy.perSecond * 1.05)
  const rate = rated(it.rate, sent - it.sent, at)
  const said: Upload = {
    ...it,
    reading: false,
    draining: true,
    sent,
    acked: sent,
    rate,
    legacy: { ...legacy, perSecond, said: [...legacy.said.slice(-marksMax), { bytes: sent, at }] },
  }
  const direct = state.routes.get(it.member)?.direct ?? true
  const ms = direct ? 0 : (bytes.byteLength * 1_000) / perSecond
  return stepTo(withUpload(state, said), ...chunksIn(it, legacy, from, bytes), {
    type: 'await-drain',
    key: it.key,
    to: it.member,
    ms,
  })
}

const chunksIn = (
  it: Upload,
  words: LegacyUpload,
  from: number,
  bytes: Uint8Array<ArrayBuffer>,
): FilesEffect[] => {
  const effects: FilesEffect[] = []
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    const piece = bytes.subarray(at, at + chunkBytes)
    const chunk = (from + at) / chunkBytes
    const signal = { kind: 'chunk', from: words.action, chunk, bytes: piece } as const
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
  if (!it?.legacy) return stepTo(state)
  return continueLegacyUpload(withUpload(state, { ...it, draining: false }), key)
}

export const cancelLegacyUpload = (state: FilesState, it: Upload, words: LegacyUpload): FilesStep => {
  const extra = held(state, it.key)
  if (extra) {
    const { state: next, effects } = endSideUpload(state, extra, false)
    return stepTo(
      withUpload(next, { ...it, phase: 'stopped', why: 'own-choice', legacy: null, side: null }),
      ...effects,
    )
  }
  const ended: Upload = { ...it, phase: 'stopped', why: 'own-choice', legacy: null, reading: false }
  return stepTo(withUpload(state, ended), {
    type: 'send-signal',
    to: it.member,
    signal: finished(words, false),
  })
}

/** An original's page does not go on where a link broke. */
export const dropUnroutedUploads = (state: FilesState): FilesStep =>
  stepEach(state, state.uploads.values(), (now, it) => {
    if (!it.legacy || !activeUpload.has(it.phase)) return stepTo(now)
    if (now.routes.get(it.member)?.transport === 'legacy') return stepTo(now)
    const lost: Upload = { ...it, phase: 'stopped', why: 'lost', legacy: null, side: null, reading: false }
    const close: FilesEffect[] = it.side ? [{ type: 'side-close', key: it.key }] : []
    return stepTo(withUpload(now, lost), ...close)
  })
