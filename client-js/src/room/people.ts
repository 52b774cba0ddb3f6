/** Owns who is to be seen in the room and how well they are reached, as one list for the views. Pure. */
import { hostMember } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'
import type { LinkPhase, LinkState, RoomState } from './state.ts'

export type Reach = 'self' | 'direct' | 'via-host' | 'connecting' | 'unsteady' | 'lost'

/** `name` is null for somebody who has not introduced themselves yet. */
export type Seen = {
  readonly key: string
  readonly name: string | null
  readonly reach: Reach
  readonly host: boolean
}

export const people = (state: RoomState): Seen[] => {
  const { role } = state.topology
  const self: Seen = { key: 'self', name: state.person.name, reach: 'self', host: role === 'host' }
  if (state.ended) return [self]
  const members = [...state.members.values()].map(member => seen(state, member))
  return [self, ...members, ...strangers(state)]
}

const seen = (state: RoomState, member: Member): Seen => {
  const link = [...state.links.values()].find(it => it.member === member.id)
  const host = state.topology.role === 'guest' && member.id === hostMember
  return { key: member.id, name: member.name, reach: link ? reachOf(link) : 'via-host', host }
}

const strangers = (state: RoomState): Seen[] =>
  [...state.links]
    .filter(([, link]) => link.member === null || !state.members.has(link.member))
    .map(([peer, link]) => ({
      key: `link ${peer}`,
      name: null,
      reach: reachOf(link),
      host: peer === state.host,
    }))

const reaches: Readonly<Record<LinkPhase, Reach>> = {
  connecting: 'connecting',
  greeting: 'connecting',
  admitted: 'connecting',
  ready: 'direct',
  lost: 'lost',
}

const reachOf = (link: LinkState): Reach =>
  link.phase === 'ready' && !link.steady ? 'unsteady' : reaches[link.phase]
