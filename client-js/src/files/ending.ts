/** Owns how a transfer ends before its time, and that the next in the queue begins. Pure. */
import type { StopReason } from '../wire/lane.ts'
import { andThen, inTurn, still, withIncoming } from './change.ts'
import {
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type Incoming,
  incomingLive,
  type LaneId,
  type Why,
} from './state.ts'

/** So many run at once; more would only share the same line. */
const runningMax = 3

/** The next in the queue, while there is room. */
export const advance = (state: FilesState): FilesStep => {
  const all = [...state.incoming.values()]
  const running = all.filter(({ phase }) => active.has(phase)).length
  const next = all.filter(({ phase }) => phase === 'queued').slice(0, Math.max(0, runningMax - running))
  return inTurn(state, next, (now, it) =>
    still(withIncoming(now, { ...it, phase: 'opening' }), { type: 'open-store', key: it.key }),
  )
}

const active: ReadonlySet<string> = new Set(['opening', 'asking', 'running', 'checking'])

/** Ends it here and, where there is a way, there. Nothing of it is kept. */
export const stop = (state: FilesState, it: Incoming, why: Why): FilesStep => {
  const ended: Incoming = { ...it, phase: 'stopped', why, lane: null, asked: null, words: null }
  const told = it.words ? goodbye(it, it.words) : it.lane === null ? [] : hangUp(it.lane, why)
  const discarded = incomingLive.has(it.phase) && it.phase !== 'queued'
  const left = still(withIncoming(state, ended), ...told)
  const without = discarded ? andThen(left, now => still(now, { type: 'discard', key: it.key })) : left
  return andThen(without, advance)
}

/** The original's end is content with the word that it is enough. */
const goodbye = (it: Incoming, { action, theirs }: NonNullable<Incoming['words']>): FilesEffect[] =>
  theirs === null
    ? []
    : [{ type: 'say', to: it.owner, signal: { kind: 'peer', from: action, to: theirs, signal: -1 } }]

const reasons: Partial<Record<Why, StopReason>> = {
  declined: 'declined',
  gone: 'gone',
  'no-room': 'no-room',
  wrong: 'wrong',
}

export const hangUp = (lane: LaneId, why: Why): FilesEffect[] => [
  { type: 'tell', lane, word: { kind: 'stop', why: reasons[why] ?? 'cancelled' } },
  { type: 'close-lane', lane },
]
