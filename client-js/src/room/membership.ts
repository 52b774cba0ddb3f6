/**
 * What happens when our own connection to the server breaks and comes back. As a rule the server still knows us, and
 * nobody has noticed. Where we have a new id, links outlive that too: we tell every peer the new one over the link itself,
 * wait for their answer, and only then join again, so that nobody takes us for a newcomer and calls a second time.
 */
import type { PeerId } from '../wire/ids.ts'
import { isFinal, type Refusal } from '../wire/refusal.ts'
import type { RoomSettings } from '../wire/resume.ts'
import { andThen, broadcast, stepEach, stepTo, withEntry, withLink } from './change.ts'
import { hostKnown } from './hand-over.ts'
import { dialMember, giveUpMs, peerLeft, removePeer } from './links.ts'
import { closeRoom } from './owner.ts'
import {
  capsOf,
  hostedByServer,
  type KnownMembership,
  type LinkState,
  linkAt,
  linkOf,
  type Rejoined,
  type RoomState,
  type RoomStep,
} from './state.ts'
import type { ServerNotice } from './timeline.ts'

/** A peer that says nothing for so long will find us in the server's announcement. */
const movedWaitMs = 1_500
/** How long a server that does not take us just now is left alone at first, and at most. */
const tryLaterMs = 2_000
const tryLaterMsMax = 60_000

export const serverLost = (state: RoomState, at: number): RoomStep => {
  if (state.ended || state.membership.type === 'offline') return stepTo(state)
  const links = new Map([...state.links].map(([peer, link]) => [peer, unsure(link)] as const))
  const away: RoomState = { ...state, links, membership: { type: 'offline' } }
  const said = state.membership.type === 'joined'
  return stepTo(said ? withServerNotice(away, 'line-lost', at) : away)
}

const withServerNotice = (state: RoomState, notice: ServerNotice, at: number): RoomState => {
  const alone = hostedByServer(state) || ![...state.links.values()].some(({ phase }) => phase === 'ready')
  return withEntry(state, { kind: 'notice', notice, name: '', alone }, at)
}

const unsure = (link: LinkState): LinkState => (link.inRoom === 'yes' ? { ...link, inRoom: 'unsure' } : link)

/** Known to the server still: nobody was told of anything. Otherwise the room is joined again. */
export const serverFound = (
  state: RoomState,
  self: PeerId,
  known: KnownMembership | null,
  at: number,
): RoomStep => {
  if (state.ended) return stepTo(state)
  if (known && self === state.self) return stillJoined(state, known, at)
  const announcements =
    self === state.self
      ? []
      : broadcast(state, state.stay, { kind: 'moved', to: self }).filter(
          effect => effect.type === 'send' && capsOf(state, effect.over).moves,
        )
  const awaiting = new Set(announcements.flatMap(effect => (effect.type === 'send' ? [effect.over] : [])))
  const moving: RoomState = { ...state, self, membership: { type: 'announcing', awaiting } }
  if (awaiting.size === 0) return rejoin(moving)
  const timer = { kind: 'join', self, attempt: 0 } as const
  return stepTo(moving, ...announcements, { type: 'timer', timer, ms: movedWaitMs })
}

/** The server's list puts right what we could not hear. What it still has to tell comes behind it, if nothing was lost. */
const stillJoined = (state: RoomState, known: KnownMembership, at: number): RoomStep => {
  // A server that is the host is in the room without being a member.
  const here = new Set([...known.members, ...(hostedByServer(state) && known.host ? [known.host] : [])])
  const links = [...state.links].map(([peer, link]) => {
    const inRoom = link.inRoom !== 'no' && here.has(link.address) ? 'yes' : link.inRoom
    return [peer, { ...link, inRoom }] as const
  })
  const joined: RoomState = { ...state, links: new Map(links), membership: { type: 'joined' } }
  // A page that was loaded anew has heard of no loss.
  const settled = wasAway(state) ? withLineBack(joined, at) : joined
  // What changed meanwhile follows by itself where nothing was lost.
  const back = known.complete ? settled : withSettings(settled, known.settings, at)
  // Somebody who can be heard has not left: they are on their way back too, under another id perhaps.
  const isHeard = (link: LinkState): boolean => link.phase === 'ready' && link.steady
  const gone = links
    .filter(([, link]) => !here.has(link.address) && !isHeard(link))
    .map(([, { address }]) => address)
  // Where the host is another, all links are anew, and the one that led to the old host does not end the star.
  const hosted = hostKnown(back, known.host, known.members, at)
  if (hosted.state !== back) return hosted
  const without = stepEach(back, gone, (now, peer) => peerLeft(now, peer, at))
  if (known.complete) return without
  return andThen(without, now => {
    const unmet = known.members.filter(peer => {
      const key = linkOf(now, peer)
      const link = key === null ? undefined : now.links.get(key)
      if (peer === now.self) return false
      return !link || link.phase === 'lost' || (link.phase === 'connecting' && link.initiator)
    })
    return stepEach(now, unmet, (then, peer) => dialMember(then, peer))
  })
}

