/**
 * A star goes on when its host has gone: the server makes one of the guests the host, who opens a link to everybody, and
 * the others wait for that. Members, conversation, call and files stay what they were, since nobody is known by their
 * links. Where the server is the host, it is another when the server was started anew. Pure.
 */
import { hostNumber, type MemberId, memberId, nobody, type PeerId } from '../wire/ids.ts'
import { withoutCaller } from './call.ts'
import { andThen, stepEach, stepTo, withEntry, withLink, withoutMember } from './change.ts'
import { awaitedLink, dialMember, isAsleep, removeMember } from './links.ts'
import { hostOf } from './numbers.ts'
import { leaveAway } from './outbox.ts'
import { nameOf } from './roster.ts'
import {
  hostedByServer,
  type LinkState,
  linkAt,
  noRegrouping,
  type RoomEffect,
  type RoomState,
  type RoomStep,
  readyLinks,
} from './state.ts'
import { type HostNotice, withoutEntry } from './timeline.ts'

/** Whoever has not come to the new host by then is gone. */
const regroupMs = 30_000

/**
 * Who the server says is the host, null for nobody. `members` are the peers in the room then; empty where the server does
 * not list them.
 */
export const hostKnown = (
  state: RoomState,
  host: PeerId | null,
  members: readonly PeerId[],
  at: number,
): RoomStep => {
  if (state.ended || state.role === 'mesh') return stepTo(state)
  const link = state.host === null ? undefined : state.links.get(state.host)
  const unacked = state.role === 'host' ? ownUnacked(state) : (link?.unacked ?? [])
  if (host === state.self)
    return state.role === 'host'
      ? stepTo(state)
      : becomeHost(
          andThen(waitingForHost(state, at), now => parted(now, members, at)),
          members,
          unacked,
          { peer: link?.address ?? state.host, member: hostOf(state) },
          at,
        )
  const current = link?.address ?? state.host
  if (state.role === 'guest' && host === current) return stepTo(state)
  return becomeGuest(parted(state, members, at), host, unacked, at)
}

/** One that has fallen asleep comes back as a guest of ours. */
const waitingForHost = (state: RoomState, at: number): RoomStep => {
  const link = state.host === null ? undefined : state.links.get(state.host)
  return link && isAsleep(link) ? leaveAway(state, hostOf(state), link.unacked, at) : stepTo(state)
}

/**
 * All links are over, since all of them led to the old host, or were the host's own. Whoever was the host and is not in the
 * room any more has left it.
 */
const parted = (state: RoomState, members: readonly PeerId[], at: number): RoomStep => {
  const hangUps = [...state.links.keys()].map((peer): RoomEffect => ({ type: 'hang-up', peer }))
  const address = state.host === null ? null : (state.links.get(state.host)?.address ?? state.host)
  const stays = address === null || members.includes(address)
  const cut = stepTo({ ...state, links: new Map() }, ...hangUps)
  const host = hostOf(state)
  if (state.role === 'host' || stays) return cut
  return andThen(cut, now => removeMember(now, host, at))
}

type Unacked = LinkState['unacked']

/** What a host has said itself and somebody may not have. */
const ownUnacked = ({ links, stay }: RoomState): Unacked => {
  const own = [...links.values()].flatMap(it => it.unacked.filter(({ source }) => source === stay))
  return [...new Map(own.map(it => [it.message.id, it])).values()]
}

/**
 * Says who the host is, or that one is awaited, where the conversation knows another. What has changed back before anybody
 * said a word, as when a host's page is loaded anew, is not spoken of.
 */
export const withHostTold = (state: RoomState, host: MemberId, at: number): RoomState => {
  const known = state.toldHost
  if (host === known || hostedByServer(state)) return state
  const last = state.timeline.at(-1)
  const repeated = last?.kind === 'notice' && 'before' in last ? last : null
  const before = repeated?.before ?? known
  const timeline = repeated ? withoutEntry(state.timeline, repeated) : state.timeline
  const removedKey = repeated?.key ?? state.removedKey
  const told: RoomState = { ...state, timeline, removedKey, toldHost: host }
  if (before === host || (before === null && host !== nobody)) return told
  const notice = noticeOf(state, host)
  return withEntry(told, { kind: 'notice', notice, name: nameOf(state, host) ?? '', before }, at)
}

