/**
 * Calls past a star's host: while few are in the call, two guests whose pages know how send each other their streams over a
 * connection of their own. What comes over it is shown once it carries all that the host passes on, and only then the host is
 * told that it need not pass it on; when it breaks, the host is asked again at once. Pure; `core/` makes the connections.
 */
import type { StreamSize } from '../wire/call.ts'
import { directPeer, type MemberId, type PeerId, type StreamId } from '../wire/ids.ts'
import type { TrackKind } from '../wire/signal.ts'
import { callLink, type DirectCall, linkTo, withCall, withCallLink } from './call.ts'
import { stepEach, stepTo } from './change.ts'
import { hostOf } from './numbers.ts'
import { canSealFor } from './sealing.ts'
import { capsOf, hostedByServer, type RoomEffect, type RoomState, type RoomStep } from './state.ts'

export type DirectEvent =
  /** They have offered us one, which we may not be ready for. */
  | { type: 'direct-offered'; member: MemberId }
  | { type: 'direct-opened'; member: MemberId }
  | { type: 'direct-closed'; member: MemberId }
  /** How large they show what comes over it. */
  | { type: 'direct-sizes'; member: MemberId; sizes: ReadonlyMap<StreamId, StreamSize> }

export type DirectEffect =
  | { type: 'dial-direct'; member: MemberId }
  | { type: 'end-direct'; member: MemberId }

/** With more people in the call everybody would send too often, which is what hosts are for. */
export const directCallersMax = 6
/** So long one that came to nothing is not tried again, and one that broke. */
const blockedMs = 60_000
const brokenMs = 5_000
/** So long one that is to end waits for pictures from the host. It may be what leaves them no room on a thin downlink. */
const lateMs = 30_000

/** Both are in the call, as guests, with pages that know how. */
const canCall = (state: RoomState, member: MemberId): boolean =>
  state.role === 'guest' &&
  !state.ended &&
  state.call.own !== null &&
  state.call.members.has(member) &&
  member !== hostOf(state) &&
  state.person.caps.direct &&
  (state.members.get(member)?.caps.direct ?? false)

/**
 * A server that is the host has to have found that our downlink takes everything. On a thinner one the host sends what has room,
 * and sound first; several who send to us directly know nothing of each other.
 */
const isDownlinkSufficient = (state: RoomState): boolean =>
  !hostedByServer(state) || (state.call.downlink?.sufficient ?? false)

const isWanted = (state: RoomState, member: MemberId): boolean =>
  canCall(state, member) &&
  isDownlinkSufficient(state) &&
  state.host !== null &&
  capsOf(state, state.host).direct &&
  state.call.members.size < directCallersMax

/** Of two, the one with the lesser id offers, or the other one once it is ready, if it was not when it was offered one. */
const offers = (state: RoomState, member: MemberId): boolean =>
  state.stay < member || state.call.direct.get(member)?.phase === 'asked'

/** Those who offer may have heard a moment earlier that few enough are in the call. */
export const acceptsDirect = (state: RoomState, member: MemberId): boolean =>
  canCall(state, member) &&
  isDownlinkSufficient(state) &&
  (!(state.stay < member) || state.call.direct.get(member)?.phase !== 'open')

/** We see and hear somebody past the host. */
export const isDirect = (state: RoomState, member: MemberId): boolean =>
  (state.call.direct.get(member)?.carried.size ?? 0) > 0

/** Over which link a stream of somebody's is shown; null while there is none. */
export const routeOf = (state: RoomState, owner: MemberId, stream: StreamId): PeerId | null =>
  state.call.direct.get(owner)?.carried.has(stream) ? directPeer(owner) : linkTo(state, owner)

const fresh: DirectCall = { phase: 'connecting', carried: new Set(), ending: false, late: false }

const withDirect = (state: RoomState, member: MemberId, direct: DirectCall): RoomState =>
  withCall(state, { direct: new Map(state.call.direct).set(member, direct) })

/** Nothing of it is left but, perhaps, that it is to rest. */
const without = (state: RoomState, member: MemberId, resting: boolean): RoomState => {
  const [direct, links] = [new Map(state.call.direct), new Map(state.call.links)]
  direct.delete(member)
  links.delete(directPeer(member))
  const next = withCall(state, { direct, links })
  return resting ? withDirect(next, member, { ...fresh, phase: 'resting' }) : next
}

export const directChanged = (state: RoomState, event: DirectEvent): RoomStep => {
  const { member } = event
  const known = state.call.direct.get(member)
  switch (event.type) {
    case 'direct-offered':
      if (acceptsDirect(state, member))
        return stepTo(withDirect(without(state, member, false), member, fresh))
      return stepTo(
        canCall(state, member) && !known ? withDirect(state, member, { ...fresh, phase: 'asked' }) : state,
      )
    case 'direct-opened':
      return stepTo(
        known?.phase === 'connecting' ? withDirect(state, member, { ...known, phase: 'open' }) : state,
      )
    case 'direct-closed': {
      if (!known || known.phase === 'resting') return stepTo(state)
      if (!offers(state, member)) return stepTo(without(state, member, false))
      const timer = { kind: 'direct', member } as const
      const ms = known.phase === 'open' ? brokenMs : blockedMs
      return stepTo(without(state, member, true), { type: 'timer', timer, ms })
    }
    case 'direct-sizes': {
      if (known?.phase !== 'open') return stepTo(state)
      const peer = directPeer(member)
      const { sent, sizes } = callLink(state, peer)
      const said = [...event.sizes].filter(([stream]) => sent.has(stream))
      return stepTo(withCallLink(state, peer, { sizes: new Map([...sizes, ...said]) }))
    }
  }
}

