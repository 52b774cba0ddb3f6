/**
 * How people get to know each other over a link that has just opened, and what they are told of the room. Who somebody is
 * they say themselves, by the id of their stay; that they are not somebody else who is here is seen to here. Pure.
 */
import { hostNumber, type MemberId, memberId, type PeerId, roomItself } from '../wire/ids.ts'
import type { Member, PeerMessage } from '../wire/peer.ts'
import { withoutAwaited } from './call.ts'
import { callsFor } from './call-messages.ts'
import {
  andThen,
  broadcast,
  stepEach,
  stepTo,
  withEntry,
  withLink,
  withMember,
  withoutLink,
} from './change.ts'
import { withHostTold } from './hand-over.ts'
import { removeMember } from './links.ts'
import { numberOf, withNumber } from './numbers.ts'
import { comeBack } from './outbox.ts'
import { rulesOf } from './role.ts'
import { nameOf } from './roster.ts'
import type { LinkState, RoomEffect, RoomState, RoomStep } from './state.ts'

const isSame = (state: RoomState, member: Member): boolean =>
  JSON.stringify(state.members.get(member.id)) === JSON.stringify(member)

/**
 * In a mesh the newcomer introduces itself first; the initiator checks the password and answers. Later it is a rename.
 */
export const hello = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'hello' }>,
  at: number,
): RoomStep => {
  if (link.phase === 'ready') {
    const member = { ...message.person, id: link.member }
    return stepTo(isSame(state, member) ? state : withMember(state, member))
  }
  if (link.phase !== 'greeting') return stepTo(state)
  if (link.initiator && message.password !== state.card.password) return reject(state, via)
  const id = mayBe(state, via, message.member) ?? memberId(via)
  const answer: RoomEffect[] = link.initiator
    ? [{ type: 'send', over: via, source: state.stay, message: ownHello(state) }]
    : []
  const known = takeOver(state, via, id, at)
  return andThen(known, now => {
    const ready = withLink(now, via, {
      ...(now.links.get(via) ?? link),
      phase: 'ready',
      member: id,
      steady: true,
    })
    return stepTo(memberArrived(ready, via, { ...message.person, id }, at), ...answer)
  })
}

/**
 * The id that somebody says they have; null for whoever says none, or another's. It is another's while the link to that
 * one carries words: whoever comes back has lost that link, or will have in a moment.
 */
const mayBe = (state: RoomState, via: PeerId, said: MemberId | null | undefined): MemberId | null => {
  if (!said || said === state.stay) return null
  const other = linksOf(state, said).find(([peer]) => peer !== via)?.[1]
  return other?.phase === 'ready' && other.steady ? null : said
}

const linksOf = (state: RoomState, member: MemberId): [PeerId, LinkState][] =>
  [...state.links].filter(([, link]) => link.member === member)

/**
 * The link is this member's from now on. One that led to them before is over, and what waited for it goes on here. Whoever
 * this link led to before is gone: a page that was loaded anew and remembers nothing.
 */
const takeOver = (state: RoomState, via: PeerId, member: MemberId, at: number): RoomStep => {
  const before = state.links.get(via)?.member ?? null
  const others = linksOf(state, member).filter(([peer]) => peer !== via)
  const taken = stepEach(state, others, (now, [peer, { unacked, cameLater }]) => {
    const link = now.links.get(via)
    const without = withoutLink(now, peer)
    const heir = link
      ? withLink(without, via, { ...link, cameLater, unacked: [...unacked, ...link.unacked] })
      : without
    return stepTo(heir, { type: 'hang-up', peer })
  })
  const back = andThen(taken, now => stepTo(comeBack(now, via, member)))
  if (before === null || before === member) return back
  return andThen(back, now => removeMember(now, before, at))
}

const ownHello = (state: RoomState): PeerMessage => ({
  kind: 'hello',
  person: state.person,
  password: state.card.password,
  member: state.stay,
})

/** No notice for somebody who was only out of touch, or was here before us. A host passes on who has just come. */
const memberArrived = (state: RoomState, via: PeerId, member: Member, at: number): RoomState => {
  const known = state.members.has(member.id)
  const listed = withMember(state, member)
  const link = state.links.get(via)
  const name = nameOf(listed, member.id)
  // In a room as full as it may look nobody more is listed.
  if (known || name === undefined || (link?.member === member.id && !link.cameLater)) return listed
  return withEntry(listed, { kind: 'notice', notice: 'joined', name }, at)
}

