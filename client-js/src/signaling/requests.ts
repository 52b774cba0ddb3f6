/** Making rooms, joining them, and what else is asked of the server about one. Loaded with a room session. */

import type { SignedAct } from '../wire/owner.ts'
import type { Refusal } from '../wire/refusal.ts'
import {
  type Draft,
  type JoinRequest,
  parseCreated,
  parseJoined,
  parseRefusal,
  refusedNumber,
  writeCreate,
  writeJoin,
  writeOwnerAct,
  writeTakeHost,
} from '../wire/room-requests.ts'
import { type Admission, events, type RoomCard } from '../wire/server.ts'
import type { SignalingClient } from './client.ts'

export type Answer =
  | { readonly ok: true; readonly admission: Admission }
  /** `number`: of the owner's last act, where a room is closed to everybody else. */
  | { readonly ok: false; readonly refusal: Refusal; readonly number?: number | null }

export const createRoom = (signaling: SignalingClient, draft: Draft): Promise<Answer> =>
  admitted(
    signaling,
    events.create,
    id => writeCreate(id, draft, signaling.access),
    body => parseCreated(body, draft),
  )

/**
 * A password with accents can be typed in two ways that look the same. Our rooms have the composed one (NFC); those of
 * other frontends have what was typed there.
 */
export const joinRoom = async (signaling: SignalingClient, request: JoinRequest): Promise<Answer> => {
  const composed = request.password.normalize('NFC')
  const answer = await joinOnce(signaling, { ...request, password: composed })
  const wrong = !answer.ok && answer.refusal === 'wrong-password'
  return wrong && composed !== request.password ? joinOnce(signaling, request) : answer
}

const joinOnce = async (signaling: SignalingClient, request: JoinRequest): Promise<Answer> => {
  const answer = await admitted(
    signaling,
    events.join,
    id => writeJoin(id, request, signaling.access),
    body => parseJoined(body, request, signaling.self),
  )
  // An answer that comes too late has made us a member, and whoever joins again is met with silence. Where the line is
  // down, a session that goes on says in which rooms it is.
  if (!answer.ok && answer.refusal === 'unreachable' && signaling.self !== null) signaling.leave(request.room)
  return answer
}

/** Asks for the place of a star's host. What comes of it, everybody is told. */
export const takeHost = (signaling: SignalingClient, card: RoomCard): void =>
  void granted(signaling, events.takeHost, id => writeTakeHost(id, card))

/** Whether the server takes it for the owner's. */
export const actAsOwner = (signaling: SignalingClient, signed: SignedAct): Promise<boolean> =>
  granted(signaling, events.ownerAct, id => writeOwnerAct(id, signed))

const admitted = async (
  signaling: SignalingClient,
  event: string,
  write: (requestId: string) => object,
  parse: (body: unknown) => Admission | null,
): Promise<Answer> => {
  const reply = await signaling.ask(event, write)
  if (reply?.refused)
    return { ok: false, refusal: parseRefusal(event, reply.body), number: refusedNumber(reply.body) }
  const admission = reply && parse(reply.body)
  return admission ? { ok: true, admission } : { ok: false, refusal: 'unreachable' }
}

/** Not worth waiting for a line. */
const granted = async (
  signaling: SignalingClient,
  event: string,
  write: (requestId: string) => object,
): Promise<boolean> => {
  const reply = signaling.self === null ? null : await signaling.ask(event, write)
  return reply !== null && !reply.refused
}
