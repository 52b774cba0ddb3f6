/** The small changes that the rules in this folder are made of. Each takes a state and gives a new one. Pure. */
import { stepsOf } from '../base/steps.ts'
import type { MemberId, PeerId } from '../wire/ids.ts'
import type { Member, PeerMessage } from '../wire/peer.ts'
import { type LinkState, membersMax, type RoomEffect, type RoomState, readyLinks } from './state.ts'
import { append, appendBeforeLast, type DepartureNotice, type NewEntry, withoutEntry } from './timeline.ts'

export const { stepTo, andThen, stepEach } = stepsOf<RoomState, RoomEffect>()

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
  const isOthers = ({ owner }: { owner: MemberId }): boolean => owner !== id
  const [activeOffers, endedOffers] = [state.activeOffers, state.endedOffers]
  return {
    ...state,
    members,
    activeOffers: activeOffers.filter(isOthers),
    endedOffers: endedOffers.filter(isOthers),
  }
}

export const withEntry = (state: RoomState, entry: NewEntry, at: number): RoomState => ({
  ...state,
  timeline: append(state.timeline, entry, at, state.removedKey),
})

/**
 * Somebody has left. A host that closes its page is waited for by the server for a moment, while another is the host
 * already: that it has left still goes before that, unless something was said in between.
 */
export const withLeft = (
  state: RoomState,
  member: MemberId,
  name: string,
  at: number,
  notice: DepartureNotice = 'left',
): RoomState => {
  const last = state.timeline.at(-1)
  const entry = { kind: 'notice', notice, name, member } as const
  const without = withoutMember(state, member)
  if (last?.kind !== 'notice' || !('before' in last) || last.before !== member)
    return withEntry(without, entry, at)
  return { ...without, timeline: appendBeforeLast(state.timeline, entry, state.removedKey) }
}

/** One after another they are one notice, with the latest number: they must not push the conversation out. */
export const withAttempts = (state: RoomState, count: number, at: number): RoomState => {
  const entry = { kind: 'notice', notice: 'password-attempts', count } as const
  const last = state.timeline.at(-1)
  const repeated = last?.kind === 'notice' && last.notice === 'password-attempts'
  return withEntry(repeated ? { ...state, timeline: withoutEntry(state.timeline, last) } : state, entry, at)
}

/** Over every open link but `except`. Before we have a name of our own there is nobody to say it as. */
export const broadcast = (
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
