/**
 * The life of a room's links: who calls whom, when a broken link is called again, and when a peer counts as gone. Pure.
 */
import { type PeerId, roomItself } from '../wire/ids.ts'
import type { Obstacle } from '../wire/obstacle.ts'
import { andThen, broadcast, stepTo, withEntry, withLeft, withLink, withoutLink } from './change.ts'
import { knownDownlink } from './downlink.ts'
import { leaveAway } from './outbox.ts'
import { rulesOf } from './role.ts'
import { nameOf } from './roster.ts'
import {
  capsOf,
  hostedByServer,
  type LinkState,
  linkAt,
  linkOf,
  linksMax,
  type RoomState,
  type RoomStep,
} from './state.ts'
import { type DepartureNotice, withRemoved } from './timeline.ts'

/** A broken link is called again after this time, doubled with every attempt up to the longest. */
const redialMs = 500
const redialMsMax = 20_000
/** Longer than a connection takes to fail, and than any page takes to introduce itself. */
const handshakeMs = 30_000
/** Longer than a page of ours waits before it calls again. Two that wait for each other must not call at once. */
const takeOverMs = 30_000
const takeOverLaterMs = 45_000
/** So long a lost peer is waited for that the server has not named since we lost touch ourselves. */
export const giveUpMs = 30_000
const hostOfflineMs = 2_000

const freshLink = (
  peer: PeerId,
  initiator: boolean,
  inRoom: LinkState['inRoom'],
  cameLater: boolean,
  previous: LinkState | undefined,
): LinkState => ({
  phase: 'connecting',
  address: previous?.address ?? peer,
  initiator,
  inRoom,
  steady: true,
  cameLater: previous?.cameLater ?? cameLater,
  member: previous?.member ?? null,
  attempt: (previous?.attempt ?? 0) + 1,
  unacked: previous?.unacked ?? [],
  historySent: previous?.historySent ?? false,
  expected: previous?.expected ?? false,
  lost: previous?.lost ?? false,
  obstacle: previous?.obstacle ?? null,
})

/** A star's new host, who is about to open a link to us. What has been said meanwhile waits for it. */
export const awaitedLink = (host: PeerId, unacked: LinkState['unacked']): LinkState => ({
  ...freshLink(host, false, 'yes', false, undefined),
  phase: 'lost',
  member: null,
  attempt: 0,
  unacked,
  expected: true,
})

/** A link that begins. Neither a connection nor a far end that says nothing may leave it at that for ever. */
const startLink = (
  state: RoomState,
  peer: PeerId,
  initiator: boolean,
  inRoom: LinkState['inRoom'],
  cameLater = initiator || state.returned,
): RoomStep => {
  const link = freshLink(peer, initiator, inRoom, cameLater, state.links.get(peer))
  const timer = { kind: 'handshake', peer, attempt: link.attempt } as const
  const watched = stepTo(withLink(state, peer, link), { type: 'timer', timer, ms: handshakeMs })
  return initiator ? andThen(watched, now => stepTo(now, { type: 'dial', peer })) : watched
}

/** Whatever it is that keeps the link from coming to something, another connection may not meet with it. */
export const handshakeTimeout = (state: RoomState, peer: PeerId, attempt: number, at: number): RoomStep => {
  const link = state.links.get(peer)
  if (link?.attempt !== attempt || link.phase === 'ready' || link.phase === 'lost') return stepTo(state)
  return andThen(stepTo(state, { type: 'hang-up', peer }), now => linkClosed(now, peer, at))
}

/** `joined` is what the server calls whoever has come. */
export const peerJoined = (state: RoomState, joined: PeerId, at: number): RoomStep => {
  if (!rulesOf(state).initiates || state.ended) return stepTo(state)
  const peer = linkOf(state, joined) ?? joined
  const known = state.links.get(peer)
  if (known && known.address !== joined) return stepTo(state)
  // Left and back under the same id: a new stay, whatever the old link still looks like.
  if (known?.inRoom === 'no') return andThen(removePeer(state, peer, at), now => peerJoined(now, joined, at))
  if (known && known.phase !== 'lost') return stepTo(withLink(state, peer, { ...known, inRoom: 'yes' }))
  if (!known && state.links.size >= linksMax) return stepTo(state)
  return startLink(state, peer, true, 'yes')
}

