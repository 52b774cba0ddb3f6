/** Owns how a file of ours goes over a lane: reading no faster than the lane and the receiver take it, and what became of it. Pure. */
import type { FileId, MemberId } from '../wire/ids.ts'
import type { LaneWord } from '../wire/lane.ts'
import { andThen, inTurn, noRate, rated, still, withOutgoing, withShare } from './change.ts'
import { blockBytes } from './digest.ts'
import { hangUp } from './ending.ts'
import {
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type LaneId,
  type Outgoing,
  type OutgoingKey,
  outgoingLive,
  outgoingMax,
  type Share,
  type Why,
} from './state.ts'

/** Read in one go, and handed to the lane in one go: a block, so that it can be hashed in passing. */
export const sliceBytes = blockBytes
/** To one member at once; a page of ours asks for three. */
const lanesMax = 8

/** Somebody has opened a lane and says what they want. */
export const called = (
  state: FilesState,
  lane: LaneId,
  member: MemberId,
  word: LaneWord,
  again: string,
  at: number,
): FilesStep => {
  const party = state.parties.get(member)
  if (!party || (word.kind !== 'want' && word.kind !== 'decline'))
    return still(state, { type: 'close-lane', lane })
  const share = state.shares.get(word.file)
  const before = earlier(state, member, word)
  if (word.kind === 'decline') return declined(state, lane, member, share, before)
  const lanes = [...state.outgoing.values()].filter(it => it.member === member && it.lane !== null).length
  const full = lanes >= lanesMax || (!before && state.outgoing.size >= outgoingMax)
  if (!share || full || word.from > share.file.size) return still(state, ...hangUp(lane, 'gone'))
  const key = before?.key ?? (`out ${state.next}` as const)
  const fresh: Outgoing = {
    key,
    file: share.file.id,
    member,
    memberName: party.name,
    road: 'lane',
    phase: 'running',
    why: null,
    size: share.file.size,
    lane,
    sent: word.from,
    took: word.from,
    credit: word.credit,
    reading: false,
    ahead: null,
    draining: false,
    paused: { ours: before?.paused.ours === true && before.phase === 'waiting', theirs: false },
    again: before?.again ?? again,
    rate: noRate(at),
    words: null,
    extra: null,
  }
  const left: FilesEffect[] = before?.lane ? [{ type: 'close-lane', lane: before.lane }] : []
  const hello: FilesEffect[] = [
    { type: 'tell', lane, word: { kind: 'begin', size: share.file.size, again: fresh.again } },
    ...(fresh.paused.ours ? [{ type: 'tell', lane, word: { kind: 'pause', on: true } } as const] : []),
  ]
  const begun = still(withOutgoing({ ...state, next: state.next + 1 }, fresh), ...left, ...hello)
  return andThen(begun, now => goOn(now, key))
}

/** This receiver's row: by its id, or under another one by what only this receiver knows. */
const earlier = (state: FilesState, member: MemberId, word: Asking): Outgoing | undefined => {
  const rows = [...state.outgoing.values()].filter(it => it.file === word.file)
  const known = word.kind === 'want' && word.again !== null ? word.again : null
  return rows.find(it => it.member === member) ?? rows.find(it => known !== null && it.again === known)
}

type Asking = Extract<LaneWord, { kind: 'want' | 'decline' }>

const declined = (
  state: FilesState,
  lane: LaneId,
  member: MemberId,
  share: Share | undefined,
  before: Outgoing | undefined,
): FilesStep => {
  const close: FilesEffect = { type: 'close-lane', lane }
  const party = state.parties.get(member)
  if (!share || before || !party || state.outgoing.size >= outgoingMax) return still(state, close)
  const it: Outgoing = {
    key: `out ${state.next}`,
    file: share.file.id,
    member,
    memberName: party.name,
    road: 'lane',
    phase: 'declined',
    why: 'declined',
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
    rate: noRate(0),
    words: null,
    extra: null,
  }
  return still(withOutgoing({ ...state, next: state.next + 1 }, it), close)
}

/** Reads the next slice, hands over the one that is read, or ends: whatever can be done now. */
export const goOn = (state: FilesState, key: OutgoingKey): FilesStep => {
  const it = state.outgoing.get(key)
  if (it?.road !== 'lane' || it.phase !== 'running' || it.lane === null) return still(state)
  if (it.paused.ours || it.paused.theirs) return still(state)
  if (it.ahead && !it.draining) {
    const sent = it.sent + it.ahead.byteLength
    const pushed = withOutgoing(state, { ...it, sent, ahead: null, draining: true })
    return andThen(still(pushed, { type: 'push', lane: it.lane, bytes: it.ahead }), now => goOn(now, key))
  }
  if (it.sent === it.size && !it.draining) return end(state, it, it.lane)
  const at = it.sent + (it.ahead?.byteLength ?? 0)
  const whole = sliceBytes - (at % sliceBytes)
  const bytes = Math.min(whole, it.size - at, it.took + it.credit - at)
  // A small piece is read only if nothing else is left: the credit opens further while others are under way.
  const worth = bytes === it.size - at || bytes === whole || (it.took === it.sent && bytes > 0)
  if (it.reading || it.ahead || bytes <= 0 || !worth) return still(state)
  return still(withOutgoing(state, { ...it, reading: true }), { type: 'read', key, file: it.file, at, bytes })
}