const reject = (state: RoomState, via: PeerId): RoomStep =>
  stepTo(withoutLink(state, via), { type: 'hang-up', peer: via })

/** A star's host: lets a guest in and gives it a number, the same one if only the link was new. */
export const knock = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'knock' }>,
  at: number,
): RoomStep => {
  if (link.phase !== 'greeting') return stepTo(state)
  if (message.password !== state.card.password) return reject(state, via)
  const number = memberId(String(state.nextGuest))
  const id = mayBe(state, via, message.member) ?? link.member ?? number
  return andThen(takeOver(state, via, id, at), now => {
    const numbered = numberOf(now, id) === id && (id === number || Boolean(message.member))
    const placed = numbered ? { ...withNumber(now, number, id), nextGuest: now.nextGuest + 1 } : now
    const next = withLink(placed, via, {
      ...(placed.links.get(via) ?? link),
      phase: 'admitted',
      member: id,
      steady: true,
    })
    const answer = { kind: 'admitted', id, host: now.stay } as const
    return stepTo(next, { type: 'send', over: via, source: now.stay, message: answer })
  })
}

/** A guest: now it has a name to speak under. The original's host may say so again at any time. */
export const admitted = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'admitted' }>,
  at: number,
): RoomStep => {
  if (link.phase !== 'greeting' && link.phase !== 'ready') return stepTo(state)
  const { stay } = state
  const host = !message.host || message.host === stay ? hostNumber : message.host
  const placed = withNumber(withNumber(state, hostNumber, host), message.id, stay)
  const ready = withLink(placed, via, { ...link, phase: 'ready', member: host, expected: false })
  const person = { kind: 'introduce', person: state.person, member: stay } as const
  const told = withHostTold({ ...ready, selfMember: stay }, host, at)
  return stepTo(told, { type: 'send', over: via, source: stay, message: person })
}

export const introduce = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  speaker: MemberId | null,
  { person, peer }: Extract<PeerMessage, { kind: 'introduce' }>,
  at: number,
): RoomStep => {
  if (speaker === null || speaker === roomItself || speaker === state.selfMember) return stepTo(state)
  const member = { ...person, id: speaker }
  if (!rulesOf(state).relays) {
    if (link.phase !== 'ready') return stepTo(state)
    const named = withoutAwaited(state, 'members', [speaker])
    const known = { ...member, ...(peer !== undefined && { peer }) }
    return stepTo(isSame(named, known) ? named : memberArrived(named, via, known, at))
  }
  if (link.phase !== 'admitted' && link.phase !== 'ready') return stepTo(state)
  if (link.phase === 'ready') {
    if (isSame(state, member)) return stepTo(state)
    return stepTo(withMember(state, member), ...broadcast(state, speaker, { kind: 'introduce', person }, via))
  }
  const listed = memberArrived(withLink(state, via, { ...link, phase: 'ready' }), via, member, at)
  const others = broadcast(listed, speaker, { kind: 'introduce', person }, via)
  return stepTo(listed, ...welcome(listed, via), ...others)
}

/** Roster, card, calls: the order in which the original's guests expect them. */
const welcome = (state: RoomState, via: PeerId): RoomEffect[] => [
  ...rosterFor(state, via),
  cardFor(state, via),
  callsFor(state, via),
]

export const rosterFor = (state: RoomState, via: PeerId): RoomEffect[] => {
  const asker = state.links.get(via)?.member
  const others = [...state.members.values()].filter(({ id }) => id !== asker)
  const members = [...others, { ...state.person, id: state.stay }]
  return [{ type: 'send', over: via, source: roomItself, message: { kind: 'roster', members } }]
}

export const cardFor = (state: RoomState, via: PeerId): RoomEffect => {
  const { name, password, peersMax } = state.card
  const message = { kind: 'card', name, password, peersMax, peers: state.members.size + 1 } as const
  return { type: 'send', over: via, source: roomItself, message }
}