/** Somebody who is in the room and to whom no link leads, or one that came to nothing. */
export const dialMember = (state: RoomState, member: PeerId): RoomStep => {
  if (!rulesOf(state).initiates || state.ended) return stepTo(state)
  const peer = linkOf(state, member) ?? member
  const known = state.links.get(peer)
  if (known ? known.address !== member : state.links.size >= linksMax) return stepTo(state)
  return andThen(known ? stepTo(state, { type: 'hang-up', peer }) : stepTo(state), now =>
    startLink(now, peer, true, 'yes', false),
  )
}

/** The far end opens a link to us; a link we still hold to it is as good as broken. */
export const incomingOffer = (state: RoomState, from: PeerId): RoomStep =>
  startLink(state, linkOf(state, from) ?? from, false, 'yes')

export const channelOpened = (state: RoomState, peer: PeerId, at: number): RoomStep => {
  const link = state.links.get(peer)
  if (link?.phase !== 'connecting') return stepTo(state)
  const next = withLink(state, peer, { ...link, phase: 'greeting', steady: true, obstacle: null })
  const { person, stay: member, card } = state
  const own = { person, password: card.password, member, downlink: knownDownlink(state, at) }
  const message = rulesOf(state).firstMessage(link.initiator, own)
  if (message === null) return stepTo(next)
  return stepTo(next, { type: 'send', over: peer, source: member, message })
}

export const linkSteady = (state: RoomState, peer: PeerId, steady: boolean, at: number): RoomStep => {
  const link = state.links.get(peer)
  if (!link) return stepTo(state)
  const next = link.phase === 'lost' ? state : withLink(state, peer, { ...link, steady })
  return !steady && link.inRoom === 'no' ? removePeer(next, peer, at) : stepTo(next)
}

export const linkClosed = (
  state: RoomState,
  peer: PeerId,
  at: number,
  networkLost = false,
  obstacle: Obstacle | null = null,
): RoomStep => {
  const link = state.links.get(peer)
  if (!link || link.phase === 'lost') return stepTo(state)
  const unreachable = state.membership.type === 'rejected'
  if (link.inRoom === 'no' || unreachable) return removePeer(state, peer, at)
  const attempt = link.attempt + 1
  // An original page never calls again, and takes a call from whom it called before.
  const knows = link.phase === 'ready' && !capsOf(state, peer).moves
  const ours = link.initiator || (rulesOf(state).initiates && knows)
  const stage = { phase: 'lost', member: link.member } as const
  const change = { attempt, initiator: ours, lost: networkLost, obstacle }
  const lost = withLink(state, peer, linkAt(link, stage, change))
  const ms = ours ? redialAfter(attempt) : takeOverInitiatorAfter(state, peer, link)
  const timer = { kind: 'dial', peer, attempt } as const
  const again: RoomStep = ms === null ? stepTo(lost) : stepTo(lost, { type: 'timer', timer, ms })
  return link.inRoom === 'unsure' ? andThen(again, now => startGiveUpTimer(now, peer)) : again
}

const redialAfter = (attempt: number): number =>
  Math.min(redialMs * 2 ** Math.min(attempt - 2, 10), redialMsMax)

/**
 * Whoever called us and was never reached may be an original page, which does not call again. Null: theirs to mend,
 * or a far end that we did reach and that would not have us.
 */
const takeOverInitiatorAfter = (
  state: RoomState,
  peer: PeerId,
  { phase, member }: LinkState,
): number | null => {
  if (!rulesOf(state).initiates || phase !== 'connecting' || member !== null) return null
  return state.self < (state.links.get(peer)?.address ?? peer) ? takeOverMs : takeOverLaterMs
}

export const redial = (state: RoomState, peer: PeerId, attempt: number): RoomStep => {
  const link = state.links.get(peer)
  if (link?.phase !== 'lost' || link.attempt !== attempt) return stepTo(state)
  return startLink(state, peer, true, link.inRoom)
}

