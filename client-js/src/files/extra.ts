/**
 * Owns how a large file of ours goes to an original's page over connections of its own: one that steers and some that
 * carry bytes with no header, so that only their order says which is which. Pure.
 */
import type { ExtraHeard, ExtraSaid } from '../wire/extra.ts'
import { type FileSignal, fileNameUnitsMax, ways } from '../wire/file.ts'
import { cut } from '../wire/shape.ts'
import { parseSignal, type Signal } from '../wire/signal.ts'
import { andThen, rated, still, withOutgoing } from './change.ts'
import type { Extra, FilesEffect, FilesState, FilesStep, Outgoing, OutgoingKey, WordsServe } from './state.ts'

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

export const noExtra: Extra = {
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
export const beginExtra = (state: FilesState, it: Outgoing): FilesStep =>
  still(withOutgoing(state, { ...it, phase: 'running' }), {
    type: 'extra-open',
    key: it.key,
    peer: steering,
  })

type Held = Outgoing & { readonly extra: Extra; readonly words: WordsServe }

export const held = (state: FilesState, key: OutgoingKey): Held | null => {
  const it = state.outgoing.get(key)
  return it?.extra && it.words ? { ...it, extra: it.extra, words: it.words } : null
}

const withExtra = (state: FilesState, it: Held, change: Partial<Extra>): FilesState =>
  withOutgoing(state, { ...it, extra: { ...it.extra, ...change } })

const say = (it: Held, said: ExtraSaid): FilesEffect => ({ type: 'extra-say', key: it.key, said })

/** A signal of the connection that steers travels with the room's words, one of the others over the one that steers. */
export const emitted = (state: FilesState, key: OutgoingKey, peer: number, signal: object): FilesStep => {
  const it = held(state, key)
  if (!it) return still(state)
  if (peer !== steering) return still(state, say(it, { kind: 'signal', peer, signal }))
  const words: FileSignal = { kind: 'peer', from: it.words.action, to: it.words.theirs, signal }
  return still(state, { type: 'say', to: it.member, signal: words })
}

export const signalled = (state: FilesState, it: Outgoing, value: unknown): FilesStep => {
  const signal = parseSignal(value)
  return signal ? still(state, forward(it.key, steering, signal)) : still(state)
}

const forward = (key: OutgoingKey, peer: number, signal: Signal): FilesEffect => ({
  type: 'extra-signal',
  key,
  peer,
  signal,
})

export const extraOpened = (state: FilesState, key: OutgoingKey, peer: number): FilesStep => {
  const it = held(state, key)
  if (!it) return still(state)
  if (peer === steering) return still(state, say(it, { kind: 'hello' }))
  return goOnExtra(withExtra(state, it, { open: new Set(it.extra.open).add(peer) }), key)
}

/** Any of them gone before the end, and the file cannot be put together any more. */
export const extraClosed = (state: FilesState, key: OutgoingKey): FilesStep => {
  const it = held(state, key)
  return it ? endExtra(state, it, false) : still(state)
}

export const extraHeard = (state: FilesState, key: OutgoingKey, heard: ExtraHeard): FilesStep => {
  const it = held(state, key)
  if (!it) return still(state)
  switch (heard.kind) {
    case 'about':
      return about(state, it, heard)
    case 'agree':
      return agree(state, it, heard.peers)
    case 'signal':
      return heard.peer < it.extra.peers ? still(state, forward(key, heard.peer, heard.signal)) : still(state)
    case 'start':
      return goOnExtra(withExtra(state, it, { started: true }), key)
    case 'wait':
      return still(withExtra(state, it, { waits: true }))
    case 'go-on':
      return goOnExtra(withExtra(state, it, { waits: false }), key)
    case 'missing':
      return missing(state, it, heard.chunk)
    case 'end':
      return endExtra(state, it, !heard.errored)
  }
}

/** It says which file it expects and in pieces of what size. Another file than ours ends it. */
const about = (state: FilesState, it: Held, heard: Extract<ExtraHeard, { kind: 'about' }>): FilesStep => {
  const file = state.shares.get(it.file)?.file
  const same =
    file !== undefined &&
    heard.file.id === file.id &&
    heard.file.size === file.size &&
    heard.file.name === cut(file.name, fileNameUnitsMax)
  if (!same || it.extra.started) return endExtra(state, it, false)
  const next = withExtra(state, it, { chunk: heard.chunk, confirmed: false })
  return still(next, say(it, { kind: 'agree', peers: it.extra.peers }))
}

/** The same number twice in a row from the far end, and both will make as many connections. */
const agree = (state: FilesState, it: Held, peers: number): FilesStep => {
  const { extra } = it
  if (extra.agreed || extra.chunk === 0) return still(state)
  if (peers !== extra.peers) {
    const mismatches = extra.mismatches + 1
    if (mismatches >= mismatchesMax) return endExtra(state, it, false)
    const fewer = Math.min(peers, peersMax)
    const next = withExtra(state, it, { peers: fewer, confirmed: false, mismatches })
    return still(next, say(it, { kind: 'agree', peers: fewer }))
  }
  const agreed = extra.confirmed
  const opened = agreed
    ? Array.from({ length: peers }, (_, peer) => ({ type: 'extra-open', key: it.key, peer }) as const)
    : []
  const next = withExtra(state, it, { confirmed: true, agreed })
  return still(next, say(it, { kind: 'agree', peers }), ...opened)
}

const missing = (state: FilesState, it: Held, chunk: number): FilesStep => {
  const { extra } = it
  const known = chunk * extra.chunk < it.sent && !extra.missing.includes(chunk)
  if (!known || extra.missing.length >= missingMax) return still(state)
  return goOnExtra(withExtra(state, it, { missing: [...extra.missing, chunk] }), it.key)
}

/** Reads the next round, strictly in turn over all connections; what was missed goes first, over the one that steers. */
export const goOnExtra = (state: FilesState, key: OutgoingKey): FilesStep => {
  const it = held(state, key)
  if (!it || it.reading || !it.extra.started) return still(state)
  const { extra } = it
  const [missed, ...missing] = extra.missing
  if (missed !== undefined) {
    const at = missed * extra.chunk
    const bytes = Math.min(extra.chunk, it.size - at)
    const reading = withExtra(state, { ...it, reading: true }, { missing, answering: missed })
    return still(reading, { type: 'read', key, file: it.file, at, bytes })
  }
  const bytes = Math.min(roundChunks * extra.chunk, it.size - it.sent)
  if (extra.waits || extra.draining.size > 0 || extra.open.size < extra.peers || bytes <= 0)
    return still(state)
  return still(withOutgoing(state, { ...it, reading: true }), {
    type: 'read',
    key,
    file: it.file,
    at: it.sent,
    bytes,
  })
}

export const extraRead = (
  state: FilesState,
  key: OutgoingKey,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
  at: number,
): FilesStep => {
  const it = held(state, key)
  if (!it?.reading) return still(state)
  if (bytes === null) return endExtra(state, it, false)
  const { extra } = it
  if (extra.answering !== null) {
    const chunk = extra.answering
    const answered = withExtra(state, { ...it, reading: false }, { answering: null })
    return andThen(still(answered, say(it, { kind: 'chunk', chunk, bytes })), now => goOnExtra(now, key))
  }
  const sent = from + bytes.byteLength
  const effects: FilesEffect[] = []
  const draining = new Set<number>()
  for (let piece = 0; piece < bytes.byteLength; piece += extra.chunk) {
    const peer = ((from + piece) / extra.chunk) % extra.peers
    draining.add(peer)
    effects.push({ type: 'extra-push', key, peer, bytes: bytes.subarray(piece, piece + extra.chunk) })
  }
  const waits = [...draining].map(peer => ({ type: 'extra-drain', key, peer }) as const)
  const rate = rated(it.rate, bytes.byteLength, at)
  const next = withExtra(state, { ...it, reading: false, sent, took: sent, rate }, { draining })
  return still(next, ...effects, ...waits)
}

export const extraDrained = (state: FilesState, key: OutgoingKey, peer: number): FilesStep => {
  const it = held(state, key)
  if (!it) return still(state)
  const draining = new Set(it.extra.draining)
  draining.delete(peer)
  return goOnExtra(withExtra(state, it, { draining }), key)
}

/** The original wants both words before the connections close, or it keeps the place for ever. */
export const endExtra = (state: FilesState, it: Held, success: boolean): FilesStep => {
  const ended: Outgoing = success
    ? { ...it, phase: 'done', took: it.size, words: null, extra: null, reading: false }
    : { ...it, phase: 'stopped', why: 'cancelled', words: null, extra: null, reading: false }
  const { action, theirs } = it.words
  return still(
    withOutgoing(state, ended),
    say(it, { kind: 'end', errored: !success }),
    { type: 'say', to: it.member, signal: { kind: 'finished', from: action, to: theirs, success } },
    { type: 'extra-close', key: it.key },
  )
}

export const mayGoExtra = (way: number, size: number): boolean => way === ways.extra && size >= largeBytes
