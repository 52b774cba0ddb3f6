/**
 * What a message from a peer does to the room: introductions, the roster, and handing on to chat, files and call. Pure.
 */
import { hostMember, type MemberId, memberId, type PeerId, roomItself } from '../wire/ids.ts'
import type { Member, PeerMessage, Person, Received } from '../wire/peer.ts'
import { callsFor, receiveCall } from './call-messages.ts'
import {
  andThen,
  broadcast,
  stepTo,
  withEntry,
  withLink,
  withMember,
  withoutLink,
  withoutMember,
} from './change.ts'
import { receiveChat, receiveChatEvent } from './chat.ts'
import { deliverOrRelay, fileAnnounced, fileWithdrawn, sendActiveOffers } from './file.ts'
import { requestHistory, skipHistory } from './history.ts'
import { moveAcked, peerMoved } from './membership.ts'
import { retransmit } from './outbox.ts'
import { rulesOf } from './role.ts'
import { nameOf } from './roster.ts'
import type { LinkState, RoomEffect, RoomState, RoomStep } from './state.ts'

export const receive = (state: RoomState, via: PeerId, received: Received, at: number): RoomStep => {
  const link = state.links.get(via)
  if (!link || state.ended) return stepTo(state)
  return andThen(onFrame(state, via, link, received, at), now => afterReady(now, via, link))
}

/** A link that has just become ready: what its peer missed, and what we missed. */
const afterReady = (state: RoomState, via: PeerId, before: LinkState): RoomStep => {
  const link = state.links.get(via)
  if (link?.phase !== 'ready') return stepTo(state)
  const again =
    before.phase === 'ready'
      ? stepTo(state)
      : andThen(retransmit(state, via), now => sendActiveOffers(now, via))
  return andThen(again, now => requestHistory(link.initiator ? skipHistory(now) : now))
}

const onFrame = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  received: Received,
  at: number,
): RoomStep => {
  const { message, source } = received
  switch (message.kind) {
    case 'hello':
      return hello(state, via, link, message, at)
    case 'knock':
      return knock(state, via, link, message)
    case 'admitted':
      return admitted(state, via, link, message)
    default:
      return onMessage(state, via, link, source, message, at)
  }
}

type Known = Exclude<PeerMessage, { kind: 'hello' | 'knock' | 'admitted' }>

/** What only somebody who has been let in may say. */
const onMessage = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  source: MemberId | null,
  message: Known,
  at: number,
): RoomStep => {
  const speaker = source ?? link.member
  if (message.kind === 'introduce') return introduce(state, via, link, speaker, message.person, at)
  if (link.phase !== 'ready') return stepTo(state)
  switch (message.kind) {
    case 'chat':
      return receiveChat(state, via, speaker, message, at)
    case 'ask-roster':
      return stepTo(state, ...rosterFor(state, via))
    case 'ask-card':
      return stepTo(state, cardFor(state, via))
    case 'roster':
      return stepTo(withRoster(state, message.members))
    case 'card': {
      const { name, password, peersMax } = message
      return stepTo({ ...state, card: { ...state.card, name, password, peersMax } })
    }
    case 'lost':
      return speaker === roomItself ? memberLost(state, message.id, at) : stepTo(state)
    case 'moved':
      return peerMoved(state, via, message.to)
    case 'signal':
      return stepTo(state, { type: 'signal', over: via, signal: message.signal })
    case 'moved-noted':
      return moveAcked(state, via)
    case 'reaction':
    case 'typing':
    case 'topic':
    case 'ack':
    case 'ask-history':
    case 'history':
      return receiveChatEvent(state, via, speaker, message, at)
    case 'file-announced':
      return fileAnnounced(state, via, speaker, message)
    case 'file-withdrawn':
      return fileWithdrawn(state, via, speaker, message)
    case 'file-signal':
    case 'direct':
      return deliverOrRelay(state, via, speaker, message)
    default:
      return receiveCall(state, via, speaker, message)
  }
}

/** Said once, until they have been calm for a while. Whoever has not introduced themselves has no name to say it of. */
export const withTooFast = (
  state: RoomState,
  via: PeerId,
  source: MemberId | null,
  at: number,
): RoomState => {
  const link = state.links.get(via)
  const name = nameOf(state, source) ?? nameOf(state, link?.member ?? null)
  return name === undefined ? state : withEntry(state, { kind: 'notice', notice: 'too-fast', name }, at)
}

