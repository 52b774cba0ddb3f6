/**
 * What happens when our own connection to the server breaks and comes back under a new id. Links outlive it: we tell
 * every peer our new id over the link itself, wait for their answer, and only then join again, so that nobody takes us
 * for a newcomer and calls a second time.
 */
import type { PeerId } from '../wire/ids.ts'
import type { Refusal } from '../wire/server.ts'
import { andThen, broadcast, stepEach, stepTo, withEntry, withLink } from './change.ts'
import { giveUpMs, removePeer } from './links.ts'
import { capsOf, type LinkState, linkAt, linkOf, type RoomState, type RoomStep } from './state.ts'

/** A peer that says nothing for so long will find us in the server's announcement. */
const movedWaitMs = 1_500
/** How long a server that takes no joins just now is left alone. */
const tryLaterMs = 4_000

export const serverLost = (state: RoomState, at: number): RoomStep => {
  if (state.ended || state.membership.type === 'offline') return stepTo(state)
  const links = new Map([...state.links].map(([peer, link]) => [peer, unsure(link)] as const))
  const away: RoomState = { ...state, links, membership: { type: 'offline' } }
  const said = state.membership.type === 'joined'
  return stepTo(said ? withEntry(away, { kind: 'notice', notice: 'line-lost', name: '' }, at) : away)
}

const unsure = (link: LinkState): LinkState => (link.inRoom === 'yes' ? { ...link, inRoom: 'unsure' } : link)

export const serverFound = (state: RoomState, self: PeerId): RoomStep => {
  if (state.ended) return stepTo(state)
  const announcements = broadcast(state, state.stay, { kind: 'moved', to: self }).filter(
    effect => effect.type === 'send' && capsOf(state, effect.over).moves,
  )
  const awaiting = new Set(announcements.flatMap(effect => (effect.type === 'send' ? [effect.over] : [])))
  const moving: RoomState = {
    ...state,
    self,
    membership: { type: 'announcing', awaiting },
  }
  if (awaiting.size === 0) return rejoin(moving)
  return stepTo(moving, ...announcements, { type: 'timer', timer: { kind: 'join' }, ms: movedWaitMs })
}

/** Joins unless that is under way or done: the timer and the last peer's word may both ask for it. */
export const rejoin = (state: RoomState): RoomStep =>
  state.membership.type === 'announcing'
    ? stepTo({ ...state, membership: { type: 'rejoining' } }, { type: 'join' })
    : stepTo(state)

export const moveAcked = (state: RoomState, via: PeerId): RoomStep => {
  if (state.membership.type !== 'announcing') return stepTo(state)
  const awaiting = new Set(state.membership.awaiting)
  awaiting.delete(via)
  const next: RoomState = { ...state, membership: { type: 'announcing', awaiting } }
  return awaiting.size === 0 ? rejoin(next) : stepTo(next)
}

/** Signals for a peer go to another id from now on. An id that is already somebody's is not given away. */
export const peerMoved = (state: RoomState, link: PeerId, to: PeerId): RoomStep => {
  const known = state.links.get(link)
  const taken = to === state.self || linkOf(state, to) !== null || state.links.has(to)
  if (known?.phase !== 'ready' || taken) return stepTo(state)
  // A star ends at the server when its host loses it; a new id brings nothing back.
  const forGood = state.host === link && known.inRoom === 'no'
  const moved: LinkState = { ...known, address: to, inRoom: forGood ? 'no' : 'unsure' }
  const answer = { kind: 'moved-noted' } as const
  return stepTo(withLink(state, link, moved), {
    type: 'send',
    over: link,
    source: state.stay,
    message: answer,
  })
}

/** Seated again as a newcomer, so whoever has no link to us calls us: what is broken here is theirs to mend now. */
export const rejoined = (state: RoomState, at: number): RoomStep => {
  if (state.ended) return stepTo(state)
  const joined = withEntry(
    { ...state, membership: { type: 'joined' }, returned: true },
    { kind: 'notice', notice: 'line-back', name: '' },
    at,
  )
  const broken = [...state.links].filter(([, link]) => link.phase !== 'ready')
  return stepEach(joined, broken, (now, [peer, link]) => {
    const attempt = link.attempt + 1
    const stage = { phase: 'lost', member: link.member } as const
    const waiting = withLink(now, peer, linkAt(link, stage, { inRoom: 'unsure', attempt }))
    const timer = { kind: 'give-up', peer, attempt } as const
    return stepTo(waiting, { type: 'hang-up', peer }, { type: 'timer', timer, ms: giveUpMs })
  })
}

/** The room goes on for those who are linked, and is closed to everybody else; what is broken stays broken. */
export const rejoinRejected = (state: RoomState, refusal: Refusal, at: number): RoomStep => {
  if (state.ended) return stepTo(state)
  if (refusal === 'unreachable') return stepTo({ ...state, membership: { type: 'offline' } })
  if (refusal === 'try-later') {
    const waiting: RoomState = { ...state, membership: { type: 'announcing', awaiting: new Set() } }
    return stepTo(waiting, { type: 'timer', timer: { kind: 'join' }, ms: tryLaterMs })
  }
  const lost = withEntry(
    { ...state, membership: { type: 'rejected', refusal } },
    { kind: 'notice', notice: 'room-gone', name: '' },
    at,
  )
  const broken = [...state.links].filter(([, link]) => link.phase !== 'ready').map(([peer]) => peer)
  const without = stepEach(lost, broken, (now, peer) => removePeer(now, peer, at))
  const hostless = state.host !== null && !state.links.has(state.host)
  return hostless ? andThen(without, now => removePeer(now, state.host ?? now.self, at)) : without
}
