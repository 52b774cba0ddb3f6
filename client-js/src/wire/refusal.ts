/** Why a request was refused, and whether it is worth asking again. */

/** Why the server, or the way to it, said no. */
export type Refusal =
  | 'wrong-password'
  | 'room-full'
  | 'no-such-room'
  /** The server takes no attempt to join just now: there were too many of them, or it is busy. */
  | 'try-later'
  | 'room-error'
  /** Its owner lets nobody in for now. */
  | 'room-locked'
  /** Its owner has removed us. */
  | 'kept-out'
  /** Its owner has ended it. */
  | 'room-ended'
  /** Whoever runs the server has closed it. */
  | 'room-closed'
  /** Its owner lets in people one by one, and knows that we wait. */
  | 'waiting'
  /** Its owner has not let us in. */
  | 'sent-away'
  /** The operator lets nobody make rooms without an invitation. */
  | 'not-invited-create'
  /** The same for joining this one. */
  | 'not-invited-join'
  /** It is not there, and opens when somebody comes who may make rooms. */
  | 'not-open-yet'
  | 'bad-invitation'
  | 'expired-invitation'
  | 'wrong-server-password'
  /** The server is to be the room's host, and is none, or of no more rooms for now. */
  | 'not-hosted'
  | 'unreachable'

const passing: readonly Refusal[] = [
  'room-full',
  'try-later',
  'room-error',
  'room-locked',
  'waiting',
  'not-open-yet',
  'not-hosted',
  'unreachable',
]

/** Whoever was refused will be refused again, unless it may pass. */
export const isFinal = (refusal: Refusal): boolean => !passing.includes(refusal)
