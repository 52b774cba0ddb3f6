/** Where somebody wants to go who names a room: what is understood as one, and which room that is. */
import { roomId } from '../wire/ids.ts'
import type { Invitation } from '../wire/invitation.ts'
import type { OwnerKeys } from '../wire/owner.ts'
import type { Restore } from '../wire/server.ts'

/**
 * An invitation link, ours or the original's, or what one holds: a room's id with its password, and for rooms of ours the
 * key, and how to make the room again if the server has forgotten it.
 */
export type RoomTarget =
  | string
  | {
      readonly room: string
      readonly password?: string
      readonly key?: string | null
      /** The name in its link, where it has one. */
      readonly linkName?: string | null
      /** For whoever has made the room: what `session.state.card` held in the stay in which they did. */
      readonly hostSecret?: string | null
      readonly ownerKeys?: OwnerKeys | null
      /** As an invitation has it: who owns the room. */
      readonly founder?: string | null
      readonly restore?: Restore | null
    }

/** `unreachable`: what reads links could not be loaded. */
export const invitationIn = async (text: string): Promise<Invitation | null | 'unreachable'> => {
  try {
    const { namedInPasted, parsePasted } = await import('../wire/pasted.ts')
    const name = namedInPasted(text)
    return name === null ? parsePasted(text) : (await import('./room-keys.ts')).parseNamed(name)
  } catch {
    return 'unreachable'
  }
}

/** Null where it names none. */
export const targetOf = (target: Exclude<RoomTarget, string>) =>
  target.room === '' ? null : { ...target, room: roomId(target.room) }
