/**
 * How a file comes from an original page. Such a page sends nothing that is not asked for, and gives up every session
 * after some 11 seconds whatever happens in it; what is missing is then asked for in a new session. Pure.
 */
import { andThen, noRate, stepTo, withDownload } from '../files/change.ts'
import { advance, stopSilently } from '../files/ending.ts'
import {
  type Download,
  type DownloadKey,
  downloadAt,
  type FilesEffect,
  type FilesState,
  type FilesStep,
} from '../files/state.ts'
import type { FileSignal } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'
import type { LegacyDownload } from './state.ts'
import { chunkBytes, legacyModes } from './wire/file-signal.ts'

/** Asked for and not here yet: as many as keep the far end busy, and few enough for its queue. */
const chunksAhead = 16
/** Here and not on the disk yet. */
const unwrittenBytes = 8_388_608
const tickMs = 1_000
/**
 * After so long without anything, what is missing is asked for once more; after the longer time the session is dead.
 */
const lostMs = 3_000
const deadMs = 6_000
const retryMs = 1_000
/** Sessions in a row that brought nothing. */
const failuresMax = 8
/** An uploader with no room for us says nothing at all, so it is asked again. */
const silentMs = 6_000

export const chunksOf = (size: number): number => Math.ceil(size / chunkBytes)

/** The session of a download, while it has one. */
const sessionOf = (it: Download | undefined): LegacyDownload | null =>
  it && 'source' in it && it.source.kind === 'legacy' ? it.source : null

export const requestLegacy = (state: FilesState, key: DownloadKey, at: number): FilesStep => {
  const it = state.downloads.get(key)
  if (!it) return stepTo(state)
  if (state.routes.get(it.owner)?.transport !== 'legacy' || it.paused.ours)
    return advance(withDownload(state, downloadAt(it, { phase: 'waiting' })))
  const action = state.nextAction
  const source: LegacyDownload = {
    kind: 'legacy',
    action,
    theirs: null,
    since: at,
    heardAt: at,
    next: Math.floor(it.received / chunkBytes),
    asked: new Set(),
    early: new Map(),
  }
  const asking = downloadAt(it, { phase: 'asking', source })
  const next = withDownload({ ...state, nextAction: action + 1 }, asking)
  const signal = { kind: 'download', file: it.file.id, from: action, mode: legacyModes.main } as const
  return stepTo(
    next,
    { type: 'send-signal', to: it.owner, signal },
    { type: 'timer', timer: { kind: 'legacy', key, action }, ms: tickMs },
  )
}

/** What an uploader says; null where it is about no download of ours, or about a session that is over. */
export const receiveDownloadSignal = (
  state: FilesState,
  from: MemberId,
  signal: FileSignal,
  at: number,
): FilesStep | null => {
  const it = [...state.downloads.values()].find(one => {
    const session = sessionOf(one)
    return one.owner === from && session !== null && isAbout(session, signal)
  })
  const session = sessionOf(it)
  if (!it || !session) return null
  switch (signal.kind) {
    case 'ack':
      return begun(state, it, session, signal.from, at)
    case 'chunk':
      return receiveChunk(state, it, session, signal.chunk, signal.bytes, at)
    case 'finished':
      return sessionOver(state, it, session, at)
    case 'error':
      return signal.error === 'noSuchFile'
        ? stopSilently(state, it, 'gone')
        : sessionOver(state, it, session, at)
    case 'download':
    case 'peer':
      return null
  }
}

/** A host that is an original page swaps the two numbers of some signals that it passes on. */
const isAbout = ({ action, theirs }: LegacyDownload, signal: FileSignal): boolean => {
  if (signal.kind === 'chunk') return theirs !== null && signal.from === theirs
  if (signal.kind === 'download' || signal.kind === 'peer') return false
  if (signal.to === action) return true
  return signal.kind !== 'ack' && signal.from === action && signal.to === theirs
}

const begun = (
  state: FilesState,
  it: Download,
  session: LegacyDownload,
  theirs: number,
  at: number,
): FilesStep => {
  if (it.phase !== 'asking' || session.theirs !== null) return stepTo(state)
  const source = { ...session, theirs, since: at, heardAt: at }
  const running = downloadAt(it, { phase: 'running', source }, { rate: noRate(at) })
  const signal = { kind: 'ack', from: session.action, to: theirs, mode: legacyModes.main } as const
  const agreed = stepTo(withDownload(state, running), { type: 'send-signal', to: it.owner, signal })
  return andThen(agreed, now => continueLegacyDownload(now, it.key))
}

/** Asks for as many chunks as may be under way, or ends. */
export const continueLegacyDownload = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  const session = sessionOf(it)
  if (it?.phase !== 'running' || !session || session.theirs === null) return stepTo(state)
  if (it.received === it.size) return complete(state, it, session, session.theirs)
  if (it.paused.ours || it.received - it.stored > unwrittenBytes) return stepTo(state)
  const asked = new Set(session.asked)
  const effects: FilesEffect[] = []
  let { next } = session
  while (next < chunksOf(it.size) && asked.size + session.early.size < chunksAhead) {
    asked.add(next)
    effects.push(askFor(it, session.action, session.theirs, next))
    next += 1
  }
  return stepTo(withDownload(state, { ...it, source: { ...session, next, asked } }), ...effects)
}

