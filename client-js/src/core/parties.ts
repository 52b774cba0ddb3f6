/** Owns how each member of a room is reached with files: over lanes of its link, in the original's words, or not just now. Pure. */
import type { Party } from '../files/state.ts'
import { linkOf } from '../room/file.ts'
import type { RoomState } from '../room/state.ts'
import { hostMember, type MemberId } from '../wire/ids.ts'
import type { Member } from '../wire/peer.ts'

export const partiesOf = (state: RoomState): ReadonlyMap<MemberId, Party> =>
  new Map([...state.members.values()].map(member => [member.id, party(state, member)] as const))

const party = (state: RoomState, { id, name, caps }: Member): Party => {
  const direct = linkOf(state, id) !== null
  if (direct) return { name, direct, road: caps.files ? 'lane' : 'words' }
  const throughHost = state.topology.role === 'guest' && linkOf(state, hostMember) !== null
  return { name, direct, road: throughHost ? 'words' : 'none' }
}
