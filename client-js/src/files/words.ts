/**
 * Owns how a file comes in the original's words, at the receiver. Its pages send nothing that is not asked for, and give
 * up every session after some 11 seconds whatever happens in it; what is missing is then asked for under a new number.
 * Pure.
 */
import { chunkBytes, type FileSignal, ways } from '../wire/file.ts'
import type { MemberId } from '../wire/ids.ts'
import { andThen, noRate, still, withIncoming } from './change.ts'
import { stop } from './ending.ts'
import type { FilesEffect, FilesState, FilesStep, Incoming, IncomingKey, WordsFetch } from './state.ts'

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

export const askInWords = (state: FilesState, key: IncomingKey, at: number): FilesStep => {
  const it = state.incoming.get(key)
  if (!it) return still(state)
  if (state.parties.get(it.owner)?.road !== 'words' || it.paused.ours)
    return still(withIncoming(state, { ...it, phase: 'waiting', words: null }))
  const action = state.nextAction
  const words: WordsFetch = {
    action,
    theirs: null,
    since: at,
    heardAt: at,
    next: Math.floor(it.heard / chunkBytes),
    asked: new Set(),
    early: new Map(),
  }
  const asking: Incoming = { ...it, phase: 'asking', words }
  const next = withIncoming({ ...state, nextAction: action + 1 }, asking)
  const signal = { kind: 'download', file: it.file.id, from: action, way: ways.main } as const
  return still(
    next,
    { type: 'say', to: it.owner, signal },
    { type: 'timer', timer: { kind: 'words', key, action }, ms: tickMs },
  )
}

/** What an uploader says. Numbers of others' actions, and of ours that are over, mean nothing. */
export const heardInWords = (
  state: FilesState,
  from: MemberId,
  signal: FileSignal,
  at: number,
): FilesStep | null => {
  const it = [...state.incoming.values()].find(
    one => one.owner === from && one.words !== null && isAbout(one.words, signal),
  )
  if (!it?.words) return null
  switch (signal.kind) {
    case 'ack':
      return begun(state, it, it.words, signal.from, at)
    case 'chunk':
      return chunkHeard(state, it, it.words, signal.chunk, signal.bytes, at)
    case 'finished':
      return over(state, it, at)
    case 'error':
      return signal.error === 'noSuchFile' ? stop(state, { ...it, words: null }, 'gone') : over(state, it, at)
    case 'download':
    case 'peer':
      return null
  }
}

/** A host that is an original's page swaps the two numbers of some signals that it passes on. */
const isAbout = ({ action, theirs }: WordsFetch, signal: FileSignal): boolean => {
  if (signal.kind === 'chunk') return theirs !== null && signal.from === theirs
  if (signal.kind === 'download' || signal.kind === 'peer') return false
  if (signal.to === action) return true
  return signal.kind !== 'ack' && signal.from === action && signal.to === theirs
}

const begun = (state: FilesState, it: Incoming, words: WordsFetch, theirs: number, at: number): FilesStep => {
  if (it.phase !== 'asking' || words.theirs !== null) return still(state)
  const running: Incoming = {
    ...it,
    phase: 'running',
    rate: noRate(at),
    words: { ...words, theirs, since: at, heardAt: at },
  }
  const signal = { kind: 'ack', from: words.action, to: theirs, way: ways.main } as const
  const agreed = still(withIncoming(state, running), { type: 'say', to: it.owner, signal })
  return andThen(agreed, now => goOnInWords(now, it.key))
}

/** Asks for as many chunks as may be under way, or ends. */
export const goOnInWords = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  const words = it?.words
  if (it?.phase !== 'running' || !words || words.theirs === null) return still(state)
  if (it.heard === it.size) return complete(state, it, words, words.theirs)
  if (it.paused.ours || it.heard - it.stored > unwrittenBytes) return still(state)
  const asked = new Set(words.asked)
  const effects: FilesEffect[] = []
  let { next } = words
  while (next < chunksOf(it.size) && asked.size + words.early.size < chunksAhead) {
    asked.add(next)
    effects.push(askFor(it, words.action, words.theirs, next))
    next += 1
  }
  return still(withIncoming(state, { ...it, words: { ...words, next, asked } }), ...effects)
}