/** It has rested, or has waited long enough for the host's pictures. */
export const directDue = (state: RoomState, member: MemberId): RoomStep => {
  const held = state.call.direct.get(member)
  if (held?.phase === 'resting') return stepTo(without(state, member, false))
  return stepTo(held?.ending ? withDirect(state, member, { ...held, late: true }) : state)
}

/** Makes it follow from the call, whatever has just happened. */
export const reconcileDirect = (before: RoomState, after: RoomState): RoomStep => {
  const same =
    before.call === after.call &&
    before.links === after.links &&
    before.members === after.members &&
    before.sealing.agreed === after.sealing.agreed
  if (same || (after.role !== 'guest' && after.call.direct.size === 0)) return stepTo(after)
  const held = stepEach(after, [...after.call.direct.keys()], follow)
  const missing = [...after.call.members.keys()].filter(
    it => isWanted(held.state, it) && offers(held.state, it) && isOpenTo(held.state, it),
  )
  const called = stepEach(held.state, missing, (state, member) =>
    stepTo(withDirect(state, member, fresh), { type: 'dial-direct', member }),
  )
  return { state: called.state, effects: [...held.effects, ...called.effects] }
}

/** What is sealed for somebody waits until there are keys for that. */
const isOpenTo = (state: RoomState, member: MemberId): boolean =>
  (state.call.direct.get(member)?.phase ?? 'asked') === 'asked' &&
  (!canSealFor(state, member) || state.sealing.agreed.has(member))

const end = (state: RoomState, member: MemberId): RoomStep =>
  stepTo(without(state, member, false), { type: 'end-direct', member })

const follow = (state: RoomState, member: MemberId): RoomStep => {
  const held = state.call.direct.get(member)
  if (!held) return stepTo(state)
  if (!canCall(state, member)) return end(state, member)
  if (held.phase !== 'open') return stepTo(state)
  const peer = directPeer(member)
  const ending = !isWanted(state, member)
  const theirs = (state.call.members.get(member)?.streams ?? []).map(({ id }) => id)
  const ours = (state.call.own?.streams ?? []).map(({ id }) => id)
  const late = ending && held.late
  const carried = new Set(theirs.filter(isCarried(state, member, theirs, { ending, late })))
  const link = callLink(state, peer)
  const isOver = ending && carried.size === 0 && ours.every(id => link.sizes.get(id) === 'none')
  if (isOver) return end(state, member)

  const begun = ours.filter(id => !link.sent.has(id))
  const ended = [...link.sent].filter(id => !ours.includes(id))
  const needed = theirs.map((id): [StreamId, StreamSize] => [
    id,
    ending && !carried.has(id) ? 'none' : (state.call.shown.get(id) ?? 'large'),
  ])
  const telling = new Map(needed.filter(([id, size]) => (link.told.get(id) ?? 'large') !== size))
  const kept = carried.size === held.carried.size && [...carried].every(id => held.carried.has(id))
  if (kept && ending === held.ending && begun.length + ended.length + telling.size === 0) return stepTo(state)

  const sizes = new Map([...link.sizes].filter(([id]) => ours.includes(id)))
  const next = withCallLink(state, peer, { sent: new Set(ours), sizes, told: new Map(needed) })
  const message = { kind: 'sizes', sizes: telling } as const
  return stepTo(
    withDirect(next, member, { ...held, carried, ending, late }),
    ...(ending && !held.ending
      ? [{ type: 'timer', timer: { kind: 'direct', member }, ms: lateMs } as const]
      : []),
    ...ended.map((stream): RoomEffect => ({ type: 'unpublish', over: peer, stream })),
    ...begun.map((stream): RoomEffect => ({ type: 'publish', over: peer, stream })),
    ...(telling.size === 0 ? [] : [{ type: 'send', over: peer, source: state.stay, message } as const]),
  )
}

const nothing: ReadonlySet<TrackKind> = new Set()

/**
 * Which of somebody's streams are shown as they come directly. It changes hands only where the other way carries as much, or
 * where its pictures are late: the sound is enough then.
 */
const isCarried = (
  state: RoomState,
  member: MemberId,
  theirs: readonly StreamId[],
  { ending, late }: Pick<DirectCall, 'ending' | 'late'>,
): ((stream: StreamId) => boolean) => {
  const before = state.call.direct.get(member)?.carried
  const host = linkTo(state, member)
  const over = (peer: PeerId | null, stream: StreamId): ReadonlySet<TrackKind> =>
    (peer === null ? undefined : state.call.flows.get(peer)?.get(stream)) ?? nothing
  const peer = directPeer(member)
  // One that goes quiet alone has nothing to say; where all do, the connection is broken.
  const alive = theirs.some(stream => over(peer, stream).size > 0)
  return stream => {
    const [here, there] = [over(peer, stream), over(host, stream)]
    const comes = (kind: TrackKind): boolean => there.has(kind) || (late && host !== null && kind === 'video')
    if (before?.has(stream)) return alive && !(ending && [...here].every(comes))
    return !ending && here.size > 0 && [...there].every(kind => here.has(kind))
  }
}

/** Whether something of the call goes over such a connection. */
export const hasDirect = ({ call }: Pick<RoomState, 'call'>): boolean =>
  [...call.direct.values()].some(({ phase }) => phase === 'open')
