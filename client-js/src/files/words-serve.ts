/**
 * Owns how a file of ours goes in the original's words: all of it pushed in order, since its pages take what is pushed
 * at any pace, and whatever they miss said once more. Pure.
 */
import { chunkBytes, type FileSignal, ways } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'
import { inTurn, noRate, rated, still, withOutgoing } from './change.ts'
import { beginExtra, endExtra, held, mayGoExtra, noExtra, signalled } from './extra.ts'
import {
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type Outgoing,
  type OutgoingKey,
  outgoingLive,
  outgoingMax,
  type WordsServe,
} from './state.ts'

/** Read and said in one go: chunks of a quarter of a megabyte. */
const sliceBytes = 16 * chunkBytes
/** Asked for once more and not said yet; the original asks for no more than this. */
const againMax = 64
/** What was said longer ago than this and is asked for has been lost; the original waits much longer before it asks. */
const crossingMs = 1_000
/** Of what was said, as many slices as the fastest line takes in that time. */
const marksMax = 200
/** Through a host: begun with, at least, and at most. */
const pace = { first: 1_000_000, least: 100_000, most: 6_000_000 } as const

/** Somebody wants a file of ours. Another way than this one has its own rules. */
export const askedInWords = (
  state: FilesState,
  from: MemberId,
  signal: Extract<FileSignal, { kind: 'download' }>,
  at: number,
): FilesStep => {
  const refuse = (error: string): FilesStep =>
    still(state, { type: 'say', to: from, signal: { kind: 'error', from: -1, to: signal.from, error } })
  const share = state.shares.get(signal.file)
  const party = state.parties.get(from)
  if (!share || !party) return refuse('noSuchFile')
  const large = mayGoExtra(signal.way, share.file.size)
  if (signal.way !== ways.main && !large) return refuse('cancel')
  const before = [...state.outgoing.values()].find(it => it.member === from && it.file === signal.file)
  if (!before && state.outgoing.size >= outgoingMax) return refuse('cancel')
  const key: OutgoingKey = before?.key ?? `out ${state.next}`
  const action = state.nextAction
  const words: WordsServe = {
    action,
    theirs: signal.from,
    again: [],
    said: [],
    from: 0,
    perSecond: pace.first,
  }
  const it: Outgoing = {
    key,
    file: signal.file,
    member: from,
    memberName: party.name,
    road: 'words',
    phase: 'waiting',
    why: null,
    size: share.file.size,
    lane: null,
    sent: 0,
    took: 0,
    credit: 0,
    reading: false,
    ahead: null,
    draining: false,
    paused: { ours: false, theirs: false },
    again: '',
    rate: noRate(at),
    words,
    extra: large ? noExtra : null,
  }
  const next = { ...state, next: state.next + 1, nextAction: action + 1 }
  const ack = { kind: 'ack', from: action, to: signal.from, way: signal.way } as const
  return still(withOutgoing(next, it), { type: 'say', to: from, signal: ack })
}

export const heardByServer = (
  state: FilesState,
  from: MemberId,
  signal: FileSignal,
  at: number,
): FilesStep => {
  if (signal.kind === 'download') return askedInWords(state, from, signal, at)
  const it = [...state.outgoing.values()].find(
    one => one.member === from && one.words !== null && isAbout(one.words, signal),
  )
  if (!it?.words) return still(state)
  switch (signal.kind) {
    case 'ack':
      if (it.phase !== 'waiting') return still(state)
      if (it.extra) return beginExtra(state, { ...it, rate: noRate(at) })
      return goOnServing(withOutgoing(state, { ...it, phase: 'running', rate: noRate(at) }), it.key)
    case 'peer':
      return it.extra
        ? signalled(state, it, signal.signal)
        : askedAgain(state, it, it.words, signal.signal, at)
    case 'finished':
    case 'error':
      return over(state, it, signal.kind === 'finished' && signal.success)
    case 'chunk':
      return still(state)
  }
}

/** A host that is an original's page swaps the two numbers of some signals that it passes on. */
const isAbout = ({ action, theirs }: WordsServe, signal: FileSignal): boolean => {
  if (signal.kind === 'download' || signal.kind === 'chunk') return false
  if (signal.to === action) return true
  const swaps = signal.kind === 'finished' || signal.kind === 'error'
  return swaps && signal.from === action && signal.to === theirs
}

/** Over connections of its own it has said how it went on those already, and has closed them. */
const over = (state: FilesState, it: Outgoing, success: boolean): FilesStep => {
  const extra = held(state, it.key)
  return extra ? endExtra(state, extra, success) : still(withOutgoing(state, ended(it, success)))
}

const ended = (it: Outgoing, success: boolean): Outgoing =>
  success
    ? { ...it, phase: 'done', took: it.size, words: null, reading: false }
    : { ...it, phase: 'stopped', why: 'cancelled', words: null, reading: false }

