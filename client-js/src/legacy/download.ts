/**
 * Owns how a file comes in the original's words, at the receiver. Its pages send nothing that is not asked for, and give
 * up every session after some 11 seconds whatever happens in it; what is missing is then asked for under a new number.
 * Pure.
 */

import { andThen, noRate, stepTo, withDownload } from '../files/change.ts'
import { stop } from '../files/ending.ts'
import type {
  Download,
  DownloadKey,
  FilesEffect,
  FilesState,
  FilesStep,
  LegacyDownload,
} from '../files/state.ts'
import { chunkBytes, type FileSignal, legacyModes } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'

/** Asked for and not here yet: as many as keep the far end busy, and few enough for its queue. */
const chunksAhead = 16
/** Here and not on the disk yet. */
const unwrittenBytes = 8_388_608
const tickMs = 1_000
/** Nothing for so long, and what is missing is asked for once more; or the session is taken for dead. */
const lostMs = 3_000
const deadMs = 6_000
const againMs = 1_000
/** Sessions in a row that brought nothing. */
const fruitlessMax = 8
/** An uploader with no room for us says nothing at all, so it is asked again. */
const unheardMs = 6_000

export const chunksOf = (size: number): number => Math.ceil(size / chunkBytes)

export const requestLegacy = (state: FilesState, key: DownloadKey, at: number): FilesStep => {
  const it = state.downloads.get(key)
  if (!it) return stepTo(state)
  if (state.routes.get(it.owner)?.transport !== 'legacy' || it.paused.ours)
    return stepTo(withDownload(state, { ...it, phase: 'waiting', legacy: null }))
  const action = state.nextAction
  const legacy: LegacyDownload = {
    action,
    theirs: null,
    since: at,
    heardAt: at,
    next: Math.floor(it.received / chunkBytes),
    asked: new Set(),
    early: new Map(),
  }
  const asking: Download = { ...it, phase: 'asking', legacy }
  const next = withDownload({ ...state, nextAction: action + 1 }, asking)
  const signal = { kind: 'download', file: it.file.id, from: action, way: legacyModes.main } as const
  return stepTo(
    next,
    { type: 'send-signal', to: it.owner, signal },
    { type: 'timer', timer: { kind: 'legacy', key, action }, ms: tickMs },
  )
}

/** What an uploader says. Numbers of others' actions, and of ours that are over, mean nothing. */
export const receiveDownloadSignal = (
  state: FilesState,
  from: MemberId,
  signal: FileSignal,
  at: number,
): FilesStep | null => {
  const it = [...state.downloads.values()].find(
    one => one.owner === from && one.legacy !== null && isAbout(one.legacy, signal),
  )
  if (!it?.legacy) return null
  switch (signal.kind) {
    case 'ack':
      return begun(state, it, it.legacy, signal.from, at)
    case 'chunk':
      return receiveChunk(state, it, it.legacy, signal.chunk, signal.bytes, at)
    case 'finished':
      return over(state, it, at)
    case 'error':
      return signal.error === 'noSuchFile'
        ? stop(state, { ...it, legacy: null }, 'gone')
        : over(state, it, at)
    case 'download':
    case 'peer':
      return null
  }
}

/** A host that is an original's page swaps the two numbers of some signals that it passes on. */
const isAbout = ({ action, theirs }: LegacyDownload, signal: FileSignal): boolean => {
  if (signal.kind === 'chunk') return theirs !== null && signal.from === theirs
  if (signal.kind === 'download' || signal.kind === 'peer') return false
  if (signal.to === action) return true
  return signal.kind !== 'ack' && signal.from === action && signal.to === theirs
}

const begun = (
  state: FilesState,
  it: Download,
  words: LegacyDownload,
  theirs: number,
  at: number,
): FilesStep => {
  if (it.phase !== 'asking' || words.theirs !== null) return stepTo(state)
  const running: Download = {
    ...it,
    phase: 'running',
    rate: noRate(at),
    legacy: { ...words, theirs, since: at, heardAt: at },
  }
  const signal = { kind: 'ack', from: words.action, to: theirs, way: legacyModes.main } as const
  const agreed = stepTo(withDownload(state, running), { type: 'send-signal', to: it.owner, signal })
  return andThen(agreed, now => continueLegacyDownload(now, it.key))
}

/** Asks for as many chunks as may be under way, or ends. */
export const continueLegacyDownload = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  const words = it?.legacy
  if (it?.phase !== 'running' || !words || words.theirs === null) return stepTo(state)
  if (it.received === it.size) return complete(state, it, words, words.theirs)
  if (it.paused.ours || it.received - it.stored > unwrittenBytes) return stepTo(state)
  const asked = new Set(words.asked)
  const effects: FilesEffect[] = []
  let { next } = words
  while (next < chunksOf(it.size) && asked.size + words.early.size < chunksAhead) {
    asked.add(next)
    effects.push(askFor(it, words.action, words.theirs, next))
    next += 1
  }
  return stepTo(withDownload(state, { ...it, legacy: { ...words, next, asked } }), ...effects)
}

