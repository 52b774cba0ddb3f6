/** Owns how each member of a room is reached with files: over lanes of its link, in the original's words, or not just now. Pure. */
import type { Party } from '../files/state.ts'
import { linkOf } from '../room/file.ts'
import type { RoomState } from '../room/state.ts'
import { hostMember, type MemberId } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'

/** `blocked`: no connection can be made to them just now. */
export const partiesOf = (
  state: RoomState,
  blocked: (member: MemberId) => boolean,
): ReadonlyMap<MemberId, Party> =>
  new Map(
    [...state.members.values()].map(member => [member.id, party(state, member, blocked(member.id))] as const),
  )

const party = (state: RoomState, { id, name, caps }: Member, blocked: boolean): Party => {
  const direct = linkOf(state, id) !== null
  if (direct) return { name, direct, road: caps.files ? 'lane' : 'words' }
  if (!throughHost(state)) return { name, direct, road: 'none' }
  return { name, direct, road: caps.files && hostPassesOn(state) && !blocked ? 'lane' : 'words' }
}

const throughHost = (state: RoomState): boolean =>
  state.topology.role === 'guest' && linkOf(state, hostMember) !== null

/** A host that is an original's page does not know the words with which two guests connect. */
const hostPassesOn = (state: RoomState): boolean => state.members.get(hostMember)?.caps.files === true
