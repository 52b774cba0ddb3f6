/** Owns how a file comes over a lane, at the receiver: asking, taking, confirming, checking, and asking again after a break. Pure. */
import type { MemberId } from '../wire/ids.ts'
import type { LaneWord, StopReason } from '../wire/lane.ts'
import { andThen, incomingOn, rated, still, withIncoming } from './change.ts'
import { advance, stop } from './ending.ts'
import type { FilesEffect, FilesState, FilesStep, Incoming, IncomingKey, LaneId } from './state.ts'

/** May be under way and unconfirmed. It bounds what a slow disk at our end makes us hold. */
export const creditBytes = 16_777_216
/** Confirmed in steps of this. */
const tellBytes = 1_048_576
/** No answer for so long, and the lane is given up. */
const answerMs = 20_000
const againMs = 1_000
const fruitlessMax = 5

/** Asks whoever has it, if there is a way, and waits otherwise. */
export const askOverLane = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  if (!it || it.lane !== null) return still(state)
  const member = whom(state, it)
  if (member === null) return still(withIncoming(state, { ...it, phase: 'waiting', asked: null }))
  const attempt = it.attempt + 1
  const lane = `${key} ${state.next}`
  const asking: Incoming = { ...it, phase: 'asking', lane, asked: member, attempt, told: it.heard }
  const next = withIncoming({ ...state, next: state.next + 1 }, asking)
  const timer = { kind: 'answer', key, attempt } as const
  return still(next, { type: 'open-lane', lane, member }, { type: 'timer', timer, ms: answerMs })
}

/** Its owner; or, if the owner is gone and something has come already, anybody who may be the owner come back. */
const whom = (state: FilesState, it: Incoming): MemberId | null => {
  const owner = state.parties.get(it.owner)
  if (owner) return owner.road === 'lane' ? it.owner : null
  if (it.again === null) return null
  const others = [...state.parties].filter(([, { road }]) => road === 'lane').map(([member]) => member)
  return others.find(member => !it.refusedBy.includes(member)) ?? null
}

export const laneOpened = (state: FilesState, lane: LaneId): FilesStep => {
  const it = incomingOn(state, lane)
  if (it?.phase !== 'asking') return still(state)
  const word = {
    kind: 'want',
    file: it.file.id,
    from: it.heard,
    credit: creditBytes,
    again: it.again,
  } as const
  return still(state, { type: 'tell', lane, word })
}

/** The far end said nothing in time. */
export const unanswered = (state: FilesState, key: IncomingKey, attempt: number): FilesStep => {
  const it = state.incoming.get(key)
  if (it?.phase !== 'asking' || it.attempt !== attempt || it.lane === null) return still(state)
  const { lane } = it
  return andThen(still(state, { type: 'close-lane', lane }), now => laneClosed(now, it))
}

/** Asks again, soon while the owner is there, and when they are back otherwise. Not for ever without a byte in between. */
export const laneClosed = (state: FilesState, it: Incoming): FilesStep => {
  if (it.phase === 'checking') return still(withIncoming(state, { ...it, lane: null }))
  // What has come is still written, in order; what the lane held is gone and is asked for again.
  const fruitless = it.fruitless + 1
  const next = withIncoming(state, { ...it, phase: 'waiting', lane: null, asked: null, fruitless })
  if (fruitless > fruitlessMax) return still(next)
  const timer = { kind: 'ask', key: it.key, attempt: it.attempt } as const
  return still(next, { type: 'timer', timer, ms: againMs })
}

export const told = (state: FilesState, it: Incoming, word: LaneWord): FilesStep => {
  switch (word.kind) {
    case 'begin':
      return begun(state, it, word.size, word.again)
    case 'pause':
      return still(withIncoming(state, { ...it, paused: { ...it.paused, theirs: word.on } }))
    case 'end':
      return ended(state, it, word.digest)
    case 'stop':
      return stopped(state, it, word.why)
    case 'want':
    case 'decline':
    case 'took':
    case 'done':
      return still(state)
  }
}