const askFor = (it: Download, action: number, theirs: number, chunk: number): FilesEffect => ({
  type: 'send-signal',
  to: it.owner,
  signal: { kind: 'peer', from: action, to: theirs, signal: chunk },
})

/** All has come; the word that it is enough lets the uploader's page say so too. Without a hash there is nothing to compare. */
const complete = (state: FilesState, it: Download, { action }: LegacyDownload, theirs: number): FilesStep => {
  if (it.stored !== it.size) return stepTo(state)
  const checking: Download = { ...it, phase: 'checking', legacy: null }
  return stepTo(withDownload(state, checking), askFor(it, action, theirs, -1), { type: 'check', key: it.key })
}

const receiveChunk = (
  state: FilesState,
  it: Download,
  words: LegacyDownload,
  chunk: number,
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
): FilesStep => {
  const length = Math.min(chunkBytes, it.size - chunk * chunkBytes)
  if (it.phase !== 'running' || !words.asked.has(chunk) || bytes.byteLength < length) return stepTo(state)
  const asked = new Set(words.asked)
  asked.delete(chunk)
  // Packed bytes come in pairs, so the last one of an odd number has brought a companion.
  const early = new Map(words.early).set(chunk, bytes.slice(0, length))
  return andThen(
    inOrder(state, { ...it, failures: 0, legacy: { ...words, asked, early, heardAt: at } }),
    now => continueLegacyDownload(now, it.key),
  )
}

/** Writes what is next, and whatever has waited behind it. */
const inOrder = (state: FilesState, it: Download): FilesStep => {
  if (!it.legacy) return stepTo(state)
  const early = new Map(it.legacy.early)
  const effects: FilesEffect[] = []
  let { received } = it
  for (;;) {
    const chunk = Math.floor(received / chunkBytes)
    const bytes = early.get(chunk)
    if (!bytes) break
    early.delete(chunk)
    received += bytes.byteLength
    effects.push({ type: 'write', key: it.key, bytes })
  }
  return stepTo(withDownload(state, { ...it, received, legacy: { ...it.legacy, early } }), ...effects)
}

/** The session is over and the file is not: on with a new one. */
const over = (state: FilesState, it: Download, at: number): FilesStep => {
  const [attempt, failures] = [it.attempt + 1, it.failures + 1]
  const waiting: Download = { ...it, phase: 'waiting', legacy: null, attempt, failures }
  if (failures > fruitlessMax) return stop(state, waiting, 'no-answer')
  const left = withDownload(state, waiting)
  // One that ends as soon as it begins is not begun again in the same breath.
  if (it.legacy && at - it.legacy.since >= againMs) return requestLegacy(left, it.key, at)
  return stepTo(left, { type: 'timer', timer: { kind: 'ask', key: it.key, attempt }, ms: againMs })
}

/** Looks after a session once a second, since its end may never be heard of. */
export const legacyTick = (state: FilesState, key: DownloadKey, action: number, at: number): FilesStep => {
  const it = state.downloads.get(key)
  const words = it?.legacy
  if (!it || !words || words.action !== action) return stepTo(state)
  const repeat: FilesEffect = { type: 'timer', timer: { kind: 'legacy', key, action }, ms: tickMs }
  if (words.theirs === null)
    return at - words.since >= unheardMs ? requestLegacy(state, key, at) : stepTo(state, repeat)
  const { theirs } = words
  const silent = at - words.heardAt
  if (it.paused.ours || words.asked.size === 0) return stepTo(state, repeat)
  if (silent >= deadMs) return over(state, it, at)
  if (silent < lostMs) return stepTo(state, repeat)
  return stepTo(state, repeat, ...[...words.asked].map(chunk => askFor(it, action, theirs, chunk)))
}

/** Its owner is out of reach, or gone: under another id nobody could tell that it is the same file. */
export const legacyRouteChanged = (state: FilesState, it: Download): FilesStep => {
  const route = state.routes.get(it.owner)
  if (route?.transport === 'legacy' || it.phase === 'queued' || it.phase === 'checking') return stepTo(state)
  if (!route) return stop(state, { ...it, legacy: null }, 'lost')
  return stepTo(withDownload(state, { ...it, phase: 'waiting', legacy: null }))
}

export const pauseLegacyDownload = (state: FilesState, it: Download, on: boolean, at: number): FilesStep => {
  const paused = withDownload(state, { ...it, paused: { ...it.paused, ours: on } })
  if (on) return stepTo(paused)
  return it.phase === 'waiting' ? requestLegacy(paused, it.key, at) : continueLegacyDownload(paused, it.key)
}
