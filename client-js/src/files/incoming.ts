/** Owns what happens to a file that others offer, as far as it does not depend on the way it comes. Pure. */
import type { FileCard } from '../wire/file.ts'
import { type FileId, type MemberId, nobody } from '../wire/ids.ts'
import { andThen, inTurn, noRate, still, withIncoming } from './change.ts'
import { advance, stop } from './ending.ts'
import { askOverLane } from './fetch.ts'
import {
  type FilesEffect,
  type FilesEvent,
  type FilesState,
  type FilesStep,
  type Incoming,
  type IncomingKey,
  type IncomingPhase,
  incomingLive,
  incomingMax,
  type Party,
} from './state.ts'
import { askInWords, wordsBroken } from './words.ts'

const blank = (key: IncomingKey, file: FileCard, at: number): Incoming => ({
  key,
  file,
  owner: nobody,
  shownUnder: nobody,
  ownerName: '',
  road: 'lane',
  size: file.size,
  phase: 'offered',
  why: null,
  here: false,
  heard: 0,
  stored: 0,
  told: 0,
  paused: { ours: false, theirs: false },
  lane: null,
  asked: null,
  refusedBy: [],
  attempt: 0,
  fruitless: 0,
  again: null,
  rate: noRate(at),
  digest: null,
  words: null,
})

export const offered = (state: FilesState, owner: MemberId, file: FileCard, at: number): FilesStep => {
  const party = state.parties.get(owner)
  const known = [...state.incoming.values()].some(it => it.shownUnder === owner && it.file.id === file.id)
  if (!party || known) return still(state)
  const road = party.road === 'words' ? 'words' : 'lane'
  const half = road === 'lane' ? halfOf(state, party.name, file) : undefined
  if (half) return offeredAgain(state, half, owner, file, at)
  const key: IncomingKey = `in ${state.next}`
  const it: Incoming = { ...blank(key, file, at), owner, shownUnder: owner, ownerName: party.name, road }
  return still(withIncoming(roomier({ ...state, next: state.next + 1 }), it))
}

/** The same file, by all that can be seen of it, from somebody of that name who has gone in the middle of it. */
const halfOf = (state: FilesState, ownerName: string, file: FileCard): Incoming | undefined =>
  [...state.incoming.values()].find(
    it =>
      halves.has(it.phase) &&
      it.road === 'lane' &&
      !state.parties.has(it.owner) &&
      it.ownerName === ownerName &&
      it.file.name === file.name &&
      it.file.size === file.size,
  )

/** Without its owner, asking means asking whether somebody is the owner come back. */
const halves: ReadonlySet<IncomingPhase> = new Set(['left', 'waiting', 'asking'])

/** Somebody whose page was closed has picked it again. Whether it is the same is known by its hash in the end. */
const offeredAgain = (
  state: FilesState,
  half: Incoming,
  owner: MemberId,
  file: FileCard,
  at: number,
): FilesStep => {
  const asked: FilesEffect[] = half.lane === null ? [] : [{ type: 'close-lane', lane: half.lane }]
  // Under the same id it is the same page's, which knows us by the secret.
  const again = half.file.id === file.id ? half.again : null
  const known = { owner, shownUnder: owner, file, again, lane: null, asked: null, refusedBy: [] }
  const next = still(withIncoming(state, { ...half, ...known, fruitless: 0 }), ...asked)
  return half.phase === 'left' ? next : andThen(next, now => ask(now, half.key, at))
}

/** An earlier page of ours was closed in the middle of it. Whose it was nobody knows any more by id, only by the secret. */
export const leftBehind = (
  state: FilesState,
  { file, ownerName, again, stored }: Extract<FilesEvent, { type: 'left' }>,
  at: number,
): FilesState => {
  const offered = standingOffer(state, file)
  if (offered) return withIncoming(state, { ...offered, again, stored, phase: 'left' })
  const key: IncomingKey = `in ${state.next}`
  const it: Incoming = { ...blank(key, file, at), ownerName, again, stored, phase: 'left' }
  return withIncoming(roomier({ ...state, next: state.next + 1 }), it)
}

/** The same one, which its owner has offered before what lies here was found. */
export const standingOffer = (state: FilesState, { id }: FileCard): Incoming | undefined =>
  [...state.incoming.values()].find(
    ({ phase, road, file }) => phase === 'offered' && road === 'lane' && file.id === id,
  )

