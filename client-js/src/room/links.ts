/** Owns the life of a room's links: who calls whom, when again, and when a peer counts as gone. Pure. */
import { memberId, type PeerId, roomItself } from '../wire/ids.ts'
import { andThen, noted, still, toEveryone, withLink, withoutLink, withoutMember } from './change.ts'
import { capsOf, type LinkState, linksMax, type RoomState, type Step } from './state.ts'
import { freshPace } from './timeline.ts'

/** A broken link is called again after this time, doubled with every attempt up to the longest. */
const redialMs = 500
const redialMsMax = 20_000
/** Longer than a connection takes to fail, and than any page takes to introduce itself. */
const unmetMs = 30_000
/** Longer than a page of ours waits before it calls again. Two that wait for each other must not call at once. */
const callInsteadMs = 30_000
const callInsteadLaterMs = 45_000
/** So long a lost peer is waited for that the server has not named since we lost touch ourselves. */
export const giveUpMs = 30_000
const hostOfflineMs = 2_000

const freshLink = (
  dialled: boolean,
  seated: LinkState['seated'],
  cameLater: boolean,
  at: number,
  previous: LinkState | undefined,
): LinkState => ({
  phase: 'connecting',
  dialled,
  seated,
  steady: true,
  cameLater: previous?.cameLater ?? cameLater,
  member: previous?.member ?? null,
  attempt: (previous?.attempt ?? 0) + 1,
  pace: previous?.pace ?? freshPace(at),
  owed: previous?.owed ?? [],
  told: previous?.told ?? false,
})

/** A link that begins. Neither a connection nor a far end that says nothing may leave it at that for ever. */
const begin = (
  state: RoomState,
  peer: PeerId,
  dialled: boolean,
  seated: LinkState['seated'],
  at: number,
): Step => {
  const link = freshLink(dialled, seated, dialled || state.returned, at, state.links.get(peer))
  const timer = { kind: 'unmet', peer, attempt: link.attempt } as const
  const watched = still(withLink(state, peer, link), { type: 'timer', timer, ms: unmetMs })
  return dialled ? andThen(watched, now => still(now, { type: 'dial', peer })) : watched
}

/** Whatever it is that keeps the link from coming to something, another connection may not meet with it. */
export const unmet = (state: RoomState, peer: PeerId, attempt: number, at: number): Step => {
  const link = state.links.get(peer)
  if (link?.attempt !== attempt || link.phase === 'ready' || link.phase === 'lost') return still(state)
  return andThen(still(state, { type: 'hang-up', peer }), now => closed(now, peer, at))
}

export const peerJoined = (state: RoomState, peer: PeerId, at: number): Step => {
  if (!state.topology.dials || state.ended) return still(state)
  const known = state.links.get(peer)
  // Left and back under the same id: a new visit, whatever the old link still looks like.
  if (known?.seated === 'no') return andThen(goneFor(state, peer, at), now => peerJoined(now, peer, at))
  if (known && known.phase !== 'lost') return still(withLink(state, peer, { ...known, seated: 'yes' }))
  if (!known && state.links.size >= linksMax) return still(state)
  return begin(state, peer, true, 'yes', at)
}

/** The far end opens a link to us; a link we still hold to it is as good as broken. */
export const called = (state: RoomState, peer: PeerId, at: number): Step =>
  begin(state, peer, false, 'yes', at)

export const opened = (state: RoomState, peer: PeerId): Step => {
  const link = state.links.get(peer)
  if (link?.phase !== 'connecting') return still(state)
  const next = withLink(state, peer, { ...link, phase: 'greeting', steady: true })
  const message = state.topology.greeting(link.dialled, state.person, state.card.password)
  if (message === null) return still(next)
  return still(next, { type: 'send', over: peer, source: memberId(state.self), message })
}

export const steadied = (state: RoomState, peer: PeerId, steady: boolean, at: number): Step => {
  const link = state.links.get(peer)
  if (!link) return still(state)
  if (!steady && link.seated === 'no') return goneFor(state, peer, at)
  return still(withLink(state, peer, { ...link, steady }))
}

