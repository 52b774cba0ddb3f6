/** What a message about a call does to the room's state, and which messages we send about our own part. Pure. */
import type { StreamSize } from '../wire/call.ts'
import { type MemberId, type PeerId, roomItself, type StreamId } from '../wire/ids.ts'
import type { Announced, CallMessage, Media, PeerMessage } from '../wire/peer.ts'
import {
  available,
  callLink,
  isOwn,
  linkTo,
  ownerOf,
  request,
  withCall,
  withCaller,
  withCallLink,
  withoutAwaited,
  withoutCaller,
} from './call.ts'
import { broadcast, stepTo } from './change.ts'
import { rulesOf } from './role.ts'
import { capsOf, type RoomEffect, type RoomState, type RoomStep } from './state.ts'

export const receiveCall = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: CallMessage,
): RoomStep => {
  switch (message.kind) {
    case 'want-stream':
      return streamRequested(state, via, message.stream)
    case 'sizes':
      return stepTo(withCallLink(state, via, { sizes: displaySizes(state, via, message.sizes) }))
    case 'calls':
      return speaker === roomItself ? stepTo(withCalls(state, message.calls)) : stepTo(state)
    default: {
      const isMember = speaker !== null && speaker !== state.selfMember && state.members.has(speaker)
      return isMember ? receiveMemberMessage(state, via, speaker, message) : stepTo(state)
    }
  }
}

type MemberMessage = Extract<CallMessage, { kind: 'join-call' | 'leave-call' | 'streams' | 'media' }>

/** A message about a member of the room, from them or relayed. */
const receiveMemberMessage = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId,
  message: MemberMessage,
): RoomStep => {
  const known = state.call.members.get(speaker)
  switch (message.kind) {
    case 'join-call':
      return memberJoined(state, via, speaker, message)
    case 'leave-call':
      return memberLeft(withoutAwaited(state, 'callers', [speaker]), via, speaker)
    case 'streams': {
      const streams = message.announced.streams.filter(({ id }) => isFree(state, id, speaker))
      const announced = { streams, media: message.announced.media ?? known?.media ?? null }
      const next = withCaller(withoutAwaited(state, 'callers', [speaker]), speaker, announced)
      return passOn(next, via, speaker, { kind: 'streams', announced })
    }
    case 'media':
      if (!known) return stepTo(state)
      return passOn(withCaller(state, speaker, { ...known, media: message.media }), via, speaker, message)
  }
}

/** Who leaves no longer looks on. What is at the far end of a guest's link, though, is all the others too. */
const memberLeft = (state: RoomState, via: PeerId, speaker: MemberId): RoomStep => {
  const without = withoutCaller(state, speaker)
  const ownLink = state.links.get(via)?.member === speaker && !rulesOf(state).peerRelays
  const paused = ownLink && state.call.members.has(speaker) ? republish(without, via) : []
  // An original page that comes back shows the very streams it had, so they stay, without tracks while it is away.
  const forgets = ownLink && capsOf(state, via).media
  const next = forgets ? withCallLink(without, via, { asked: new Set(), sizes: new Map() }) : without
  const passed = passOn(next, via, speaker, { kind: 'leave-call' })
  return { state: passed.state, effects: [...(forgets ? [] : paused), ...passed.effects] }
}

const republish = (state: RoomState, over: PeerId): RoomEffect[] =>
  [...callLink(state, over).sent].map(stream => ({ type: 'publish', over, stream }))

/** Nobody announces what is somebody else's. */
const isFree = (state: RoomState, stream: StreamId, speaker: MemberId): boolean => {
  const owner = ownerOf(state, stream)
  return !isOwn(state, stream) && (owner === null || owner === speaker)
}

const memberJoined = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId,
  message: Extract<CallMessage, { kind: 'join-call' }>,
): RoomStep => {
  const known = state.call.members.has(speaker)
  const next = known ? state : withCaller(state, speaker, { streams: [], media: null })
  const resumed = known ? [] : republish(next, via)
  const { own } = state.call
  const source = state.selfMember
  if (rulesOf(state).greetsCallers && own && source !== null && !message.reply) {
    const say = (message: PeerMessage): RoomEffect => ({ type: 'send', over: via, source, message })
    const answer = [say({ kind: 'join-call', reply: true }), say({ kind: 'streams', announced: own })]
    return stepTo(next, ...resumed, ...answer)
  }
  const calls = rulesOf(state).relays && !known ? [callsFor(next, via)] : []
  const passed = passOn(next, via, speaker, { kind: 'join-call', reply: true })
  return { state: passed.state, effects: [...resumed, ...calls, ...passed.effects] }
}