/** The oldest that nobody works on makes room. */
const roomier = (state: FilesState): FilesState => {
  if (state.incoming.size < incomingMax) return state
  const oldest = [...state.incoming.values()].find(({ phase }) => !incomingLive.has(phase))
  if (!oldest) return state
  const incoming = new Map(state.incoming)
  incoming.delete(oldest.key)
  return { ...state, incoming }
}

export const withdrawn = (state: FilesState, owner: MemberId, file: FileId): FilesStep => {
  const it = [...state.incoming.values()].find(one => one.owner === owner && one.file.id === file)
  if (!it || (it.phase !== 'offered' && !incomingLive.has(it.phase))) return still(state)
  return stop(state, it, 'withdrawn')
}

export const accept = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  if (!it || !acceptable.has(it.phase)) return still(state)
  const fresh = {
    ...it,
    heard: 0,
    stored: 0,
    told: 0,
    fruitless: 0,
    // What lies here already is known to its sender by the secret; and without an owner only that leads to one.
    again: it.phase === 'left' || it.owner === nobody ? it.again : null,
    why: null,
  } as const
  const queued: Incoming = { ...fresh, phase: 'queued', paused: { ours: false, theirs: false } }
  return advance(withIncoming(state, queued))
}

const acceptable: ReadonlySet<IncomingPhase> = new Set(['left', 'offered', 'stopped', 'declined'])

export const decline = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  if (it?.phase === 'left')
    return still(withIncoming(state, { ...it, phase: 'declined', stored: 0 }), { type: 'discard', key })
  if (it?.phase !== 'offered') return still(state)
  const declined = withIncoming(state, { ...it, phase: 'declined' })
  const lane = `${key} no`
  if (state.parties.get(it.owner)?.road !== 'lane') return still(declined)
  // Its far end closes it: what is said last on a channel that has just been opened gets lost if it is closed at once.
  return still(
    declined,
    { type: 'open-lane', lane, member: it.owner },
    { type: 'tell', lane, word: { kind: 'decline', file: it.file.id } },
  )
}

export const storeOpened = (state: FilesState, key: IncomingKey, stored: number, at: number): FilesStep => {
  const it = state.incoming.get(key)
  if (it?.phase !== 'opening') return still(state)
  if (stored > it.size) return stop(state, it, 'wrong')
  return ask(withIncoming(state, { ...it, stored, heard: stored, told: stored, rate: noRate(at) }), key, at)
}

export const storeFailed = (state: FilesState, key: IncomingKey): FilesStep => {
  const it = state.incoming.get(key)
  return it && incomingLive.has(it.phase) ? stop(state, it, 'no-room') : still(state)
}

/** Asks its owner, on the road that leads there. */
export const ask = (state: FilesState, key: IncomingKey, at: number): FilesStep => {
  const it = state.incoming.get(key)
  if (!it) return still(state)
  const road = state.parties.get(it.owner)?.road
  // Nothing has come yet, so it can as well come another way.
  const turns = it.heard === 0 && road !== undefined && road !== 'none'
  const next = turns && road !== it.road ? withIncoming(state, { ...it, road }) : state
  return next.incoming.get(key)?.road === 'words' ? askInWords(next, key, at) : askOverLane(next, key)
}

export const askAgain = (state: FilesState, key: IncomingKey, attempt: number, at: number): FilesStep => {
  const it = state.incoming.get(key)
  return it?.phase === 'waiting' && it.attempt === attempt ? ask(state, key, at) : still(state)
}

/** Who is there and how they are reached has changed: what waits may go on, and what went in words may have lost its way. */
export const partiesChanged = (
  state: FilesState,
  parties: ReadonlyMap<MemberId, Party>,
  at: number,
): FilesStep => {
  const now = { ...state, parties }
  return inTurn(now, now.incoming.values(), (before, it) => {
    if (it.phase === 'waiting') return ask(before, it.key, at)
    return it.road === 'words' && incomingLive.has(it.phase) ? wordsBroken(before, it) : still(before)
  })
}

export const renamed = (state: FilesState, from: MemberId, to: MemberId): FilesState => ({
  ...state,
  parties: new Map([...state.parties].map(([id, party]) => [id === from ? to : id, party] as const)),
  incoming: new Map(
    [...state.incoming].map(([key, it]) => {
      const now = (id: MemberId): MemberId => (id === from ? to : id)
      const asked = it.asked && now(it.asked)
      return [key, { ...it, owner: now(it.owner), shownUnder: now(it.shownUnder), asked }] as const
    }),
  ),
  outgoing: new Map(
    [...state.outgoing].map(([key, it]) => [key, it.member === from ? { ...it, member: to } : it] as const),
  ),
})