const end = (state: FilesState, it: Outgoing, lane: LaneId): FilesStep => {
  const share = state.shares.get(it.file)
  if (!share || share.hashing) return still(state)
  const { digest } = share
  // Most of it has been hashed while it was read; what is left is hashed once, for all receivers.
  if (digest === null)
    return still(withShare(state, { ...share, hashing: true }), { type: 'hash', file: it.file })
  const sent = withOutgoing(state, { ...it, phase: 'sent' })
  return still(sent, { type: 'tell', lane, word: { kind: 'end', digest } })
}

export const hashKnown = (state: FilesState, file: FileId, digest: string | null): FilesStep => {
  const share = state.shares.get(file)
  if (!share) return still(state)
  const next = withShare(state, { ...share, digest, hashing: false })
  const concerned = [...state.outgoing.values()].filter(it => it.file === file && it.phase === 'running')
  return inTurn(next, concerned, (now, it) =>
    digest === null ? stopServing(now, it, 'gone') : goOn(now, it.key),
  )
}

/** `null` where the file is no longer what it was. What was asked for before a break is of no use after it. */
export const readDone = (
  state: FilesState,
  key: OutgoingKey,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
): FilesStep => {
  const it = state.outgoing.get(key)
  if (it?.phase !== 'running' || !it.reading || from !== it.sent + (it.ahead?.byteLength ?? 0))
    return still(state)
  if (bytes === null) return stopServing(state, it, 'gone')
  return goOn(withOutgoing(state, { ...it, reading: false, ahead: bytes }), key)
}

export const drained = (state: FilesState, it: Outgoing): FilesStep =>
  goOn(withOutgoing(state, { ...it, draining: false }), it.key)

export const heardBack = (state: FilesState, it: Outgoing, word: LaneWord, at: number): FilesStep => {
  switch (word.kind) {
    case 'took': {
      if (word.bytes < it.took || word.bytes > it.sent) return stopServing(state, it, 'wrong')
      const rate = rated(it.rate, word.bytes - it.took, at)
      return goOn(withOutgoing(state, { ...it, took: word.bytes, rate }), it.key)
    }
    case 'pause':
      return goOn(withOutgoing(state, { ...it, paused: { ...it.paused, theirs: word.on } }), it.key)
    case 'done': {
      if (it.phase !== 'sent' || it.lane === null) return still(state)
      const done: Outgoing = { ...it, phase: 'done', took: it.size, lane: null }
      return still(withOutgoing(state, done), { type: 'close-lane', lane: it.lane })
    }
    case 'stop':
      return stopServing(state, { ...it, lane: null }, word.why, it.lane)
    case 'want':
    case 'decline':
    case 'begin':
    case 'end':
      return still(state)
  }
}

export const stopServing = (
  state: FilesState,
  it: Outgoing,
  why: Why,
  silently: LaneId | null = null,
): FilesStep => {
  const ended: Outgoing = { ...it, phase: 'stopped', why, lane: null, ahead: null, reading: false }
  const said: FilesEffect[] = it.lane === null ? [] : hangUp(it.lane, why)
  const closed: FilesEffect[] = silently === null ? [] : [{ type: 'close-lane', lane: silently }]
  return still(withOutgoing(state, ended), ...said, ...closed)
}

/** The receiver comes back by itself, to where it was. */
export const serveBroken = (state: FilesState, it: Outgoing): FilesStep => {
  const waiting: Outgoing = {
    ...it,
    phase: 'waiting',
    lane: null,
    ahead: null,
    reading: false,
    draining: false,
  }
  return still(withOutgoing(state, waiting))
}

export const pauseServing = (state: FilesState, it: Outgoing, on: boolean): FilesStep => {
  const paused = withOutgoing(state, { ...it, paused: { ...it.paused, ours: on } })
  const said: FilesEffect[] =
    it.lane === null ? [] : [{ type: 'tell', lane: it.lane, word: { kind: 'pause', on } }]
  return andThen(still(paused, ...said), now => goOn(now, it.key))
}

export const share = (state: FilesState, it: Omit<Share, 'digest' | 'hashing'>): FilesStep =>
  still(withShare(state, { ...it, digest: null, hashing: false }))

export const unshare = (state: FilesState, file: FileId): FilesStep => {
  const shares = new Map(state.shares)
  shares.delete(file)
  const concerned = [...state.outgoing.values()].filter(it => it.file === file && outgoingLive.has(it.phase))
  return inTurn({ ...state, shares }, concerned, (now, it) => stopServing(now, it, 'withdrawn'))
}
