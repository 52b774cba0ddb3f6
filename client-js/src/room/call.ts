/**
 * What a room knows of its call: who is in it with which streams, who asked for which of them over which link, and what
 * follows from that. Asking and sending are not decided message by message: after every step `reconcile` compares what
 * should be with what is. Pure; the streams themselves are elsewhere.
 */
import type { StreamAbout, StreamSize } from '../wire/call.ts'
import { directMember, type MemberId, nobody, type PeerId, roomItself, type StreamId } from '../wire/ids.ts'
import type { Announced, Media, PeerMessage } from '../wire/peer.ts'
import type { TrackKind } from '../wire/signal.ts'
import { stepEach, stepTo } from './change.ts'
import type { Downlink } from './downlink.ts'
import { rulesOf } from './role.ts'
import { capsOf, type RoomEffect, type RoomState, type RoomStep, readyLinks } from './state.ts'

/** What a call is to one link. It ends with the link; over the next one everything is asked for anew. */
export type CallLink = {
  /** What the far end has asked us for. */
  readonly asked: ReadonlySet<StreamId>
  /** What we send it. */
  readonly sent: ReadonlySet<StreamId>
  /** What we have asked it for. */
  readonly wanted: ReadonlySet<StreamId>
  /** What has come from it. */
  readonly arrived: ReadonlySet<StreamId>
  /** How large the far end shows what we send, where it says so. */
  readonly sizes: ReadonlyMap<StreamId, StreamSize>
  /** How large we have told it that we need what it sends; `large` where we have said nothing. */
  readonly told: ReadonlyMap<StreamId, StreamSize>
}

/** Our own part in the call, and what comes over links. */
export type CallEvent =
  | { type: 'call-announce'; own: Announced }
  | { type: 'call-leave' }
  | { type: 'call-media'; media: Media }
  | { type: 'call-show'; stream: StreamId; size: StreamSize }
  | { type: 'call-flows'; flows: Flows }
  | { type: 'stream-arrived'; via: PeerId; stream: StreamId }
  | { type: 'stream-gone'; via: PeerId; stream: StreamId }
  | { type: 'network-changed' }

/** Of which streams packets come at the moment, sound or pictures, over which link. Known while some are direct. */
export type Flows = ReadonlyMap<PeerId, ReadonlyMap<StreamId, ReadonlySet<TrackKind>>>

/**
 * A connection of our own to another guest of a star for the call. `resting`: it came to nothing, and is tried again later.
 * `carried`: those of their streams that we see and hear over it. `ending`: everything is to go through the host again, and
 * it stays until it does. `late`: it has waited for that long enough, as far as pictures go.
 */
export type DirectCall = {
  readonly phase: 'connecting' | 'open' | 'resting' | 'asked'
  readonly carried: ReadonlySet<StreamId>
  readonly ending: boolean
  readonly late: boolean
}

export type RoomCall = {
  /** Null while we are not in the call. */
  readonly own: Announced | null
  /** The others who are. */
  readonly members: ReadonlyMap<MemberId, Announced>
  readonly links: ReadonlyMap<PeerId, CallLink>
  /** How large we show what others send, where that is not `large`. */
  readonly shown: ReadonlyMap<StreamId, StreamSize>
  /** What our downlink takes of a call that goes through the server. */
  readonly downlink: Downlink | null
  readonly direct: ReadonlyMap<MemberId, DirectCall>
  readonly flows: Flows
}

export const noFlows: Flows = new Map()

export const noCall: RoomCall = {
  own: null,
  members: new Map(),
  links: new Map(),
  shown: new Map(),
  downlink: null,
  direct: new Map(),
  flows: noFlows,
}

/** Streams nobody asked for fill no memory. */
const arrivedMax = 200

export const withCall = (state: RoomState, change: Partial<RoomCall>): RoomState => ({
  ...state,
  call: { ...state.call, ...change },
})

