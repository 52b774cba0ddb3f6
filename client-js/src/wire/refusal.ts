/** Why a request was refused: the server's codes, and whether it is worth asking again. */
import { isRecord, wholeNumber } from './json.ts'
import { events } from './server.ts'

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

/** `event` is the request that was refused: code 4 is a fault of any other, and a request to wait of a join. */
export const parseRefusal = (event: string, body: unknown): Refusal => {
  switch (isRecord(body) ? body['type'] : null) {
    case 1:
      return 'wrong-password'
    case 2:
      return 'room-full'
    case 3:
      return 'no-such-room'
    case 4:
      return event === events.join ? 'try-later' : 'room-error'
    case 5:
      return 'room-locked'
    case 6:
      return 'kept-out'
    case 7:
      // Owners number their acts from 1 on.
      return refusedNumber(body) === 0 ? 'room-closed' : 'room-ended'
    case 8:
      return 'waiting'
    case 9:
      return 'sent-away'
    case 10:
      return event === events.create ? 'not-invited-create' : 'not-invited-join'
    case 11:
      return 'bad-invitation'
    case 12:
      return 'expired-invitation'
    case 13:
      return 'wrong-server-password'
    case 14:
      return 'not-open-yet'
    case 15:
      return 'not-hosted'
    default:
      return 'room-error'
  }
}

/** Of the owner's last act: after it the owner may come in all the same. */
export const refusedNumber = (body: unknown): number | null =>
  isRecord(body) ? wholeNumber(body['number']) : null
