/** Owns what happens to a file that others offer, as far as it does not depend on the way it comes. Pure. */
import type { FileCard } from '../wire/file.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import { andThen, inTurn, noRate, still, withIncoming } from './change.ts'
import { ask, hangUp } from './fetch.ts'
import {
  type FilesState,
  type FilesStep,
  type Incoming,
  type IncomingKey,
  incomingLive,
  incomingMax,
  type Party,
  type Why,
} from './state.ts'

/** So many run at once; more would only share the same line. */
const runningMax = 3

const blank = (key: IncomingKey, file: FileCard, at: number): Incoming => ({
  key,
  file,
  owner: '' as MemberId,
  ownerName: '',
  road: 'lane',
  size: file.bundle?.size ?? file.size,
  phase: 'offered',
  why: null,
  heard: 0,
  stored: 0,
  told: 0,
  paused: { ours: false, theirs: false },
  lane: null,
  asked: null,
  refusedBy: [],
  attempts: 0,
  again: null,
  list: [],
  rate: noRate(at),
  sha256: null,
})

export const offered = (state: FilesState, owner: MemberId, file: FileCard, at: number): FilesStep => {
  const party = state.parties.get(owner)
  const known = [...state.incoming.values()].some(it => it.owner === owner && it.file.id === file.id)
  if (!party || known) return still(state)
  const road = party.road === 'words' ? 'words' : 'lane'
  const key: IncomingKey = `in ${state.next}`
  const size = road === 'lane' ? (file.bundle?.size ?? file.size) : file.size
  const it: Incoming = { ...blank(key, file, at), owner, ownerName: party.name, road, size }
  return still(withIncoming(roomier({ ...state, next: state.next + 1 }), it))
}

/** The oldest that nobody works on makes room. */
const roomier = (state: FilesState): FilesState => {
  if (state.incoming.size < incomingMax) return state
  const oldest = [...state.incoming.values()].find(({ phase }) => !incomingLive.has(phase))
  if (!oldest) return state
  const incoming = new Map(state.incoming)
  incoming.delete(oldest.key)
  return { ...state, incoming }
}

/** Its owner is somebody we do not know yet, under a name that proves nothing; `again` does. */
export const found = (
  state: FilesState,
  { file, ownerName, stored, again }: { file: FileCard; ownerName: string; stored: number; again: string },
  at: number,
): FilesStep => {
  const key: IncomingKey = `in ${state.next}`
  const it: Incoming = { ...blank(key, file, at), ownerName, stored, again, phase: 'opening' }
  return still(withIncoming({ ...state, next: state.next + 1 }, it), { type: 'open-store', key })
}

export const withdrawn = (state: FilesState, owner: MemberId, file: FileId): FilesStep => {
  const it = [...state.incoming.values()].find(one => one.owner === owner && one.file.id === file)
  if (!it || (it.phase !== 'offered' && !incomingLive.has(it.phase))) return still(state)
  return stop(state, it, 'withdrawn')
}

export const accept = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  const open = it?.phase === 'offered' || it?.phase === 'stopped' || it?.phase === 'declined'
  if (!it || !open) return still(state)
  const fresh = {
    ...it,
    heard: 0,
    stored: 0,
    told: 0,
    attempts: 0,
    again: null,
    list: [],
    why: null,
  } as const
  const queued: Incoming = { ...fresh, phase: 'queued', paused: { ours: false, theirs: false } }
  return advance(withIncoming(state, queued))
}

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

export const decline = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  if (it?.phase !== 'offered') return still(state)
  const declined = withIncoming(state, { ...it, phase: 'declined' })
  const lane = `${key} no`
  if (state.parties.get(it.owner)?.road !== 'lane') return still(declined)
  return still(
    declined,
    { type: 'open-lane', lane, member: it.owner },
    { type: 'tell', lane, word: { kind: 'decline', file: it.file.id } },
    { type: 'close-lane', lane },
  )
}

export const storeOpened = (state: FilesState, key: IncomingKey, stored: number, at: number): FilesStep => {
  const it = state.incoming.get(key)
  if (it?.phase !== 'opening') return still(state)
  if (stored > it.size) return stop(state, it, 'wrong')
  return ask(withIncoming(state, { ...it, stored, heard: stored, told: stored, rate: noRate(at) }), key)
}

export const storeFailed = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  return it && incomingLive.has(it.phase) ? stop(state, it, 'no-room') : still(state)
}

/** Ends it here and, where there is a way, there. Nothing of it is kept. */
export const stop = (state: FilesState, it: Incoming, why: Why): FilesStep => {
  const ended: Incoming = { ...it, phase: 'stopped', why, lane: null, asked: null }
  const told = it.lane === null ? [] : hangUp(it.lane, why)
  const discarded = incomingLive.has(it.phase) && it.phase !== 'queued'
  const left = still(withIncoming(state, ended), ...told)
  const without = discarded ? andThen(left, now => still(now, { type: 'discard', key: it.key })) : left
  return andThen(without, advance)
}

/** Who is there and how they are reached has changed: waiting transfers may go on. */
export const partiesChanged = (state: FilesState, parties: ReadonlyMap<MemberId, Party>): FilesStep => {
  const now = { ...state, parties }
  const waiting = [...now.incoming.values()].filter(({ phase }) => phase === 'waiting')
  return inTurn(now, waiting, (before, it) => ask(before, it.key))
}