export const callLink = (state: RoomState, peer: PeerId): CallLink =>
  state.call.links.get(peer) ?? {
    asked: new Set(),
    sent: new Set(),
    wanted: new Set(),
    arrived: new Set(),
    sizes: new Map(),
    told: new Map(),
  }

export const withCallLink = (state: RoomState, peer: PeerId, change: Partial<CallLink>): RoomState =>
  withCall(state, { links: new Map(state.call.links).set(peer, { ...callLink(state, peer), ...change }) })

export const withCaller = (state: RoomState, id: MemberId, announced: Announced): RoomState =>
  withCall(state, { members: new Map(state.call.members).set(id, announced) })

export const withoutCaller = (state: RoomState, id: MemberId): RoomState => {
  const members = new Map(state.call.members)
  members.delete(id)
  return withCall(state, { members })
}

/** The host has spoken of them. */
export const withoutAwaited = (
  state: RoomState,
  kind: keyof RoomState['regrouping'],
  ids: readonly MemberId[],
): RoomState => {
  const awaited = new Set(state.regrouping[kind])
  const found = ids.filter(id => awaited.delete(id))
  return found.length === 0 ? state : { ...state, regrouping: { ...state.regrouping, [kind]: awaited } }
}

/** Whose stream it is, among the others. */
export const ownerOf = (state: RoomState, stream: StreamId): MemberId | null => {
  for (const [id, { streams }] of state.call.members) if (streams.some(it => it.id === stream)) return id
  return null
}

export const isOwn = (state: RoomState, stream: StreamId): boolean =>
  state.call.own?.streams.some(({ id }) => id === stream) ?? false

export const aboutOf = (state: RoomState, stream: StreamId): StreamAbout | null => {
  const owner = ownerOf(state, stream)
  const announced = isOwn(state, stream) ? state.call.own : owner && state.call.members.get(owner)
  return announced?.streams.find(({ id }) => id === stream) ?? null
}

/** The link over which somebody's streams come; null while there is none. */
export const linkTo = (state: RoomState, member: MemberId): PeerId | null => {
  for (const peer of readyLinks(state)) {
    if (rulesOf(state).peerRelays || state.links.get(peer)?.member === member) return peer
  }
  return null
}

export const streamArrived = (state: RoomState, via: PeerId, stream: StreamId): RoomStep => {
  const { arrived } = callLink(state, via)
  if (state.links.get(via)?.phase !== 'ready' || arrived.size >= arrivedMax) return stepTo(state)
  const next = withCallLink(state, via, { arrived: new Set(arrived).add(stream) })
  const owned = ownerOf(state, stream) === state.links.get(via)?.member
  // What is passed on already goes on with the tracks of the new link.
  const again = rulesOf(state).relays && owned ? [...state.call.links] : []
  return stepTo(
    next,
    ...again.flatMap(([over, { sent }]): RoomEffect[] =>
      sent.has(stream) ? [{ type: 'publish', over, stream }] : [],
    ),
  )
}

export const streamGone = (state: RoomState, via: PeerId, stream: StreamId): RoomStep => {
  const { arrived, wanted } = callLink(state, via)
  if (!arrived.has(stream)) return stepTo(state)
  // Whoever still announces it is asked for it once more: it may have gone because we had left the call for a moment.
  const change = { arrived: without(arrived, stream), wanted: without(wanted, stream) }
  return stepTo(withCallLink(state, via, change))
}

const without = <T>(set: ReadonlySet<T>, value: T): Set<T> => new Set([...set].filter(it => it !== value))

/** Makes the call follow from the room, whatever has just happened to either. */
export const reconcile = (before: RoomState, after: RoomState): RoomStep => {
  const same = before.call === after.call && before.links === after.links && before.members === after.members
  if (same) return stepTo(after)
  const met = readyLinks(after).filter(peer => before.links.get(peer)?.phase !== 'ready')
  const step = stepEach(pruned(after), readyLinks(after), reconcileLink)
  return { state: step.state, effects: [...met.flatMap(peer => greeting(step.state, peer)), ...step.effects] }
}

