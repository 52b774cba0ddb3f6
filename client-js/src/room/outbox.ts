/**
 * Messages that somebody has not acknowledged. A link can break with messages on their way, and what is said while it is
 * broken reaches nobody behind it; all of that is sent again when the link is back. Where somebody is asleep or without a
 * network for so long that their link is given up, it waits for them to come back. Pure.
 */
import type { Chat } from '../wire/chat.ts'
import type { MemberId, MessageId, PeerId } from '../wire/ids.ts'
import { isBox } from '../wire/sealing.ts'
import { stepTo, withLink } from './change.ts'
import { capsOf, hostedByServer, type LinkState, type RoomState, type RoomStep, readyLinks } from './state.ts'
import { changeMessage } from './timeline.ts'

export type OutboxEntry = { readonly source: MemberId; readonly message: Chat & { readonly id: MessageId } }

/** More than anybody says while a link is being mended. */
export const unackedMax = 50

/** For so many people who are away, and so long. */
export const awayMax = 20
const awayMs = 3_600_000

/** Who is away, with what waits for them. */
export type Away = ReadonlyMap<MemberId, { readonly unacked: readonly OutboxEntry[]; readonly since: number }>

/** Somebody whose link ended without a goodbye is waited for, where their page acknowledges anything at all. */
export const leaveAway = (
  state: RoomState,
  member: MemberId,
  unacked: readonly OutboxEntry[],
  at: number,
): RoomStep => {
  if (!state.members.get(member)?.caps.chat) return stepTo(state)
  const others = [...state.away].filter(([id]) => id !== member).slice(-(awayMax - 1))
  const away: Away = new Map([...others, [member, { unacked, since: at }]])
  const timer = { kind: 'away', member, since: at } as const
  return stepTo({ ...state, away }, { type: 'timer', timer, ms: awayMs })
}

export const awayTimeout = (state: RoomState, member: MemberId, since: number): RoomStep =>
  stepTo(state.away.get(member)?.since === since ? withoutAway(state, member) : state)

/** They are back: what waited for them goes over this link once it is ready. */
export const comeBack = (state: RoomState, via: PeerId, member: MemberId): RoomState => {
  const waiting = state.away.get(member)
  const link = state.links.get(via)
  if (!waiting || !link) return state
  const unacked = [...waiting.unacked, ...link.unacked].slice(-unackedMax)
  return withoutAway(withLink(state, via, { ...link, unacked }), member)
}

const withoutAway = (state: RoomState, member: MemberId): RoomState => ({
  ...state,
  away: new Map([...state.away].filter(([id]) => id !== member)),
})

export const enqueue = (
  state: RoomState,
  source: MemberId | null,
  message: Chat,
  except?: PeerId,
): RoomState => {
  const { id } = message
  if (id === null || source === null) return state
  const entry: OutboxEntry = { source, message: { ...message, id } }
  const links = [...state.links].map(
    ([peer, link]) =>
      [
        peer,
        peer !== except && hasMet(link) && takes(state, peer, message) ? enqueueOn(link, entry) : link,
      ] as const,
  )
  const away = [...state.away].map(
    ([member, it]) =>
      [member, member === source ? it : { ...it, unacked: withEntry(it.unacked, entry) }] as const,
  )
  return { ...state, links: new Map(links), away: new Map(away) }
}

const takes = (state: RoomState, peer: PeerId, message: Chat): boolean => {
  const caps = capsOf(state, peer)
  return caps.chat && (caps.sealed || !isBox(message))
}

const hasMet = ({ member, expected }: LinkState): boolean => member !== null || expected

const enqueueOn = (link: LinkState, entry: OutboxEntry): LinkState => ({
  ...link,
  unacked: withEntry(link.unacked, entry),
})

const withEntry = (unacked: readonly OutboxEntry[], entry: OutboxEntry): readonly OutboxEntry[] =>
  unacked.some(({ message }) => message.id === entry.message.id)
    ? unacked
    : [...unacked.slice(-(unackedMax - 1)), entry]

/** One acknowledgement is enough to show a message of ours as delivered. */
export const acknowledge = (state: RoomState, via: PeerId, id: MessageId): RoomState => {
  const link = state.links.get(via)
  const found = link?.unacked.find(({ message }) => message.id === id)
  if (!link || !found) return state
  const timeline = changeMessage(state.timeline, id, entry =>
    entry.delivery === 'sent' ? entry : { ...entry, delivery: 'sent' },
  )
  const next = timeline === state.timeline ? state : { ...state, timeline }
  return withLink(next, via, { ...link, unacked: link.unacked.filter(it => it !== found) })
}

/**
 * A server that is the host and was started anew knows only who is back, and keeps nothing for the others: what is said waits
 * until everybody is, or is given up.
 */
export const holdsBack = (state: RoomState): boolean =>
  hostedByServer(state) && state.regrouping.members.size > 0

/** Makes it go out once nothing holds it back any more. */
export const reconcileOutbox = (before: RoomState, after: RoomState): RoomStep =>
  holdsBack(before) && !holdsBack(after) && after.host !== null && readyLinks(after).includes(after.host)
    ? retransmit(after, after.host)
    : stepTo(after)

/** Over a link that has just become ready. Whoever has one of these already acknowledges it and shows it once. */
export const retransmit = (state: RoomState, via: PeerId): RoomStep => {
  const unacked = holdsBack(state) ? [] : (state.links.get(via)?.unacked ?? [])
  return stepTo(
    state,
    ...unacked.map(({ source, message }) => ({ type: 'send', over: via, source, message }) as const),
  )
}
