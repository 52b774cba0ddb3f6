/**
 * What happens when our own connection to the server breaks and comes back under a new id. Links outlive it: we tell
 * every peer our new id over the link itself, wait for their answer, and only then join again, so that nobody takes us
 * for a newcomer and calls a second time.
 */
import { memberId, type PeerId } from '../wire/ids.ts'
import type { Refusal } from '../wire/server.ts'
import { andThen, broadcast, stepEach, stepTo, withEntry, withLink } from './change.ts'
import { giveUpMs, removePeer } from './links.ts'
import { rulesOf } from './role.ts'
import { capsOf, type LinkState, linkAt, type RoomEffect, type RoomState, type RoomStep } from './state.ts'
import { renameReactor } from './timeline.ts'

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
  const source = rulesOf(state).selfMember(self) ?? state.selfMember
  const announcements = broadcast(state, source ?? memberId(self), { kind: 'moved', to: self }).filter(
    effect => effect.type === 'send' && capsOf(state, effect.over).moves,
  )
  const awaiting = new Set(announcements.flatMap(effect => (effect.type === 'send' ? [effect.over] : [])))
  const moving: RoomState = {
    ...state,
    self,
    selfMember: source,
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

/** A peer goes on under another id. An id that is already somebody's is not given away. */
export const peerMoved = (state: RoomState, from: PeerId, to: PeerId): RoomStep => {
  const link = state.links.get(from)
  if (link?.phase !== 'ready' || to === state.self || state.links.has(to)) return stepTo(state)
  const links = renamed(state.links, from, to)
  const host = state.host === from ? to : state.host
  const call = { ...state.call, links: renamed(state.call.links, from, to) }
  const next = renameMember({ ...state, links, host, call }, from, to, link)
  const source = state.selfMember ?? memberId(state.self)
  const effects: RoomEffect[] = [
    { type: 'rename-link', from, to },
    { type: 'send', over: to, source, message: { kind: 'moved-noted' } },
  ]
  return stepTo(next, ...effects)
}

/** In place, so that nobody changes their place in a list. */
const renamed = <K, V>(map: ReadonlyMap<K, V>, from: K, to: K): ReadonlyMap<K, V> =>
  new Map([...map].map(([key, value]) => [key === from ? to : key, value] as const))

/** Only a mesh calls its members by their peer ids. */
const renameMember = (state: RoomState, from: PeerId, to: PeerId, link: LinkState): RoomState => {
  // A star ends at the server when its host loses it; a new id brings nothing back.
  const forGood = state.host === to && link.inRoom === 'no'
  const moved: LinkState = { ...link, inRoom: forGood ? 'no' : 'unsure' }
  if (state.role !== 'mesh') return withLink(state, to, moved)
  const members = [...state.members.values()].map(member =>
    member.id === memberId(from) ? { ...member, id: memberId(to) } : member,
  )
  const callers = renamed(state.call.members, memberId(from), memberId(to))
  const next = {
    ...state,
    members: new Map(members.map(member => [member.id, member] as const)),
    timeline: renameReactor(state.timeline, memberId(from), memberId(to)),
    call: { ...state.call, members: callers },
  }
  return withLink(next, to, { ...moved, member: memberId(to) })
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