/** What a peer is told of the call when its link has just become ready. A host's guests get it with the roster. */
const greeting = (state: RoomState, over: PeerId): RoomEffect[] => {
  const { own } = state.call
  const source = state.selfMember
  if (source === null || rulesOf(state).relays) return []
  const say = (message: PeerMessage): RoomEffect => ({ type: 'send', over, source, message })
  if (own) return [say({ kind: 'join-call', reply: false }), say({ kind: 'streams', announced: own })]
  const again = (state.links.get(over)?.attempt ?? 0) > 1
  return again && capsOf(state, over).media ? [say({ kind: 'leave-call' })] : []
}

/** Nobody is in the call who is not in the room, and nothing lasts longer than its link. */
const pruned = (state: RoomState): RoomState => {
  if (state.ended) return state.call === noCall ? state : { ...state, call: noCall }
  const members = filteredMap(state.call.members, ([id]) => state.members.has(id) && !forgotten(state, id))
  const lasts = (peer: PeerId): boolean =>
    state.links.get(peer)?.phase === 'ready' || state.call.direct.has(directMember(peer) ?? nobody)
  const links = filteredMap(state.call.links, ([peer]) => lasts(peer))
  const known = (stream: StreamId): boolean => [...members.values()].some(it => announces(it, stream))
  const shown = filteredMap(state.call.shown, ([stream]) => known(stream))
  return withCall(state, { members, links, shown })
}

const announces = ({ streams }: Announced, stream: StreamId): boolean =>
  streams.some(({ id }) => id === stream)

const filteredMap = <K, V>(map: ReadonlyMap<K, V>, keeps: (entry: [K, V]) => boolean): ReadonlyMap<K, V> => {
  const left = [...map].filter(keeps)
  return left.length === map.size ? map : new Map(left)
}

/**
 * An original page that lost its link has forgotten us and does not say so; one of ours says at once where it stands.
 */
const forgotten = (state: RoomState, id: MemberId): boolean => {
  if (rulesOf(state).peerRelays || state.members.get(id)?.caps.media) return false
  const link = [...state.links.values()].find(({ member }) => member === id)
  return link !== undefined && link.phase !== 'ready'
}

const reconcileLink = (state: RoomState, peer: PeerId): RoomStep => {
  const link = callLink(state, peer)
  const { member } = state.links.get(peer) ?? { member: null }
  const wanted = new Set(wants(state) ? offered(state, member) : [])
  const asking = [...wanted].filter(stream => !link.wanted.has(stream) && !link.arrived.has(stream))
  const asked = new Set([...link.asked].filter(stream => available(state, stream, member)))
  const sent = new Set([...asked].filter(stream => link.sent.has(stream) || atHand(state, stream)))
  const ended = [...link.sent].filter(stream => !sent.has(stream))
  const begun = [...sent].filter(stream => !link.sent.has(stream))
  const sizes = filteredMap(link.sizes, ([stream]) => available(state, stream, member))
  const known = filteredMap(link.told, ([stream]) => wanted.has(stream))
  const telling = newSizes(state, peer, wanted, known)
  const unchanged =
    asked.size === link.asked.size &&
    ended.length + begun.length + asking.length + telling.size === 0 &&
    sizes === link.sizes &&
    known === link.told &&
    wanted.size === link.wanted.size &&
    [...wanted].every(stream => link.wanted.has(stream))
  if (unchanged) return stepTo(state)
  const told = new Map([...known, ...telling])
  return stepTo(
    withCallLink(state, peer, { wanted, asked, sent, sizes, told }),
    // First how large it is shown: a sender that has to guess begins with more than is needed.
    ...tell(state, peer, telling),
    ...asking.flatMap(stream => request(state, peer, stream)),
    ...ended.map(stream => ({ type: 'unpublish', over: peer, stream }) as const),
    ...begun.map(stream => ({ type: 'publish', over: peer, stream }) as const),
  )
}

