/**
 * The one function through which a room changes: an event in, a new state and effects out. It is pure: no sockets, DOM,
 * timers or clock.
 */
import { chatUnitsMax, cut } from '../base/text.ts'
import { isEmoji } from '../wire/chat.ts'
import { reconcile, streamArrived, streamGone, withCall } from './call.ts'
import { announce, leaveCall, setMedia, setShownSize } from './call-messages.ts'
import { andThen, stepTo, withAttempts } from './change.ts'
import {
  canSpeak,
  deliveryTimeout,
  react,
  say,
  sendAgain,
  sendTopic,
  setTyping,
  typingTimeout,
} from './chat.ts'
import { directChanged, directDue, reconcileDirect } from './direct-calls.ts'
import { downlinkForgotten } from './downlink.ts'
import { addResumableFile, offerFiles, sendToMember, withdrawFile } from './file.ts'
import { dropAbsent, hostKnown } from './hand-over.ts'
import { historyTimeout } from './history.ts'
import {
  channelOpened,
  giveUp,
  handshakeTimeout,
  hostOffline,
  incomingOffer,
  linkClosed,
  linkSteady,
  peerJoined,
  peerLeft,
  redial,
} from './links.ts'
import { rejoinDue, rejoined, rejoinRejected, serverFound, serverLost } from './membership.ts'
import { fromNumbers } from './numbers.ts'
import { awayTimeout, reconcileOutbox } from './outbox.ts'
import { closeRoom, knocked, ownerActed, ownerKnown, ownerMuted } from './owner.ts'
import { receive, withTooFast } from './receive.ts'
import { reconcileSealing, sealDue, sealingChanged, unsealDue } from './sealing-steps.ts'
import { acceptsOffer, type RoomEvent, type RoomState, type RoomStep, type Timer } from './state.ts'

/** What follows from the room as it is, whatever has just happened to it, one after the other. */
const following: readonly ((before: RoomState, now: RoomState, at: number, event: RoomEvent) => RoomStep)[] =
  [
    (before, now, at, event) =>
      reconcileSealing(before, now, at, event.type === 'owner-act' ? event.act : null),
    reconcileOutbox,
    reconcileDirect,
    reconcile,
  ]

export const step = (state: RoomState, event: RoomEvent, at: number): RoomStep =>
  following.reduce(
    (step, follow) => andThen(step, now => follow(state, now, at, event)),
    taken(state, event, at),
  )

const taken = (state: RoomState, event: RoomEvent, at: number): RoomStep => {
  switch (event.type) {
    case 'peer-joined':
      return peerJoined(state, event.peer, at)
    case 'peer-left':
      return peerLeft(state, event.peer, at)
    case 'incoming-offer':
      return acceptsOffer(state, event.peer) ? incomingOffer(state, event.peer) : stepTo(state)
    case 'link-opened':
      return channelOpened(state, event.peer, at)
    case 'link-steady':
      return linkSteady(state, event.peer, event.steady, at)
    case 'link-closed':
      return linkClosed(state, event.peer, at, event.lost ?? false, event.obstacle ?? null)
    case 'received':
      return receivedFrame(state, event, at)
    case 'too-fast':
      return stepTo(withTooFast(state, event.via, event.source, at))
    case 'say': {
      const text = cut(event.text.trim(), chatUnitsMax)
      return text !== '' && canSpeak(state) ? say(state, { ...event, text }, at) : stepTo(state)
    }
    case 'offer-files':
      return offerFiles(state, event.files, event.id, at)
    case 'resumable-file':
      return addResumableFile(state, event.file, event.name, at)
    case 'withdraw-file':
      return withdrawFile(state, event.file)
    case 'send-file-signal':
      return sendToMember(state, { kind: 'file-signal', to: event.to, signal: event.signal })
    case 'send-direct-signal':
      return sendToMember(state, { kind: 'direct', to: event.to, ...event.about })
    case 'send-again':
      return sendAgain(state, event.message)
    case 'react':
      return isEmoji(event.emoji) ? react(state, event.to, event.emoji, event.on) : stepTo(state)
    case 'typing':
      return setTyping(state, event.on, at)
    case 'send-topic':
      return sendTopic(state, event.topic, event.data)
    case 'share-history':
      return stepTo({ ...state, sharesHistory: event.on })
    case 'timer':
      return timer(state, event.timer, at)
    case 'password-attempts':
      return stepTo(withAttempts(state, event.count, at))
    case 'room-closed':
      return state.closed ? stepTo(state) : closeRoom(state, { how: 'by-server', reason: '' })
    case 'server-lost':
      return serverLost(state, at)
    case 'server-found':
      return serverFound(state, event.self, event.known ?? null, at)
    case 'rejoined':
      return rejoined(state, event, at)
    case 'rejoin-refused':
      return rejoinRejected(state, event.refusal, at)
    case 'host-changed':
      return hostKnown(state, event.host, event.members, at)
    case 'owner-known':
      return ownerKnown(state, event.owner, event.knocking)
    case 'knock':
      return knocked(state, event.knock, event.on)
    case 'owner-act':
      return ownerActed(state, event.act, event.owner, at)
    case 'owner-muted':
      return ownerMuted(state, at)
    case 'call-announce':
      return state.ended ? stepTo(state) : announce(state, event.own)
    case 'call-leave':
      return leaveCall(state)
    case 'call-media':
      return setMedia(state, event.media)
    case 'call-show':
      return setShownSize(state, event.stream, event.size)
    case 'call-flows':
      return stepTo(withCall(state, { flows: event.flows }))
    case 'direct-offered':
    case 'direct-opened':
    case 'direct-closed':
    case 'direct-sizes':
      return directChanged(state, event)
    case 'stream-arrived':
      return streamArrived(state, event.via, event.stream)
    case 'stream-gone':
      return streamGone(state, event.via, event.stream)
    case 'network-changed':
      return downlinkForgotten(state)
    case 'sealing-failed':
    case 'sealing-status':
    case 'key-changed':
      return sealingChanged(state, event, at)
  }
}

const receivedFrame = (
  state: RoomState,
  { via, received }: Extract<RoomEvent, { type: 'received' }>,
  at: number,
): RoomStep => {
  if (state.links.get(via)?.phase === undefined) return stepTo(state)
  const known = fromNumbers(state, received)
  return receive(known.state, via, known.received, at)
}

const timer = (state: RoomState, due: Timer, at: number): RoomStep => {
  switch (due.kind) {
    case 'dial':
      return redial(state, due.peer, due.attempt)
    case 'handshake':
      return handshakeTimeout(state, due.peer, due.attempt, at)
    case 'give-up':
      return giveUp(state, due.peer, due.attempt, at)
    case 'join':
      return rejoinDue(state, due.self, due.attempt)
    case 'regroup':
      return dropAbsent(state, due.term, at)
    case 'host-offline':
      return hostOffline(state, due.host, at)
    case 'typing':
      return typingTimeout(state, due.member, due.until)
    case 'delivery':
      return deliveryTimeout(state, due.id)
    case 'history':
      return historyTimeout(state, due.peer)
    case 'seal':
      return sealDue(state, at)
    case 'unseal':
      return unsealDue(state)
    case 'direct':
      return directDue(state, due.member)
    case 'away':
      return awayTimeout(state, due.member, due.since)
  }
}
