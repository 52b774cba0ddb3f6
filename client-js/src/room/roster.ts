/** Lists who is in the room and how well each is connected, for the views. Pure. */
import type { MemberId, PeerId } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'
import { isDirect } from './direct-calls.ts'
import { hostOf } from './numbers.ts'
import { hostedByServer, type LinkPhase, type LinkState, type RoomState } from './state.ts'

export type ConnectionStatus =
  | 'self'
  | 'direct'
  | 'via-host'
  | 'via-server'
  | 'connecting'
  | 'unsteady'
  | 'lost'

/** How it stands with what goes to them past a star's host: sealed or not, or yet to be agreed on. */
export type Seal = 'none' | 'agreed' | 'pending' | 'failing' | 'unable'

/** `name` is null for somebody who has not introduced themselves yet. */
export type RosterEntry = {
  readonly key: string
  readonly name: string | null
  readonly connectionStatus: ConnectionStatus
  readonly seal: Seal
  /** What they send in the call comes past the host. */
  readonly callsDirectly: boolean
  readonly host: boolean
  /** The room's owner, as they have signed themselves. */
  readonly owner: boolean
  /** Their page has a key by which they could be the owner. */
  readonly canOwn: boolean
  /** What the server calls them, where a link of ours leads to them, or the server is the host. */
  readonly peer: PeerId | null
}

/** What looks the same counts as the same: joiners, composition, width and case make no other name. */
const looksOf = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\u200c|\u200d/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()

/** Everybody else under a name of their own: whoever comes with one that somebody here has gets a number behind it. */
export const distinctNames = ({ person, members }: RoomState): ReadonlyMap<MemberId, string> => {
  const taken = new Set([looksOf(person.name)])
  const names = new Map<MemberId, string>()
  for (const { id, name } of members.values()) {
    let distinct = name
    for (let number = 2; taken.has(looksOf(distinct)); number++) distinct = `${name} ${number}`
    taken.add(looksOf(distinct))
    names.set(id, distinct)
  }
  return names
}

/** Undefined for whoever has not introduced themselves. */
export const nameOf = (state: RoomState, member: MemberId | null): string | undefined =>
  member === null ? undefined : distinctNames(state).get(member)

export const roster = (state: RoomState): RosterEntry[] => {
  const { role } = state
  const self: RosterEntry = {
    key: 'self',
    name: state.person.name,
    connectionStatus: 'self',
    seal: state.sealing.mode === 'none' ? 'none' : state.person.caps.sealed ? 'agreed' : 'unable',
    callsDirectly: false,
    host: role === 'host',
    owner: state.owner?.ours ?? false,
    canOwn: false,
    peer: null,
  }
  if (state.ended) return [self]
  const names = distinctNames(state)
  const members = [...state.members.values()].map(member =>
    entryOf(state, member, names.get(member.id) ?? member.name),
  )
  return [self, ...members, ...unknownPeers(state)]
}

const entryOf = (state: RoomState, member: Member, name: string): RosterEntry => {
  const link = [...state.links.values()].find(it => it.member === member.id)
  const host = state.role === 'guest' && member.id === hostOf(state)
  const connectionStatus = link ? statusOf(link) : unlinked(state, member.id)
  const peer = link?.address ?? (hostedByServer(state) ? member.peer : null) ?? null
  const owner = member.id === state.owner?.member
  const canOwn = Boolean(member.key)
  const seal = sealOf(state, member)
  const callsDirectly = isDirect(state, member.id)
  return { key: member.id, name, connectionStatus, seal, callsDirectly, host, owner, canOwn, peer }
}

const sealOf = (state: RoomState, { id, caps }: Member): Seal => {
  if (state.sealing.mode === 'none') return 'none'
  const { agreed, failing } = state.sealing
  if (!caps.sealed || !state.person.caps.sealed) return 'unable'
  if (failing.has(id)) return 'failing'
  return agreed.has(id) ? 'agreed' : 'pending'
}

/** Somebody to whom no link leads: behind the host, or expected where the host has changed. */
const unlinked = (state: RoomState, member: MemberId): ConnectionStatus => {
  const { role, host, links, regrouping } = state
  const reached = role === 'guest' && host !== null && !links.get(host)?.expected
  if (!reached || regrouping.members.has(member)) return 'connecting'
  return hostedByServer(state) ? 'via-server' : 'via-host'
}

/** Links to those who are nobody yet. All links to a server lead to nobody. */
const unknownPeers = (state: RoomState): RosterEntry[] =>
  [...(hostedByServer(state) ? [] : state.links)]
    // Whoever is expected by a new host, or is the new host, stands among the members already.
    .filter(([, { member, expected }]) => (member === null ? !expected : !state.members.has(member)))
    .map(([peer, link]) => ({
      key: `link ${peer}`,
      name: null,
      connectionStatus: statusOf(link),
      seal: 'none',
      callsDirectly: false,
      host: peer === state.host,
      owner: false,
      canOwn: false,
      peer: link.address,
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