/**
 * A star's host wants everything, to pass it on: the original's guests cannot leave a call or end a share that nobody
 * asked for.
 */
const wants = (state: RoomState): boolean => state.call.own !== null || rulesOf(state).relays

/** What the far end of a link can be asked for. */
const offered = (state: RoomState, far: MemberId | null): StreamId[] => {
  const callers = [...state.call.members.keys()].filter(id => !state.regrouping.callers.has(id))
  const owners = rulesOf(state).peerRelays ? callers : far === null ? [] : [far]
  return owners.flatMap(id => (state.call.members.get(id)?.streams ?? []).map(stream => stream.id))
}

/** May it be asked of us by the member at the far end? */
export const available = (state: RoomState, stream: StreamId, far: MemberId | null): boolean => {
  if (isOwn(state, stream)) return true
  const owner = rulesOf(state).relays ? ownerOf(state, stream) : null
  return owner !== null && owner !== far
}

const atHand = (state: RoomState, stream: StreamId): boolean => {
  if (isOwn(state, stream)) return true
  const owner = ownerOf(state, stream)
  const via = owner === null ? null : linkTo(state, owner)
  return via !== null && callLink(state, via).arrived.has(stream)
}

/** A host asks as the room; everybody else in their own name. */
export const request = (state: RoomState, over: PeerId, stream: StreamId): RoomEffect[] => {
  const source = rulesOf(state).relays ? roomItself : state.selfMember
  const message = { kind: 'want-stream', stream, of: ownerOf(state, stream) } as const
  return source === null ? [] : [{ type: 'send', over, source, message }]
}

const bySize: readonly StreamSize[] = ['none', 'hidden', 'small', 'medium', 'large']

/** Is there anybody in the call at the far end? Nobody else is sent anything, whatever they ask for. */
export const isWatching = (state: RoomState, over: PeerId): boolean => {
  const member = state.links.get(over)?.member ?? null
  return rulesOf(state).peerRelays || (member !== null && state.call.members.has(member))
}

/**
 * How large we need a stream: as large as we show it ourselves, or as the largest of those whom a host passes it on to. What
 * a host does not show itself still has to come for them.
 */
const neededSize = (state: RoomState, stream: StreamId): StreamSize => {
  const { own, shown, links, direct } = state.call
  if ([...direct.values()].some(it => it.carried.has(stream) && !it.ending)) return 'none'
  const sizes: StreamSize[] = own ? [shown.get(stream) ?? 'large'] : []
  if (rulesOf(state).relays)
    for (const [peer, link] of links)
      if (link.asked.has(stream) && isWatching(state, peer)) sizes.push(link.sizes.get(stream) ?? 'large')
  return bySize.findLast(size => sizes.includes(size)) ?? 'hidden'
}

/** What a link has to be told, since it was told something else before. */
const newSizes = (
  state: RoomState,
  over: PeerId,
  wanted: ReadonlySet<StreamId>,
  told: ReadonlyMap<StreamId, StreamSize>,
): ReadonlyMap<StreamId, StreamSize> => {
  const { media, direct } = capsOf(state, over)
  if (state.selfMember === null || !media) return new Map()
  const needed = [...wanted].map(stream => {
    const size = neededSize(state, stream)
    return [stream, size === 'none' && !direct ? 'hidden' : size] as const
  })
  return new Map(needed.filter(([stream, size]) => (told.get(stream) ?? 'large') !== size))
}

const tell = (state: RoomState, over: PeerId, sizes: ReadonlyMap<StreamId, StreamSize>): RoomEffect[] => {
  const source = state.selfMember
  if (source === null || sizes.size === 0) return []
  return [{ type: 'send', over, source, message: { kind: 'sizes', sizes } }]
}
