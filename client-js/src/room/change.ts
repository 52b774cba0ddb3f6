/** Owns the small changes that the rules in this folder are made of. Each takes a state or a step and gives a new one. */
import type { MemberId, PeerId } from '../wire/ids.ts'
import type { Member, PeerMessage } from '../wire/peer.ts'
import {
  type LinkState,
  membersMax,
  type RoomEffect,
  type RoomState,
  readyLinks,
  type Step,
} from './state.ts'
import { append, type NewEntry, take } from './timeline.ts'

export const still = (state: RoomState, ...effects: RoomEffect[]): Step => ({ state, effects })

/** First one change, then another, with the effects of both in order. */
export const andThen = (first: Step, next: (state: RoomState) => Step): Step => {
  const second = next(first.state)
  return { state: second.state, effects: [...first.effects, ...second.effects] }
}

export const inTurn = <T>(
  state: RoomState,
  items: Iterable<T>,
  each: (state: RoomState, item: T) => Step,
): Step => {
  let step = still(state)
  for (const item of items) step = andThen(step, now => each(now, item))
  return step
}

export const withLink = (state: RoomState, peer: PeerId, link: LinkState): RoomState => ({
  ...state,
  links: new Map(state.links).set(peer, link),
})

export const withoutLink = (state: RoomState, peer: PeerId): RoomState => {
  const links = new Map(state.links)
  links.delete(peer)
  return { ...state, links }
}

/** Unchanged when the room is as full as it may look. */
export const withMember = (state: RoomState, member: Member): RoomState => {
  if (!state.members.has(member.id) && state.members.size >= membersMax) return state
  return { ...state, members: new Map(state.members).set(member.id, member) }
}

export const withoutMember = (state: RoomState, id: MemberId): RoomState => {
  const members = new Map(state.members)
  members.delete(id)
  return { ...state, members, standing: state.standing.filter(({ owner }) => owner !== id) }
}

export const noted = (state: RoomState, entry: NewEntry, at: number): RoomState => ({
  ...state,
  timeline: append(state.timeline, entry, at),
})

/**
 * Charges a link for something it makes us show or pass on. `kept` is false where it goes faster than is bearable,
 * and then nobody else should hear of it either.
 */
export const paced = (
  state: RoomState,
  via: PeerId,
  name: string,
  at: number,
): { state: RoomState; kept: boolean } => {
  const link = state.links.get(via)
  if (!link) return { state, kept: false }
  const { pace, verdict } = take(link.pace, at)
  const next = withLink(state, via, { ...link, pace })
  if (verdict !== 'warn') return { state: next, kept: verdict === 'keep' }
  return { state: noted(next, { kind: 'notice', notice: 'too-fast', name }, at), kept: false }
}

/** Over every open link but `except`. Before we have a name of our own there is nobody to say it as. */
export const toEveryone = (
  state: RoomState,
  source: MemberId | null,
  message: PeerMessage,
  except: PeerId | null = null,
): RoomEffect[] =>
  source === null
    ? []
    : readyLinks(state)
        .filter(over => over !== except)
        .map(over => ({ type: 'send', over, source, message }))
