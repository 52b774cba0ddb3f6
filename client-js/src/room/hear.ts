/** Owns what a message from a peer does to the room: introductions, roster, chat, and passing on. Pure. */
import { hostMember, type MemberId, memberId, type PeerId, roomItself } from '../wire/ids.ts'
import type { Member, PeerMessage, Person, Received } from '../wire/peer.ts'
import {
  andThen,
  noted,
  paced,
  still,
  toEveryone,
  withLink,
  withMember,
  withoutLink,
  withoutMember,
} from './change.ts'
import { hearChat, hearChatWord } from './chat.ts'
import { addressed, fileAnnounced, fileWithdrawn, tellStanding } from './file.ts'
import { askForHistory, cameFirst } from './history.ts'
import { sayAgain } from './owed.ts'
import { movedNoted, peerMoved } from './seat.ts'
import type { LinkState, RoomEffect, RoomState, Step } from './state.ts'
import { callsFor, hearCall } from './voice.ts'

export const hear = (state: RoomState, via: PeerId, received: Received, at: number): Step => {
  const link = state.links.get(via)
  if (!link || state.ended) return still(state)
  return andThen(taken(state, via, link, received, at), now => settled(now, via, link))
}

/** A link that has just become ready: what its peer missed, and what we missed. */
const settled = (state: RoomState, via: PeerId, before: LinkState): Step => {
  const link = state.links.get(via)
  if (link?.phase !== 'ready') return still(state)
  const again =
    before.phase === 'ready' ? still(state) : andThen(sayAgain(state, via), now => tellStanding(now, via))
  return andThen(again, now => askForHistory(link.dialled ? cameFirst(now) : now))
}

const taken = (state: RoomState, via: PeerId, link: LinkState, received: Received, at: number): Step => {
  const { message, source } = received
  switch (message.kind) {
    case 'hello':
      return hello(state, via, link, message, at)
    case 'knock':
      return knock(state, via, link, message)
    case 'admitted':
      return admitted(state, via, link, message)
    default:
      return hearKnown(state, via, link, source, message, at)
  }
}

type Known = Exclude<PeerMessage, { kind: 'hello' | 'knock' | 'admitted' }>

/** What only somebody who has been let in may say. */
const hearKnown = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  source: MemberId | null,
  message: Known,
  at: number,
): Step => {
  const speaker = source ?? link.member
  if (message.kind === 'introduce') return introduce(state, via, link, speaker, message.person, at)
  if (link.phase !== 'ready') return still(state)
  switch (message.kind) {
    case 'chat':
      return hearChat(state, via, speaker, message, at)
    case 'ask-roster':
      return still(state, ...rosterFor(state, via))
    case 'ask-card':
      return still(state, cardFor(state, via))
    case 'roster':
      return still(withRoster(state, message.members))
    case 'card': {
      const { name, password, peersMax } = message
      return still({ ...state, card: { ...state.card, name, password, peersMax } })
    }
    case 'lost':
      return speaker === roomItself ? lost(state, via, message.id, at) : still(state)
    case 'moved':
      return peerMoved(state, via, message.to)
    case 'signal':
      return still(state, { type: 'signal', over: via, signal: message.signal })
    case 'moved-noted':
      return movedNoted(state, via)
    case 'reaction':
    case 'typing':
    case 'heard':
    case 'ask-history':
    case 'history':
      return hearChatWord(state, via, speaker, message, at)
    case 'file-announced':
      return fileAnnounced(state, via, speaker, message, at)
    case 'file-withdrawn':
      return fileWithdrawn(state, via, speaker, message)
    case 'file-signal':
    case 'direct':
      return addressed(state, via, speaker, message)
    default:
      return hearCall(state, via, speaker, message, at)
  }
}

/** A mesh: the newcomer speaks first, the one who dialled checks the password and answers. Later it is a rename. */
const hello = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'hello' }>,
  at: number,
): Step => {
  const member = { ...message.person, id: memberId(via) }
  if (link.phase === 'ready') return still(withMember(state, member))
  if (link.phase !== 'greeting') return still(state)
  if (link.dialled && message.password !== state.card.password) return turnAway(state, via)
  const ready = withLink(state, via, { ...link, phase: 'ready', member: member.id })
  const answer: RoomEffect[] = link.dialled
    ? [{ type: 'send', over: via, source: memberId(state.self), message: ownHello(state) }]
    : []
  return andThen(still(ready, ...answer), now => still(arrived(now, via, member, at)))
}

const ownHello = (state: RoomState): PeerMessage => ({
  kind: 'hello',
  person: state.person,
  password: state.card.password,
})

/** No notice for somebody who was only out of touch, or was here before us. A host passes on who has just come. */
const arrived = (state: RoomState, via: PeerId, member: Member, at: number): RoomState => {
  const known = state.members.has(member.id)
  const listed = withMember(state, member)
  const link = state.links.get(via)
  if (known || (link?.member === member.id && !link.cameLater)) return listed
  const { state: next, kept } = paced(listed, via, member.name, at)
  return kept ? noted(next, { kind: 'notice', notice: 'joined', name: member.name }, at) : next
}

const turnAway = (state: RoomState, via: PeerId): Step =>
  still(withoutLink(state, via), { type: 'hang-up', peer: via })

/** A star's host: lets a guest in and gives it a number, the same one if only the link was new. */
const knock = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'knock' }>,
): Step => {
  if (link.phase !== 'greeting') return still(state)
  if (message.password !== state.card.password) return turnAway(state, via)
  const id = link.member ?? memberId(String(state.nextGuest))
  const nextGuest = link.member === null ? state.nextGuest + 1 : state.nextGuest
  const next = withLink(state, via, { ...link, phase: 'admitted', member: id })
  const answer = { kind: 'admitted', id } as const
  return still({ ...next, nextGuest }, { type: 'send', over: via, source: hostMember, message: answer })
}

/** A guest: now it has a name to speak under. The original's host may say so again at any time. */
const admitted = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  message: Extract<PeerMessage, { kind: 'admitted' }>,
): Step => {
  if (link.phase !== 'greeting' && link.phase !== 'ready') return still(state)
  const ready = withLink(state, via, { ...link, phase: 'ready', member: hostMember })
  const person = { kind: 'introduce', person: state.person } as const
  return still(
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
): Step => {
  if (speaker === null || speaker === roomItself || speaker === state.selfMember) return still(state)
  const member = { ...person, id: speaker }
  if (!state.topology.relays) return still(link.phase === 'ready' ? arrived(state, via, member, at) : state)
  if (link.phase !== 'admitted' && link.phase !== 'ready') return still(state)
  const listed = arrived(withLink(state, via, { ...link, phase: 'ready' }), via, member, at)
  const others = toEveryone(listed, speaker, { kind: 'introduce', person }, via)
  return still(listed, ...(link.phase === 'admitted' ? welcome(listed, via) : []), ...others)
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

const lost = (state: RoomState, via: PeerId, id: MemberId, at: number): Step => {
  const name = state.members.get(id)?.name
  if (name === undefined || id === hostMember) return still(state)
  const { state: next, kept } = paced(withoutMember(state, id), via, name, at)
  return still(kept ? noted(next, { kind: 'notice', notice: 'left', name }, at) : next)
}