const noticeOf = ({ stay }: RoomState, host: MemberId): HostNotice => {
  if (host === nobody) return 'host-awaited'
  return host === stay ? 'host-now' : 'host-changed'
}

/**
 * What the old host has not acknowledged may have reached nobody, so that everybody gets it once more. Who the old host is
 * we know, and so who has left, should its page not come back.
 */
const becomeHost = (
  from: RoomStep,
  members: readonly PeerId[],
  unacked: Unacked,
  before: { readonly peer: PeerId | null; readonly member: MemberId },
  at: number,
): RoomStep =>
  andThen(from, state => {
    const others = [...state.members.keys()]
    const numbers = others.map((member, index): [MemberId, MemberId] => [memberId(String(index + 1)), member])
    const host: RoomState = {
      ...state,
      role: 'host',
      host: null,
      selfMember: state.stay,
      numbers: new Map([[hostNumber, state.stay], ...numbers]),
      hostTerm: state.hostTerm + 1,
      nextGuest: others.length + 1,
    }
    const told = withHostTold(host, state.stay, at)
    const peers = members.filter(peer => peer !== state.self)
    return andThen(stepTo(told, regroupTimer(told)), now =>
      stepEach(now, peers, (then, peer) =>
        andThen(dialMember(then, peer), room => {
          const link = room.links.get(peer)
          const member = peer === before.peer && room.members.has(before.member) ? before.member : null
          const stage = { phase: 'connecting', member, steady: true } as const
          const awaited = link && linkAt(link, stage, { unacked, expected: true })
          return stepTo(awaited ? withLink(room, peer, awaited) : room)
        }),
      ),
    )
  })

const regroupTimer = ({ hostTerm: term }: RoomState): RoomEffect => ({
  type: 'timer',
  timer: { kind: 'regroup', term },
  ms: regroupMs,
})

/** What the old host has not acknowledged, the new one gets. */
const becomeGuest = (from: RoomStep, host: PeerId | null, unacked: Unacked, at: number): RoomStep =>
  andThen(hostedByServer(from.state) ? andThen(from, regroup) : from, state => {
    // The others offer theirs to the new host themselves.
    const isOurs = ({ owner }: { owner: MemberId }): boolean => owner === state.stay
    const [activeOffers, endedOffers] = [state.activeOffers.filter(isOurs), state.endedOffers.filter(isOurs)]
    const guest: RoomState = { ...state, role: 'guest', host, numbers: new Map(), activeOffers, endedOffers }
    if (host === null && hostedByServer(state)) return stepTo(guest)
    if (host === null) {
      const alone = [...state.members.keys()].reduce(withoutMember, guest)
      return stepTo(withHostTold(alone, nobody, at))
    }
    return stepTo(withLink(guest, host, awaitedLink(host, unacked)))
  })

/** Everybody comes to the server anew, one sooner than another, and nobody has left meanwhile. */
const regroup = (state: RoomState): RoomStep => {
  const [members, callers] = [new Set(state.members.keys()), new Set(state.call.members.keys())]
  const next: RoomState = { ...state, hostTerm: state.hostTerm + 1, regrouping: { members, callers } }
  return stepTo(next, regroupTimer(next))
}

/** A new host lets go of those whom it never met, and a guest of those whom the server has not named. */
export const dropAbsent = (state: RoomState, term: number, at: number): RoomStep => {
  const waits = state.role === 'host' || hostedByServer(state)
  if (!waits || state.ended || state.hostTerm !== term) return stepTo(state)
  const { regrouping } = state
  // The server that is to name them is not back itself.
  if (state.role === 'guest' && readyLinks(state).length === 0) return stepTo(state, regroupTimer(state))
  const met = new Set([...state.links.values()].map(({ member }) => member))
  const isAbsent = (member: MemberId): boolean =>
    state.role === 'host' ? !met.has(member) : regrouping.members.has(member)
  const absent = [...state.members.keys()].filter(isAbsent)
  const callers = [...regrouping.callers].reduce(withoutCaller, { ...state, regrouping: noRegrouping })
  return stepEach(callers, absent, (now, member) => removeMember(now, member, at))
}