const withLineBack = (state: RoomState, at: number): RoomState =>
  withEntry(state, { kind: 'notice', notice: 'line-back', name: '' }, at)

/** The owner has changed the room while nobody could tell us. */
const withSettings = (state: RoomState, settings: RoomSettings | undefined, at: number): RoomState => {
  const { name, password, peersMax } = settings ?? state.card
  const { card } = state
  if (card.name === name && card.password === password && card.peersMax === peersMax) return state
  const changed: RoomState = { ...state, card: { ...card, name, password, peersMax } }
  return withEntry(changed, { kind: 'notice', notice: 'changed', name: '' }, at)
}

const wasAway = ({ membership }: RoomState): boolean => membership.type !== 'joined'

/** Joins unless that is under way or done: the timer and the last peer's word may both ask for it. */
const rejoin = (state: RoomState): RoomStep => {
  const attempt = attemptOf(state)
  return attempt === null
    ? stepTo(state)
    : stepTo({ ...state, membership: { type: 'rejoining', attempt } }, { type: 'join' })
}

/** Null where there is nothing to wait for before joining. */
const attemptOf = ({ membership }: RoomState): number | null => {
  if (membership.type === 'waiting') return membership.attempt
  return membership.type === 'announcing' ? 0 : null
}

/** Every announcement is one of another id of ours. */
export const rejoinDue = (state: RoomState, self: PeerId, attempt: number): RoomStep =>
  self === state.self && attempt === attemptOf(state) ? rejoin(state) : stepTo(state)

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

/** A newcomer to the server, so whoever has no link to us calls us: what is broken here is theirs to mend now. */
export const rejoined = (state: RoomState, { host, hosting, settings }: Rejoined, at: number): RoomStep => {
  if (state.ended) return stepTo(state)
  const back = withLineBack({ ...state, membership: { type: 'joined' }, returned: true }, at)
  const joined = withSettings(back, settings, at)
  const broken = [...state.links].filter(([, link]) => link.phase !== 'ready')
  const waiting = stepEach(joined, broken, (now, [peer, link]) => {
    const attempt = link.attempt + 1
    const stage = { phase: 'lost', member: link.member } as const
    const lost = withLink(now, peer, linkAt(link, stage, { inRoom: 'unsure', attempt }))
    const timer = { kind: 'give-up', peer, attempt } as const
    return stepTo(lost, { type: 'hang-up', peer }, { type: 'timer', timer, ms: giveUpMs })
  })
  if (state.role === 'mesh' || host === undefined) return waiting
  return andThen(waiting, now => (hosting ? hostKnown(now, now.self, [], at) : hostKnown(now, host, [], at)))
}

const finalNotices = { 'wrong-password': 'password-changed', 'no-such-room': 'room-gone' } as const

/**
 * What may pass is asked for again, ever more rarely, and meanwhile the room goes on for those who are linked. Where it
 * cannot pass, the room is closed to everybody else, and what is broken stays broken.
 */
export const rejoinRejected = (state: RoomState, refusal: Refusal, at: number): RoomStep => {
  const { membership } = state
  if (state.ended || membership.type === 'offline') return stepTo(state)
  if (!isFinal(refusal)) {
    const attempt = membership.type === 'rejoining' ? membership.attempt + 1 : 1
    const waiting: RoomState = { ...state, membership: { type: 'waiting', refusal, attempt } }
    const ms = Math.min(tryLaterMs * 2 ** Math.min(attempt - 1, 10), tryLaterMsMax)
    return stepTo(waiting, { type: 'timer', timer: { kind: 'join', self: state.self, attempt }, ms })
  }
  if (refusal === 'kept-out') return closeRoom(state, { how: 'removed', reason: '' })
  if (refusal === 'sent-away') return closeRoom(state, { how: 'sent-away', reason: '' })
  if (refusal === 'room-ended') return closeRoom(state, { how: 'ended', reason: '' })
  if (refusal === 'room-closed') return closeRoom(state, { how: 'by-server', reason: '' })
  const notice = finalNotices[refusal === 'wrong-password' ? refusal : 'no-such-room']
  const lost = withServerNotice({ ...state, membership: { type: 'rejected', refusal } }, notice, at)
  const broken = [...state.links].filter(([, link]) => link.phase !== 'ready').map(([peer]) => peer)
  const without = stepEach(lost, broken, (now, peer) => removePeer(now, peer, at))
  const hostless = state.host !== null && !state.links.has(state.host)
  return hostless ? andThen(without, now => removePeer(now, state.host ?? now.self, at)) : without
}