const begun = (state: FilesState, it: Incoming, size: number, again: string): FilesStep => {
  if (it.phase !== 'asking' || it.asked === null) return still(state)
  const another = it.again !== null && it.again !== again
  if (another && it.asked !== it.owner) return refused(state, it)
  if (another || size !== it.size) return stop(state, it, 'wrong')
  const ownerName = state.parties.get(it.asked)?.name ?? it.ownerName
  const running: Incoming = { ...it, phase: 'running', again, owner: it.asked, ownerName, refusedBy: [] }
  const pause: FilesEffect[] =
    it.paused.ours && it.lane !== null
      ? [{ type: 'tell', lane: it.lane, word: { kind: 'pause', on: true } }]
      : []
  return still(withIncoming(state, running), { type: 'note', key: it.key }, ...pause)
}

export const bytesHeard = (state: FilesState, it: Incoming, bytes: Uint8Array<ArrayBuffer>): FilesStep => {
  if (it.phase !== 'running') return still(state)
  const heard = it.heard + bytes.byteLength
  if (heard > it.size || heard - it.told > creditBytes) return stop(state, it, 'wrong')
  return still(withIncoming(state, { ...it, heard }), { type: 'write', key: it.key, bytes })
}

/** Bytes lie where they belong: the sender hears of it, and so may send on. */
export const stored = (state: FilesState, it: Incoming, bytes: number, at: number): FilesStep => {
  const rate = rated(it.rate, bytes - it.stored, at)
  const next: Incoming = { ...it, stored: bytes, rate, fruitless: 0 }
  const due = it.lane !== null && (bytes - it.told >= tellBytes || (bytes === it.size && bytes > it.told))
  const after = withIncoming(state, due ? { ...next, told: bytes } : next)
  const word = { kind: 'took', bytes } as const
  const say: FilesEffect[] = due && it.lane !== null ? [{ type: 'tell', lane: it.lane, word }] : []
  return still(after, ...say)
}

const ended = (state: FilesState, it: Incoming, digest: string): FilesStep => {
  if (it.phase !== 'running') return still(state)
  if (it.heard !== it.size) return stop(state, it, 'wrong')
  return still(withIncoming(state, { ...it, phase: 'checking', digest }), { type: 'check', key: it.key })
}

export const checked = (state: FilesState, key: IncomingKey, digest: string): FilesStep => {
  const it = state.incoming.get(key)
  if (it?.phase !== 'checking') return still(state)
  if (it.digest !== null && it.digest !== digest) return stop(state, it, 'wrong')
  const kept = withIncoming(state, { ...it, phase: 'kept', digest, lane: null, asked: null, stored: it.size })
  const goodbye: FilesEffect[] =
    it.lane === null
      ? []
      : [
          { type: 'tell', lane: it.lane, word: { kind: 'done' } },
          { type: 'close-lane', lane: it.lane },
        ]
  return andThen(still(kept, ...goodbye, { type: 'keep', key }), advance)
}

const stopped = (state: FilesState, it: Incoming, why: StopReason): FilesStep => {
  if (it.phase === 'asking' && it.asked !== it.owner) return refused(state, it)
  return stop(state, { ...it, lane: null }, why)
}

/** Whom we asked is not the one we had it from. */
const refused = (state: FilesState, it: Incoming): FilesStep => {
  const refusedBy = it.asked === null ? it.refusedBy : [...it.refusedBy, it.asked]
  const waiting: Incoming = { ...it, phase: 'waiting', lane: null, asked: null, refusedBy, fruitless: 0 }
  const close: FilesEffect[] = it.lane === null ? [] : [{ type: 'close-lane', lane: it.lane }]
  return andThen(still(withIncoming(state, waiting), ...close), now => askOverLane(now, it.key))
}

export const pause = (state: FilesState, it: Incoming, on: boolean): FilesStep => {
  const paused: Incoming = { ...it, paused: { ...it.paused, ours: on } }
  const word = { kind: 'pause', on } as const
  const say: FilesEffect[] =
    it.lane !== null && it.phase === 'running' ? [{ type: 'tell', lane: it.lane, word }] : []
  return still(withIncoming(state, paused), ...say)
}
