/** Owns what would be lost if somebody left a room now: the room itself for a host's guests, or files on their way. Pure. */
import { busy, type FilesState } from '../files/state.ts'
import type { RoomState } from '../room/state.ts'

export const leaveGuard = (
  { role, members, ended }: RoomState,
  files: FilesState,
): 'room' | 'files' | null => {
  if (role === 'host' && members.size > 0 && !ended) return 'room'
  return busy(files) ? 'files' : null
}