const askFor = (it: Download, action: number, theirs: number, chunk: number): FilesEffect => ({
  type: 'send-signal',
  to: it.owner,
  signal: { kind: 'peer', from: action, to: theirs, signal: chunk },
})

/** The uploader's page is content with the word that it is enough. */
export const goodbye = (it: Download, { action, theirs }: LegacyDownload): FilesEffect[] =>
  theirs === null ? [] : [askFor(it, action, theirs, -1)]

/** All has come. The word that it is enough lets the uploader's page say so too. There is no hash to compare. */
const complete = (state: FilesState, it: Download, { action }: LegacyDownload, theirs: number): FilesStep => {
  if (it.stored !== it.size) return stepTo(state)
  const checking = downloadAt(it, { phase: 'checking', channel: null, digest: null })
  const enough = askFor(it, action, theirs, -1)
  return stepTo(withDownload(state, checking), enough, { type: 'check', key: it.key })
}

const receiveChunk = (
  state: FilesState,
  it: Download,
  session: LegacyDownload,
  chunk: number,
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
): FilesStep => {
  const length = Math.min(chunkBytes, it.size - chunk * chunkBytes)
  if (it.phase !== 'running' || !session.asked.has(chunk) || bytes.byteLength < length) return stepTo(state)
  const asked = new Set(session.asked)
  asked.delete(chunk)
  // Packed bytes come in pairs, so the last one of an odd number has brought a companion.
  const early = new Map(session.early).set(chunk, bytes.slice(0, length))
  const source = { ...session, asked, early, heardAt: at }
  const taken = downloadAt(it, { phase: 'running', source }, { failures: 0 })
  return andThen(inOrder(state, taken, source), now => continueLegacyDownload(now, it.key))
}

/** Writes the next chunk, and whatever has waited behind it. */
const inOrder = (state: FilesState, it: Download, session: LegacyDownload): FilesStep => {
  const early = new Map(session.early)
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
  const source = { ...session, early }
  return stepTo(withDownload(state, downloadAt(it, { phase: 'running', source }, { received })), ...effects)
}

/** The session is over and the file is not complete: on with a new session. */
const sessionOver = (state: FilesState, it: Download, session: LegacyDownload, at: number): FilesStep => {
  const [attempt, failures] = [it.attempt + 1, it.failures + 1]
  const waiting = downloadAt(it, { phase: 'waiting' }, { attempt, failures })
  if (failures > failuresMax) return stopSilently(state, waiting, 'no-answer')
  const left = withDownload(state, waiting)
  // A session that ends as soon as it begins is not begun again at once.
  if (at - session.since >= retryMs) return requestLegacy(left, it.key, at)
  return stepTo(left, { type: 'timer', timer: { kind: 'ask', key: it.key, attempt }, ms: retryMs })
}

/** Looks after a session once a second, since nobody may ever say that it has ended. */
export const legacyTick = (state: FilesState, key: DownloadKey, action: number, at: number): FilesStep => {
  const it = state.downloads.get(key)
  const session = sessionOf(it)
  if (!it || session?.action !== action) return stepTo(state)
  const repeat: FilesEffect = { type: 'timer', timer: { kind: 'legacy', key, action }, ms: tickMs }
  if (session.theirs === null)
    return at - session.since >= silentMs ? requestLegacy(state, key, at) : stepTo(state, repeat)
  const { theirs } = session
  const silent = at - session.heardAt
  if (it.paused.ours || session.asked.size === 0) return stepTo(state, repeat)
  if (silent >= deadMs) return sessionOver(state, it, session, at)
  if (silent < lostMs) return stepTo(state, repeat)
  return stepTo(state, repeat, ...[...session.asked].map(chunk => askFor(it, action, theirs, chunk)))
}

/** Its owner is out of reach, or gone. Under another id nobody could tell that it is the same file. */
export const legacyRouteChanged = (state: FilesState, it: Download): FilesStep => {
  const route = state.routes.get(it.owner)
  if (route?.transport === 'legacy' || it.phase === 'queued' || it.phase === 'checking') return stepTo(state)
  if (!route) return stopSilently(state, it, 'lost')
  return advance(withDownload(state, downloadAt(it, { phase: 'waiting' })))
}

export const pauseLegacyDownload = (state: FilesState, it: Download, on: boolean, at: number): FilesStep => {
  const paused = withDownload(state, { ...it, paused: { ...it.paused, ours: on } })
  if (on) return stepTo(paused)
  return it.phase === 'waiting' ? requestLegacy(paused, it.key, at) : continueLegacyDownload(paused, it.key)
}
