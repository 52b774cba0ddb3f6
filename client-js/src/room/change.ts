/** The small changes that the rules in this folder are made of. Each takes a state and gives a new one. Pure. */
import { stepsOf } from '../base/steps.ts'
import type { MemberId, PeerId } from '../wire/ids.ts'
import type { Member, PeerMessage } from '../wire/peer.ts'
import { type LinkState, membersMax, type RoomEffect, type RoomState, readyLinks } from './state.ts'
import { append, type NewEntry, takeFileToken, takeToken, withoutEntry } from './timeline.ts'

export const { stepTo, andThen, stepEach } = stepsOf<RoomState, RoomEffect>()

export const withLink = (state: RoomState, peer: PeerId, link: LinkState): RoomState => ({
  ...state,
  links: new Map(state.links).set(peer, link),
})

export const withoutLink = (state: RoomState, peer: PeerId): RoomState => {
  const links = new Map(state.links)
  links.delete(peer)
  return { ...state, links }
}

/** Unchanged when the room is as full as it may look. */
export const withMember = (state: RoomState, member: Member): RoomState => {
  if (!state.members.has(member.id) && state.members.size >= membersMax) return state
  return { ...state, members: new Map(state.members).set(member.id, member) }
}

export const withoutMember = (state: RoomState, id: MemberId): RoomState => {
  const members = new Map(state.members)
  members.delete(id)
  return { ...state, members, activeOffers: state.activeOffers.filter(({ owner }) => owner !== id) }
}

export const withEntry = (state: RoomState, entry: NewEntry, at: number): RoomState => ({
  ...state,
  timeline: append(state.timeline, entry, at),
})

/** One after another they are one notice, with the latest number: they must not push the conversation out. */
export const withAttempts = (state: RoomState, count: number, at: number): RoomState => {
  const entry = { kind: 'notice', notice: 'password-attempts', count } as const
  const last = state.timeline.at(-1)
  const repeated = last?.kind === 'notice' && last.notice === 'password-attempts'
  return withEntry(repeated ? { ...state, timeline: withoutEntry(state.timeline, last) } : state, entry, at)
}

/**
 * Charges a link for something it makes us show or pass on. `allowed` is false where it goes faster than is bearable,
 * and then it should not be relayed either.
 */
export const charge = (
  state: RoomState,
  via: PeerId,
  name: string,
  at: number,
): { state: RoomState; allowed: boolean } => {
  const link = state.links.get(via)
  if (!link) return { state, allowed: false }
  const { bucket, verdict } = takeToken(link.bucket, at)
  const next = withLink(state, via, { ...link, bucket })
  if (verdict !== 'warn') return { state: next, allowed: verdict === 'keep' }
  return { state: withEntry(next, { kind: 'notice', notice: 'too-fast', name }, at), allowed: false }
}

/** Charges a link for each file that it makes us show, and gives those that are allowed. */
export const chargeFiles = <File>(
  state: RoomState,
  via: PeerId,
  name: string,
  files: readonly File[],
  at: number,
): { state: RoomState; allowed: readonly File[] } => {
  const link = state.links.get(via)
  if (!link) return { state, allowed: [] }
  let bucket = link.fileBucket
  let warns = false
  const allowed = files.filter(() => {
    const taken = takeFileToken(bucket, at)
    bucket = taken.bucket
    warns ||= taken.verdict === 'warn'
    return taken.verdict === 'keep'
  })
  const next = withLink(state, via, { ...link, fileBucket: bucket })
  const notice = { kind: 'notice', notice: 'too-fast', name } as const
  return { state: warns ? withEntry(next, notice, at) : next, allowed }
}

/** Over every open link but `except`. Before we have a name of our own there is nobody to say it as. */
export const broadcast = (
  state: RoomState,
  source: MemberId | null,
  message: PeerMessage,
  except: PeerId | null = null,
): RoomEffect[] =>
  source === null
    ? []
    : readyLinks(state)
        .filter(over => over !== except)
        .map(over => ({ type: 'send', over, source, message }))
