/**
 * What a message from a peer does to the room: what a host says of it, and handing on to introductions, chat, files and
 * call. Pure.
 */
import { type MemberId, type PeerId, roomItself } from '../wire/ids.ts'
import type { Member, PeerMessage, Received } from '../wire/peer.ts'
import { withoutAwaited } from './call.ts'
import { receiveCall } from './call-messages.ts'
import { andThen, stepTo, withEntry, withLeft } from './change.ts'
import { passOnBox, receiveChat, receiveChatEvent } from './chat.ts'
import { downlinkFound } from './downlink.ts'
import { deliverOrRelay, fileAnnounced, fileWithdrawn, passOnSealed, sendOffers } from './file.ts'
import { requestHistory, skipHistory } from './history.ts'
import { admitted, cardFor, hello, introduce, knock, rosterFor } from './introductions.ts'
import { moveAcked, peerMoved } from './membership.ts'
import { hostOf } from './numbers.ts'
import { retransmit } from './outbox.ts'
import { nameOf } from './roster.ts'
import { isBelieved } from './sealing.ts'
import { capsOf, hostedByServer, type LinkState, type RoomState, type RoomStep } from './state.ts'

export const receive = (state: RoomState, via: PeerId, received: Received, at: number): RoomStep => {
  const link = state.links.get(via)
  if (!link || state.ended) return stepTo(state)
  const met = capsOf(state, via).files
  return andThen(onFrame(state, via, link, received, at), now => afterReady(now, via, link, met))
}

/**
 * A link that has just become ready: what its peer missed, and what we missed. A guest learns a little later what its host
 * can do: `met` is whether that was known before.
 */
const afterReady = (state: RoomState, via: PeerId, before: LinkState, met: boolean): RoomStep => {
  const link = state.links.get(via)
  if (link?.phase !== 'ready') return stepTo(state)
  const fresh = before.phase !== 'ready'
  const again = fresh ? retransmit(state, via) : stepTo(state)
  const offered =
    fresh || (!met && capsOf(state, via).files) ? andThen(again, now => sendOffers(now, via)) : again
  return andThen(offered, now => requestHistory(link.initiator ? skipHistory(now) : now))
}

const onFrame = (
  state: RoomState,
  via: PeerId,
  link: LinkState,
  received: Received,
  at: number,
): RoomStep => {
  const { message, source } = received
  if (!isBelieved(state, source ?? link.member, received)) return stepTo(state)
  switch (message.kind) {
    case 'hello':
      return hello(state, via, link, message, at)
    case 'knock':
      return knock(state, via, link, message, at)
    case 'admitted':
      return admitted(state, via, link, message, at)
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
  if (message.kind === 'introduce') return introduce(state, via, link, speaker, message, at)
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
    case 'downlink':
      return downlinkFound(state, via, message, at)
    // Opened apart, where anybody can.
    case 'sealed':
      return passOnBox(state, via, speaker, message)
    case 'sealed-for':
    case 'keys':
      return passOnSealed(state, via, speaker, message)
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

/**
 * The host's list is the whole truth, as soon as it knows everybody; who is missing from it is gone, silently. A server that is
 * the host itself is listed for original pages, and is nobody.
 */
const withRoster = (before: RoomState, listed: readonly Member[]): RoomState => {
  const state = withoutAwaited(
    before,
    'members',
    listed.map(({ id }) => id),
  )
  const server = hostedByServer(state) ? listed.find(({ id }) => id === hostOf(state)) : undefined
  const others = listed.filter(it => it.id !== state.selfMember && it.id !== roomItself && it !== server)
  const awaited = [...state.members].filter(([id]) => state.regrouping.members.has(id))
  return {
    ...state,
    hostCaps: server?.caps ?? null,
    members: new Map([...awaited, ...others.map(member => [member.id, member] as const)]),
  }
}

const memberLost = (state: RoomState, id: MemberId, at: number): RoomStep => {
  const name = nameOf(state, id)
  if (name === undefined || id === hostOf(state)) return stepTo(state)
  return stepTo(withLeft(state, id, name, at))
}