const startGiveUpTimer = (state: RoomState, peer: PeerId): RoomStep => {
  const attempt = state.links.get(peer)?.attempt ?? 0
  return stepTo(state, { type: 'timer', timer: { kind: 'give-up', peer, attempt }, ms: giveUpMs })
}

/**
 * An attempt or two later is still the same wait, as long as nobody has confirmed the peer. A server that is the host is
 * there for as long as the room is, and opens its link again whenever there is a way.
 */
export const giveUp = (state: RoomState, peer: PeerId, attempt: number, at: number): RoomStep => {
  const link = state.links.get(peer)
  if (!link || link.attempt < attempt) return stepTo(state)
  if (peer === state.host && hostedByServer(state)) return stepTo(state)
  const healed = link.phase === 'ready' || link.inRoom === 'yes'
  return healed ? stepTo(state) : removePeer(state, peer, at)
}

/** The server says that a peer has left. Its link may know better for as long as it lives. */
export const peerLeft = (state: RoomState, left: PeerId, at: number): RoomStep => {
  const peer = linkOf(state, left) ?? left
  const known = state.links.get(peer)
  const link = known?.address === left ? known : undefined
  const isHost = peer === state.host && (!known || link !== undefined)
  if (!link) return isHost ? hostGone(state, at) : stepTo(state)
  if (link.phase !== 'ready' || !link.steady) return removePeer(state, peer, at)
  const without = withLink(state, peer, { ...link, inRoom: 'no' })
  return isHost
    ? stepTo(without, { type: 'timer', timer: { kind: 'host-offline', host: peer }, ms: hostOfflineMs })
    : stepTo(without)
}

/** A host that leaves closes its links too, a moment later; only one that is still linked has lost the server. */
export const hostOffline = (state: RoomState, host: PeerId, at: number): RoomStep => {
  const link = state.host === host ? state.links.get(host) : undefined
  const linked = link?.phase === 'ready' && link.inRoom === 'no' && !hostedByServer(state)
  return stepTo(linked ? withEntry(state, { kind: 'notice', notice: 'host-offline', name: '' }, at) : state)
}

/** Their link has ended, or is about to, without a goodbye. */
export const isAsleep = (link: LinkState): boolean => (link.phase === 'ready' ? !link.steady : link.lost)

/** Takes a peer off the room: its link, its entry in the roster, and tells those who only know it through us. */
export const removePeer = (state: RoomState, peer: PeerId, at: number): RoomStep => {
  if (peer === state.host) return hostGone(state, at)
  const link = state.links.get(peer)
  const member = link?.member ?? null
  const without = stepTo(withoutLink(state, peer), { type: 'hang-up', peer })
  if (!link || member === null) return without
  const waiting = isAsleep(link) ? andThen(without, now => leaveAway(now, member, link.unacked, at)) : without
  return andThen(waiting, now => removeMember(now, member, at))
}

export const removeMember = (
  state: RoomState,
  member: NonNullable<LinkState['member']>,
  at: number,
  notice: DepartureNotice = 'left',
): RoomStep => {
  const name = nameOf(state, member)
  if (name === undefined)
    return stepTo(notice === 'left' ? state : { ...state, timeline: withRemoved(state.timeline, member, at) })
  const without = withLeft(state, member, name, at, notice)
  if (!rulesOf(state).relays) return stepTo(without)
  // Original guests want to be told of the call before they are told of the room.
  const left = state.call.members.has(member) ? broadcast(without, member, { kind: 'leave-call' }) : []
  return stepTo(without, ...left, ...broadcast(without, roomItself, { kind: 'lost', id: member }))
}

/** A star is gone with its host. What was said stays readable. */
const hostGone = (state: RoomState, at: number): RoomStep => {
  if (state.ended || state.host === null) return stepTo(state)
  const left = { kind: 'notice', notice: 'host-left', name: '' } as const
  const over = hostedByServer(state) ? state : withEntry(state, left, at)
  return stepTo(
    { ...over, ended: true, links: new Map(), members: new Map() },
    { type: 'hang-up', peer: state.host },
  )
}