/** A chunk that was lost on the way; or -1, which means that no more are wanted. */
const askedAgain = (
  state: FilesState,
  it: Outgoing,
  words: WordsServe,
  chunk: unknown,
  at: number,
): FilesStep => {
  if (chunk === -1) return still(withOutgoing(state, ended(it, it.sent === it.size)))
  if (typeof chunk !== 'number' || !Number.isSafeInteger(chunk) || chunk < 0) return still(state)
  // What has not been said yet comes in its turn; what was said just now is on its way, and was asked for before it came.
  const before = words.said.findLast(mark => at - mark.at >= crossingMs)?.bytes ?? 0
  if (chunk * chunkBytes >= before || words.again.includes(chunk) || words.again.length >= againMax)
    return still(state)
  const perSecond = Math.max(pace.least, words.perSecond / 2)
  const wanted: Outgoing = { ...it, words: { ...words, again: [...words.again, chunk], perSecond } }
  return goOnServing(withOutgoing(state, wanted), it.key)
}

/** Reads what is to be said next: first what was missed. */
export const goOnServing = (state: FilesState, key: OutgoingKey): FilesStep => {
  const it = state.outgoing.get(key)
  if (!it?.words || it.reading || it.draining || (it.phase !== 'running' && it.phase !== 'sent'))
    return still(state)
  const [missed, ...again] = it.words.again
  const from = missed === undefined ? it.sent : missed * chunkBytes
  const bytes = Math.min(missed === undefined ? sliceBytes : chunkBytes, it.size - from)
  if (bytes <= 0) return allSaid(state, it)
  const reading: Outgoing = { ...it, reading: true, words: { ...it.words, again, from } }
  return still(withOutgoing(state, reading), { type: 'read', key, file: it.file, at: from, bytes })
}

/** An empty file is one chunk with nothing in it; without it the original waits for ever. */
const allSaid = (state: FilesState, it: Outgoing): FilesStep => {
  if (it.phase !== 'running' || !it.words) return still(state)
  const sent = withOutgoing(state, { ...it, phase: 'sent' })
  if (it.size > 0) return still(sent)
  const empty = { kind: 'chunk', from: it.words.action, chunk: 0, bytes: new Uint8Array() } as const
  return still(sent, { type: 'say', to: it.member, signal: empty })
}

export const readToSay = (
  state: FilesState,
  it: Outgoing,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
  at: number,
): FilesStep => {
  const { words } = it
  if (!words || !it.reading || from !== words.from) return still(state)
  const over: FilesEffect[] = [{ type: 'say', to: it.member, signal: finished(words, false) }]
  if (bytes === null)
    return still(
      withOutgoing(state, { ...it, phase: 'stopped', why: 'gone', words: null, reading: false }),
      ...over,
    )
  const sent = Math.max(it.sent, from + bytes.byteLength)
  const perSecond = Math.min(pace.most, words.perSecond * 1.05)
  const rate = rated(it.rate, sent - it.sent, at)
  const said: Outgoing = {
    ...it,
    reading: false,
    draining: true,
    sent,
    took: sent,
    rate,
    words: { ...words, perSecond, said: [...words.said.slice(-marksMax), { bytes: sent, at }] },
  }
  const direct = state.parties.get(it.member)?.direct ?? true
  const ms = direct ? 0 : (bytes.byteLength * 1_000) / perSecond
  return still(withOutgoing(state, said), ...chunksIn(it, words, from, bytes), {
    type: 'settle',
    key: it.key,
    to: it.member,
    ms,
  })
}

const chunksIn = (
  it: Outgoing,
  words: WordsServe,
  from: number,
  bytes: Uint8Array<ArrayBuffer>,
): FilesEffect[] => {
  const effects: FilesEffect[] = []
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    const piece = bytes.subarray(at, at + chunkBytes)
    const chunk = (from + at) / chunkBytes
    const signal = { kind: 'chunk', from: words.action, chunk, bytes: piece } as const
    effects.push({ type: 'say', to: it.member, signal })
  }
  return effects
}

const finished = ({ action, theirs }: WordsServe, success: boolean): FileSignal => ({
  kind: 'finished',
  from: action,
  to: theirs,
  success,
})

export const settled = (state: FilesState, key: OutgoingKey): FilesStep => {
  const it = state.outgoing.get(key)
  if (!it?.words) return still(state)
  return goOnServing(withOutgoing(state, { ...it, draining: false }), key)
}

export const cancelInWords = (state: FilesState, it: Outgoing, words: WordsServe): FilesStep => {
  const extra = held(state, it.key)
  if (extra) {
    const { state: next, effects } = endExtra(state, extra, false)
    return still(
      withOutgoing(next, { ...it, phase: 'stopped', why: 'own-choice', words: null, extra: null }),
      ...effects,
    )
  }
  const ended: Outgoing = { ...it, phase: 'stopped', why: 'own-choice', words: null, reading: false }
  return still(withOutgoing(state, ended), { type: 'say', to: it.member, signal: finished(words, false) })
}

/** An original's page does not go on where a link broke. */
export const wordsGone = (state: FilesState): FilesStep =>
  inTurn(state, state.outgoing.values(), (now, it) => {
    if (!it.words || !outgoingLive.has(it.phase)) return still(now)
    if (now.parties.get(it.member)?.road === 'words') return still(now)
    const lost: Outgoing = { ...it, phase: 'stopped', why: 'lost', words: null, extra: null, reading: false }
    const close: FilesEffect[] = it.extra ? [{ type: 'extra-close', key: it.key }] : []
    return still(withOutgoing(now, lost), ...close)
  })
