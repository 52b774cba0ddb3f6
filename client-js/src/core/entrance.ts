/**
 * How a page comes into a room at the server: as the owner of one that it makes, as anybody else by an invitation, and as
 * the owner again where a room is closed to everybody else.
 */
import { randomKey } from '../base/random.ts'
import { canSeal } from '../link/browser-api.ts'
import { noHistory } from '../room/history.ts'
import type { RoomState } from '../room/state.ts'
import type { SignalingClient } from '../signaling/client.ts'
import { type Answer, createRoom, joinRoom } from '../signaling/requests.ts'
import { claimsOf } from '../wire/access.ts'
import { writeAct } from '../wire/owner-act.ts'
import type { Draft, JoinRequest } from '../wire/room-requests.ts'
import type { IdentityKeys } from '../wire/sealing.ts'
import type { Admission, RoomCard } from '../wire/server.ts'
import { fitnessAsHost } from './host-fitness.ts'
import { fingerprintOf, knowsOwners, makeOwnerKeys, signAct } from './owner-keys.ts'
import type { SealingIdentity } from './sealed-session.ts'
import type { Stay } from './stay.ts'

export { createRoom }

/** What a page needs that comes into a star. */
export type SealingTools = SealingIdentity & {
  readonly parts: typeof import('./sealed-session.ts')
}

/**
 * `known`: of an earlier page of this stay. Null where nothing is to be sealed, or the browser cannot, which others then are told.
 * `failed`: it could, and what is needed cannot be had just now, without which nobody comes into a room through the server.
 */
export const prepareSealing = async (
  { kind }: RoomCard,
  known: IdentityKeys | null,
): Promise<SealingTools | 'failed' | null> => {
  if (kind === 'mesh' || !canSeal(kind === 'server')) return null
  try {
    const parts = await import('./sealed-session.ts')
    return { parts, ...(await parts.identityFor(known)) }
  } catch {
    return kind === 'server' ? 'failed' : null
  }
}

/** The room that our token names, if it does, and whether we may make it. */
const namedRoom = ({ access }: SignalingClient) => {
  const { room, creates } = claimsOf(access && 'token' in access ? access.token : '')
  return room === null ? null : { room, creates }
}

/** Where the server keeps rooms, with a key of its own and with us as the owner. The room that a token names has no key. */
export const makeRoom = async (signaling: SignalingClient, draft: Draft): Promise<Answer> => {
  const canHost = draft.kind === 'star' ? { canHost: await fitnessAsHost() } : {}
  if (!(await signaling.whenAnswered())) return { ok: false, refusal: 'unreachable' }
  if (!signaling.keepsRooms) return createRoom(signaling, { ...draft, ...canHost })
  const ownerKeys = await makeOwnerKeys()
  const founder = ownerKeys && (await fingerprintOf(ownerKeys.publicKey))
  const ownership = founder === null ? {} : { founder, ownerKeys, owners: true }
  return createRoom(signaling, {
    ...draft,
    ...canHost,
    ...ownership,
    ...(draft.named === undefined ? { key: randomKey() } : {}),
    hostSecret: randomKey(),
  })
}

/** In a room that a token names, and that its first visitor makes. */
const namedPeersMax = 20

/** Whoever waits at the door asks again so often. */
const knockAgainMs = 2_000

/**
 * A room that is locked or ended says after which number it hears its owner, who is then let in. Whoever comes into a room
 * that has an owner has keys too, so that they can become it. Where the owner lets in people one by one, we wait for as
 * long as `waits` says so.
 */
export const enterRoom = async (
  signaling: SignalingClient,
  request: JoinRequest,
  waits: (() => boolean) | null = null,
): Promise<Answer> => {
  const canHost = request.restore?.kind === 'server' ? {} : { canHost: await fitnessAsHost() }
  const asked = { ...request, ...canHost, owners: knowsOwners() }
  let answer = await knock(signaling, asked)
  const named = namedRoom(signaling)
  if (named?.creates && named.room === request.room && !answer.ok && answer.refusal === 'no-such-room') {
    const draft = { name: named.room, named: named.room, password: '', peersMax: namedPeersMax } as const
    answer = await makeRoom(signaling, { ...draft, kind: 'mesh' })
    // Somebody else was faster.
    if (!answer.ok && answer.refusal === 'room-error') answer = await knock(signaling, asked)
  }
  while (waits && isWaiting(answer)) {
    if (!waits()) {
      signaling.leave(request.room)
      break
    }
    await new Promise(resolve => setTimeout(resolve, knockAgainMs))
    answer = await knock(signaling, asked)
  }
  return answer
}

/** Into a room that we know, and that is made again if the server has forgotten it. */
export const enterKnown = (
  signaling: SignalingClient,
  { id: room, ...card }: RoomCard,
  as: string,
  waits: () => boolean,
): Promise<Answer> => {
  const { name, peersMax, kind } = card
  return enterRoom(signaling, { ...card, room, as, restore: { name, peersMax, kind } }, waits)
}

const isWaiting = (answer: Answer): boolean => !answer.ok && answer.refusal === 'waiting'

const knock = async (signaling: SignalingClient, asked: JoinRequest): Promise<Answer> => {
  const answer = await joinRoom(signaling, asked)
  if (answer.ok) return { ok: true, admission: await withKeys(answer.admission) }
  const number = answer.number ?? null
  if (!asked.ownerKeys || number === null) return answer
  const act = { room: asked.room, number: number + 1, act: { type: 'present', member: null } } as const
  const word = await signAct(asked.ownerKeys, writeAct(act))
  return word ? joinRoom(signaling, { ...asked, word }) : answer
}

const withKeys = async (admission: Admission): Promise<Admission> => {
  const { card, ownership = null } = admission
  if (ownership === null || card.ownerKeys) return admission
  return { ...admission, card: { ...card, ownerKeys: await makeOwnerKeys() } }
}

/** A host that comes back is made the host again by the server's word, and waits for its guests then. */
export const withStay = (
  state: RoomState,
  { member, timeline, files, offered, hosting, guests }: Stay,
): RoomState => ({
  ...state,
  timeline,
  seenFiles: files,
  endedOffers: offered.map(file => ({ owner: member, file, lost: true })),
  history: noHistory,
  toldHost: hosting ? member : state.toldHost,
  members: new Map(state.role === 'guest' ? guests.map(it => [it.id, it] as const) : []),
})