/** Only a host passes on. Words of our own go to those who know them. */
const passOn = (state: RoomState, via: PeerId, speaker: MemberId, message: PeerMessage): RoomStep => {
  if (!rulesOf(state).relays) return stepTo(state)
  const others = broadcast(state, speaker, message, via)
  return stepTo(state, ...(message.kind === 'media' ? toCapable(state, others) : others))
}

const toCapable = (state: RoomState, effects: readonly RoomEffect[]): RoomEffect[] =>
  effects.filter(effect => effect.type !== 'send' || capsOf(state, effect.over).media)

const streamRequested = (state: RoomState, via: PeerId, stream: StreamId): RoomStep => {
  const link = callLink(state, via)
  const owner = ownerOf(state, stream)
  if (isOwn(state, stream) || (rulesOf(state).relays && owner !== null)) {
    if (!link.asked.has(stream))
      return stepTo(withCallLink(state, via, { asked: new Set(link.asked).add(stream) }))
    if (link.sent.has(stream)) return stepTo(state)
    // Asked again, because it has not come: perhaps our own request was lost on its owner.
    const ownersLink = owner === null ? null : linkTo(state, owner)
    if (ownersLink === null || ownersLink === via) return stepTo(state)
    return stepTo(state, ...request(state, ownersLink, stream))
  }
  return rulesOf(state).relays ? stepTo(state, callsFor(state, via)) : stepTo(state)
}

const displaySizes = (
  state: RoomState,
  via: PeerId,
  sizes: ReadonlyMap<StreamId, StreamSize>,
): ReadonlyMap<StreamId, StreamSize> => {
  const member = state.links.get(via)?.member ?? null
  const { sizes: before } = callLink(state, via)
  return new Map([...before, ...sizes].filter(([stream]) => available(state, stream, member)))
}

/** The host's list is the whole truth, as soon as it knows everybody. What it says twice is the first one's. */
const withCalls = (before: RoomState, calls: ReadonlyMap<MemberId, Announced>): RoomState => {
  const state = withoutAwaited(before, 'callers', [...calls.keys()])
  const awaited = [...state.call.members].filter(([id]) => state.regrouping.callers.has(id))
  const emptied = withCall(state, { members: new Map(awaited) })
  return [...calls].reduce((now, [id, { streams, media }]) => {
    if (id === state.selfMember || id === roomItself) return now
    return withCaller(now, id, { streams: streams.filter(it => isFree(now, it.id, id)), media })
  }, emptied)
}

/** Everybody in the call, for a guest: the host too, and the guest itself, which passes over that. */
export const callsFor = (state: RoomState, via: PeerId): RoomEffect => {
  const { own, members } = state.call
  const all: [MemberId, Announced][] = [...members]
  if (own && state.selfMember !== null) all.push([state.selfMember, own])
  return { type: 'send', over: via, source: roomItself, message: { kind: 'calls', calls: new Map(all) } }
}

/** We join with these streams, or go on with others. The original wants the joining said first. */
export const announce = (state: RoomState, own: Announced): RoomStep => {
  const next = withCall(state, { own })
  const source = state.selfMember
  const joins = state.call.own ? [] : broadcast(next, source, { kind: 'join-call', reply: false })
  return stepTo(next, ...joins, ...broadcast(next, source, { kind: 'streams', announced: own }))
}

export const leaveCall = (state: RoomState): RoomStep => {
  if (!state.call.own) return stepTo(state)
  const next = withCall(state, { own: null, shown: new Map() })
  return stepTo(next, ...broadcast(next, state.selfMember, { kind: 'leave-call' }))
}

export const setMedia = (state: RoomState, media: Media): RoomStep => {
  const { own } = state.call
  if (!own) return stepTo(state)
  const next = withCall(state, { own: { ...own, media } })
  return stepTo(next, ...toCapable(next, broadcast(next, state.selfMember, { kind: 'media', media })))
}

export const setShownSize = (state: RoomState, stream: StreamId, size: StreamSize): RoomStep => {
  if (ownerOf(state, stream) === null) return stepTo(state)
  if ((state.call.shown.get(stream) ?? 'large') === size) return stepTo(state)
  return stepTo(withCall(state, { shown: new Map(state.call.shown).set(stream, size) }))
}
