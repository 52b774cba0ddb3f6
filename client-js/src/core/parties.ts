/** Owns how each member of a room is reached with files: over channels of its link, in the original's words, or not just now. Pure. */
import type { PeerRoute } from '../files/state.ts'
import { directLink } from '../room/file.ts'
import type { RoomState } from '../room/state.ts'
import { hostMember, type MemberId } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'

/** `blocked`: no connection can be made to them just now. */
export const routesOf = (
  state: RoomState,
  blocked: (member: MemberId) => boolean,
): ReadonlyMap<MemberId, PeerRoute> =>
  new Map(
    [...state.members.values()].map(
      member => [member.id, routeOf(state, member, blocked(member.id))] as const,
    ),
  )

const routeOf = (state: RoomState, { id, name, caps }: Member, blocked: boolean): PeerRoute => {
  const direct = directLink(state, id) !== null
  if (direct) return { name, direct, transport: caps.files ? 'channel' : 'legacy' }
  if (!throughHost(state)) return { name, direct, transport: 'none' }
  return { name, direct, transport: caps.files && hostPassesOn(state) && !blocked ? 'channel' : 'legacy' }
}

const throughHost = (state: RoomState): boolean =>
  state.role === 'guest' && directLink(state, hostMember) !== null

/** A host that is an original's page does not know the words with which two guests connect. */
const hostPassesOn = (state: RoomState): boolean => state.members.get(hostMember)?.caps.files === true