const askFor = (it: Incoming, action: number, theirs: number, chunk: number): FilesEffect => ({
  type: 'say',
  to: it.owner,
  signal: { kind: 'peer', from: action, to: theirs, signal: chunk },
})

/** All has come; the word that it is enough lets the uploader's page say so too. Without a hash there is nothing to compare. */
const complete = (state: FilesState, it: Incoming, { action }: WordsFetch, theirs: number): FilesStep => {
  if (it.stored !== it.size) return still(state)
  const checking: Incoming = { ...it, phase: 'checking', words: null }
  return still(withIncoming(state, checking), askFor(it, action, theirs, -1), { type: 'check', key: it.key })
}

const chunkHeard = (
  state: FilesState,
  it: Incoming,
  words: WordsFetch,
  chunk: number,
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
): FilesStep => {
  const length = Math.min(chunkBytes, it.size - chunk * chunkBytes)
  if (it.phase !== 'running' || !words.asked.has(chunk) || bytes.byteLength < length) return still(state)
  const asked = new Set(words.asked)
  asked.delete(chunk)
  // Packed bytes come in pairs, so the last one of an odd number has brought a companion.
  const early = new Map(words.early).set(chunk, bytes.slice(0, length))
  return andThen(
    inOrder(state, { ...it, fruitless: 0, words: { ...words, asked, early, heardAt: at } }),
    now => goOnInWords(now, it.key),
  )
}

/** Writes what is next, and whatever has waited behind it. */
const inOrder = (state: FilesState, it: Incoming): FilesStep => {
  if (!it.words) return still(state)
  const early = new Map(it.words.early)
  const effects: FilesEffect[] = []
  let { heard } = it
  for (;;) {
    const chunk = Math.floor(heard / chunkBytes)
    const bytes = early.get(chunk)
    if (!bytes) break
    early.delete(chunk)
    heard += bytes.byteLength
    effects.push({ type: 'write', key: it.key, bytes })
  }
  return still(withIncoming(state, { ...it, heard, words: { ...it.words, early } }), ...effects)
}

/** The session is over and the file is not: on with a new one. */
const over = (state: FilesState, it: Incoming, at: number): FilesStep => {
  const [attempt, fruitless] = [it.attempt + 1, it.fruitless + 1]
  const waiting: Incoming = { ...it, phase: 'waiting', words: null, attempt, fruitless }
  if (fruitless > fruitlessMax) return stop(state, waiting, 'no-answer')
  const left = withIncoming(state, waiting)
  // One that ends as soon as it begins is not begun again in the same breath.
  if (it.words && at - it.words.since >= againMs) return askInWords(left, it.key, at)
  return still(left, { type: 'timer', timer: { kind: 'ask', key: it.key, attempt }, ms: againMs })
}

/** Looks after a session once a second, since its end may never be heard of. */
export const wordsTick = (state: FilesState, key: IncomingKey, action: number, at: number): FilesStep => {
  const it = state.incoming.get(key)
  const words = it?.words
  if (!it || !words || words.action !== action) return still(state)
  const again: FilesEffect = { type: 'timer', timer: { kind: 'words', key, action }, ms: tickMs }
  if (words.theirs === null)
    return at - words.since >= unheardMs ? askInWords(state, key, at) : still(state, again)
  const { theirs } = words
  const silent = at - words.heardAt
  if (it.paused.ours || words.asked.size === 0) return still(state, again)
  if (silent >= deadMs) return over(state, it, at)
  if (silent < lostMs) return still(state, again)
  return still(state, again, ...[...words.asked].map(chunk => askFor(it, action, theirs, chunk)))
}

/** Its owner is out of reach, or gone: under another id nobody could tell that it is the same file. */
export const wordsBroken = (state: FilesState, it: Incoming): FilesStep => {
  const party = state.parties.get(it.owner)
  if (party?.road === 'words' || it.phase === 'queued' || it.phase === 'checking') return still(state)
  if (!party) return stop(state, { ...it, words: null }, 'lost')
  return still(withIncoming(state, { ...it, phase: 'waiting', words: null }))
}

export const pauseInWords = (state: FilesState, it: Incoming, on: boolean, at: number): FilesStep => {
  const paused = withIncoming(state, { ...it, paused: { ...it.paused, ours: on } })
  if (on) return still(paused)
  return it.phase === 'waiting' ? askInWords(paused, it.key, at) : goOnInWords(paused, it.key)
}