const isSame = (state: RoomState, { id, name, avatar, caps }: Member): boolean => {
  const known = state.members.get(id)
  return (
    known?.name === name && known.avatar === avatar && JSON.stringify(known.caps) === JSON.stringify(caps)
  )
}

/**
 * In a mesh the newcomer introduces itself first; the initiator checks the password and answers. Later it is a rename.
 */
const hello = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'hello' }>,
  at: number,
): RoomStep => {
  const member = { ...message.person, id: memberId(via) }
  if (link.phase === 'ready') return stepTo(isSame(state, member) ? state : withMember(state, member))
  if (link.phase !== 'greeting') return stepTo(state)
  if (link.initiator && message.password !== state.card.password) return reject(state, via)
  const ready = withLink(state, via, { ...link, phase: 'ready', member: member.id })
  const answer: RoomEffect[] = link.initiator
    ? [{ type: 'send', over: via, source: memberId(state.self), message: ownHello(state) }]
    : []
  return andThen(stepTo(ready, ...answer), now => stepTo(memberArrived(now, via, member, at)))
}

const ownHello = (state: RoomState): PeerMessage => ({
  kind: 'hello',
  person: state.person,
  password: state.card.password,
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
const knock = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'knock' }>,
): RoomStep => {
  if (link.phase !== 'greeting') return stepTo(state)
  if (message.password !== state.card.password) return reject(state, via)
  const id = link.member ?? memberId(String(state.nextGuest))
  const nextGuest = link.member === null ? state.nextGuest + 1 : state.nextGuest
  const next = withLink(state, via, { ...link, phase: 'admitted', member: id })
  const answer = { kind: 'admitted', id } as const
  return stepTo({ ...next, nextGuest }, { type: 'send', over: via, source: hostMember, message: answer })
}

/** A guest: now it has a name to speak under. The original's host may say so again at any time. */
const admitted = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'admitted' }>,
): RoomStep => {
  if (link.phase !== 'greeting' && link.phase !== 'ready') return stepTo(state)
  const ready = withLink(state, via, { ...link, phase: 'ready', member: hostMember })
  const person = { kind: 'introduce', person: state.person } as const
  return stepTo(
    { ...ready, selfMember: message.id },
    { type: 'send', over: via, source: message.id, message: person },
  )
}

const introduce = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  speaker: MemberId | null,
  person: Person,
  at: number,
): RoomStep => {
  if (speaker === null || speaker === roomItself || speaker === state.selfMember) return stepTo(state)
  const member = { ...person, id: speaker }
  if (!rulesOf(state).relays) {
    if (link.phase !== 'ready' || isSame(state, member)) return stepTo(state)
    return stepTo(memberArrived(state, via, member, at))
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

const rosterFor = (state: RoomState, via: PeerId): RoomEffect[] => {
  const asker = state.links.get(via)?.member
  const others = [...state.members.values()].filter(({ id }) => id !== asker)
  const members = [...others, { ...state.person, id: hostMember }]
  return [{ type: 'send', over: via, source: roomItself, message: { kind: 'roster', members } }]
}

const cardFor = (state: RoomState, via: PeerId): RoomEffect => {
  const { name, password, peersMax } = state.card
  const message = { kind: 'card', name, password, peersMax, peers: state.members.size + 1 } as const
  return { type: 'send', over: via, source: roomItself, message }
}

/** The host's list is the whole truth; who is missing from it is gone, silently. */
const withRoster = (state: RoomState, members: readonly Member[]): RoomState => {
  const others = members.filter(({ id }) => id !== state.selfMember && id !== roomItself)
  return { ...state, members: new Map(others.map(member => [member.id, member] as const)) }
}

const memberLost = (state: RoomState, id: MemberId, at: number): RoomStep => {
  const name = nameOf(state, id)
  if (name === undefined || id === hostMember) return stepTo(state)
  return stepTo(withEntry(withoutMember(state, id), { kind: 'notice', notice: 'left', name }, at))
}