export const closed = (state: RoomState, peer: PeerId, at: number): Step => {
  const link = state.links.get(peer)
  if (!link || link.phase === 'lost') return still(state)
  const unreachable = state.seat.type === 'lost'
  if (link.seated === 'no' || unreachable) return goneFor(state, peer, at)
  const attempt = link.attempt + 1
  // An original page never calls again, and takes a call from whom it called before.
  const knows = link.phase === 'ready' && !capsOf(state, peer).moves
  const ours = link.dialled || (state.topology.dials && knows)
  const lost = withLink(state, peer, { ...link, phase: 'lost', attempt, dialled: ours })
  const ms = ours ? redialAfter(attempt) : callInsteadAfter(state, peer, link)
  const timer = { kind: 'dial', peer, attempt } as const
  const again: Step = ms === null ? still(lost) : still(lost, { type: 'timer', timer, ms })
  return link.seated === 'unsure' ? andThen(again, now => waitFor(now, peer)) : again
}

const redialAfter = (attempt: number): number =>
  Math.min(redialMs * 2 ** Math.min(attempt - 2, 10), redialMsMax)

/**
 * Whoever called us and was never reached may be an original page, which does not call again. Null: theirs to mend,
 * or a far end that we did reach and that would not have us.
 */
const callInsteadAfter = (state: RoomState, peer: PeerId, { phase, member }: LinkState): number | null => {
  if (!state.topology.dials || phase !== 'connecting' || member !== null) return null
  return state.self < peer ? callInsteadMs : callInsteadLaterMs
}

export const redial = (state: RoomState, peer: PeerId, attempt: number, at: number): Step => {
  const link = state.links.get(peer)
  if (link?.phase !== 'lost' || link.attempt !== attempt) return still(state)
  return begin(state, peer, true, link.seated, at)
}

const waitFor = (state: RoomState, peer: PeerId): Step => {
  const attempt = state.links.get(peer)?.attempt ?? 0
  return still(state, { type: 'timer', timer: { kind: 'give-up', peer, attempt }, ms: giveUpMs })
}

/** An attempt or two later is still the same wait, as long as nobody has confirmed the peer. */
export const giveUp = (state: RoomState, peer: PeerId, attempt: number, at: number): Step => {
  const link = state.links.get(peer)
  if (!link || link.attempt < attempt) return still(state)
  const healed = link.phase === 'ready' || link.seated === 'yes'
  return healed ? still(state) : goneFor(state, peer, at)
}

/** The server says that a peer has left. Its link may know better for as long as it lives. */
export const peerLeft = (state: RoomState, peer: PeerId, at: number): Step => {
  const link = state.links.get(peer)
  const isHost = peer === state.host
  if (!link) return isHost ? hostGone(state, at) : still(state)
  if (link.phase !== 'ready' || !link.steady) return goneFor(state, peer, at)
  const left = withLink(state, peer, { ...link, seated: 'no' })
  return isHost
    ? still(left, { type: 'timer', timer: { kind: 'host-offline' }, ms: hostOfflineMs })
    : still(left)
}

/** A host that leaves closes its links too, a moment later; only one that is still linked has lost the server. */
export const hostOffline = (state: RoomState, at: number): Step => {
  const link = state.host === null ? undefined : state.links.get(state.host)
  const linked = link?.phase === 'ready' && link.seated === 'no'
  return still(linked ? noted(state, { kind: 'notice', notice: 'host-offline', name: '' }, at) : state)
}

/** Takes a peer off the room: its link, its entry in the roster, and a word to those who only know it through us. */
export const goneFor = (state: RoomState, peer: PeerId, at: number): Step => {
  if (peer === state.host) return hostGone(state, at)
  const member = state.links.get(peer)?.member ?? null
  const without = still(withoutLink(state, peer), { type: 'hang-up', peer })
  if (member === null) return without
  return andThen(without, now => memberGone(now, member, at))
}

const memberGone = (state: RoomState, member: NonNullable<LinkState['member']>, at: number): Step => {
  const name = state.members.get(member)?.name
  if (name === undefined) return still(state)
  const without = noted(withoutMember(state, member), { kind: 'notice', notice: 'left', name }, at)
  if (!state.topology.relays) return still(without)
  // The original's guests want to hear of the call before they hear of the room.
  const left = state.call.members.has(member) ? toEveryone(without, member, { kind: 'leave-call' }) : []
  return still(without, ...left, ...toEveryone(without, roomItself, { kind: 'lost', id: member }))
}

/** A star is gone with its host. What was said stays readable. */
const hostGone = (state: RoomState, at: number): Step => {
  if (state.ended || state.host === null) return still(state)
  const over = noted(state, { kind: 'notice', notice: 'host-left', name: '' }, at)
  return still(
    { ...over, ended: true, links: new Map(), members: new Map() },
    { type: 'hang-up', peer: state.host },
  )
}
