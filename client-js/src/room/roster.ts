/** Lists who is in the room and how well each is connected, for the views. Pure. */
import { hostMember } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'
import type { LinkPhase, LinkState, RoomState } from './state.ts'

export type ConnectionStatus = 'self' | 'direct' | 'via-host' | 'connecting' | 'unsteady' | 'lost'

/** `name` is null for somebody who has not introduced themselves yet. */
export type RosterEntry = {
  readonly key: string
  readonly name: string | null
  readonly connectionStatus: ConnectionStatus
  readonly host: boolean
}

export const roster = (state: RoomState): RosterEntry[] => {
  const { role } = state
  const self: RosterEntry = {
    key: 'self',
    name: state.person.name,
    connectionStatus: 'self',
    host: role === 'host',
  }
  if (state.ended) return [self]
  const members = [...state.members.values()].map(member => entryOf(state, member))
  return [self, ...members, ...unknownPeers(state)]
}

const entryOf = (state: RoomState, member: Member): RosterEntry => {
  const link = [...state.links.values()].find(it => it.member === member.id)
  const host = state.role === 'guest' && member.id === hostMember
  return { key: member.id, name: member.name, connectionStatus: link ? statusOf(link) : 'via-host', host }
}

const unknownPeers = (state: RoomState): RosterEntry[] =>
  [...state.links]
    .filter(([, link]) => link.member === null || !state.members.has(link.member))
    .map(([peer, link]) => ({
      key: `link ${peer}`,
      name: null,
      connectionStatus: statusOf(link),
      host: peer === state.host,
    }))

const statusByPhase: Readonly<Record<LinkPhase, ConnectionStatus>> = {
  connecting: 'connecting',
  greeting: 'connecting',
  admitted: 'connecting',
  ready: 'direct',
  lost: 'lost',
}

const statusOf = (link: LinkState): ConnectionStatus =>
  link.phase === 'ready' && !link.steady ? 'unsteady' : statusByPhase[link.phase]
