/**
 * The numbers by which the frames of a star call its members, since original pages know no other ids. The room itself
 * calls everybody by the id of their stay, which goes on when the host, and with it all numbers, changes. A mesh has no
 * numbers, and a member without a stay's id, as an original page is, is called by its number. Pure.
 */
import { hostNumber, type MemberId, roomItself } from '../wire/ids.ts'
import type { PeerMessage, Received } from '../wire/peer.ts'
import type { RoomState } from './state.ts'

/** Members by their numbers. */
export type Numbers = ReadonlyMap<MemberId, MemberId>

/** More than a room holds, for those who are spoken of after they have left. */
const numbersMax = 200

export const memberAt = ({ numbers }: RoomState, number: MemberId): MemberId => numbers.get(number) ?? number

export const numberOf = ({ numbers }: RoomState, member: MemberId): MemberId => {
  for (const [number, it] of numbers) if (it === member) return number
  return member
}

/** A star's host; its number where it has not said who it is. */
export const hostOf = (state: RoomState): MemberId => memberAt(state, hostNumber)

export const withNumber = (state: RoomState, number: MemberId, member: MemberId): RoomState => {
  if (memberAt(state, number) === member) return state
  const kept = [...state.numbers].filter(([known, it]) => known !== number && it !== member)
  const host = kept.filter(([known]) => known === hostNumber)
  const others = kept.filter(([known]) => known !== hostNumber).slice(-(numbersMax - 2))
  return { ...state, numbers: new Map([...host, ...others, [number, member]]) }
}

/** What a guest learns of the numbers from its host. */
const learnt = (state: RoomState, { source, message }: Received): RoomState => {
  if (state.role !== 'guest') return state
  if (message.kind === 'introduce')
    return source !== null && source !== roomItself && message.member
      ? withNumber(state, source, message.member)
      : state
  if (message.kind !== 'roster') return state
  return message.members.reduce(
    (now, { id, member }) => (member === undefined ? now : withNumber(now, id, member)),
    state,
  )
}

/** A frame's content with members in the place of numbers. */
export const fromNumbers = (
  state: RoomState,
  received: Received,
): { readonly state: RoomState; readonly received: Received } => {
  const next = learnt(state, received)
  const { source, message } = received
  const named = source === null || source === roomItself ? source : memberAt(next, source)
  return {
    state: next,
    received: { ...received, source: named, message: withIds(message, id => memberAt(next, id)) },
  }
}

/** The other way round, for a frame. */
export const toNumbers = (state: RoomState, source: MemberId, message: PeerMessage): PeerMessage => {
  const written = withIds(message, id => numberOf(state, id))
  if (written.kind === 'admitted') return { ...written, id: numberOf(state, written.id) }
  if (written.kind === 'introduce') {
    const member = stayOf(state, source)
    return { ...written, ...(member && { member }) }
  }
  if (written.kind !== 'roster' || message.kind !== 'roster') return written
  const members = message.members.map(({ member: _, ...it }) => {
    const member = stayOf(state, it.id)
    return { ...it, id: numberOf(state, it.id), ...(member && { member }) }
  })
  return { ...written, members }
}

/** Null for whoever is called by a number alone. */
const stayOf = (state: RoomState, member: MemberId): MemberId | null =>
  numberOf(state, member) === member ? null : member

const withIds = (message: PeerMessage, of: (id: MemberId) => MemberId): PeerMessage => {
  switch (message.kind) {
    case 'roster':
      return {
        ...message,
        members: message.members.map(({ member: _, ...it }) => ({ ...it, id: of(it.id) })),
      }
    case 'lost':
      return { ...message, id: of(message.id) }
    case 'want-stream':
      return { ...message, of: message.of && of(message.of) }
    case 'file-signal':
    case 'direct':
    case 'sealed-for':
    case 'keys':
      return { ...message, to: message.to && of(message.to) }
    case 'calls':
      return { ...message, calls: new Map([...message.calls].map(([id, it]) => [of(id), it] as const)) }
    default:
      return message
  }
}
