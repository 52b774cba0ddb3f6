/**
 * What the room's owner does, once it is known to be the owner's own word. Whoever is removed, or in a room that was
 * ended, is out of it at once; the others part with them. Pure.
 */

import type { Knock } from '../wire/owner.ts'
import type { OwnerAct } from '../wire/owner-act.ts'
import { andThen, stepTo, withEntry, withoutLink } from './change.ts'
import { removeMember } from './links.ts'
import { nameOf } from './roster.ts'
import {
  type Closed,
  linkOf,
  type RoomEffect,
  type RoomOwner,
  type RoomState,
  type RoomStep,
} from './state.ts'

/** Who the owner is, as they say themselves. */
export const ownerKnown = (state: RoomState, owner: RoomOwner | null, knocking: readonly Knock[]): RoomStep =>
  stepTo(owner === null && state.owner === null ? state : { ...state, owner, knocking })

/** Somebody waits at the door, or does not any more. */
export const knocked = (state: RoomState, knock: Knock, on: boolean): RoomStep => {
  const others = state.knocking.filter(({ peer }) => peer !== knock.peer)
  return stepTo({ ...state, knocking: on ? [...others, knock].slice(-knockingMax) : others })
}

export const ownerActed = (before: RoomState, act: OwnerAct, owner: RoomOwner, at: number): RoomStep => {
  // That a star has ended with its host can be heard of before its owner's act is checked that has made it end.
  const closes = act.type === 'end' || (act.type === 'remove' && act.peer === before.self)
  if (before.closed || (before.ended && !closes)) return stepTo(before)
  const state: RoomState = { ...before, owner }
  switch (act.type) {
    case 'present':
    // The server says who the host is.
    case 'host':
      return stepTo(state)
    case 'remove':
      return act.peer === state.self
        ? closeRoom(state, { how: 'removed', reason: act.reason })
        : parted(state, act, at)
    case 'end':
      return closeRoom(state, { how: 'ended', reason: act.reason })
    case 'lock':
      return stepTo(withNotice(state, act.on ? 'locked' : 'unlocked', at))
    case 'wait': {
      const open = act.on ? state : { ...state, knocking: [] }
      return stepTo(withNotice(open, act.on ? 'waiting-on' : 'waiting-off', at))
    }
    case 'answer':
      return stepTo({ ...state, knocking: state.knocking.filter(({ peer }) => peer !== act.peer) })
    case 'mute': {
      const isMeant = act.member === null ? !owner.ours : act.member === state.stay
      return isMeant ? stepTo(state, { type: 'mute' }) : stepTo(state)
    }
    case 'change': {
      const { name, password, peersMax } = act
      return stepTo(
        withNotice({ ...state, card: { ...state.card, name, password, peersMax } }, 'changed', at),
      )
    }
    case 'hand-on':
      return stepTo(withNotice(state, owner.ours ? 'owner-now' : 'owner-changed', at))
  }
}

/** Our microphone was on, and is off now because the owner has asked for that. */
export const ownerMuted = (state: RoomState, at: number): RoomStep => stepTo(withNotice(state, 'muted', at))

/** As many as the server lets wait. */
const knockingMax = 20

type OwnerNotice =
  | 'locked'
  | 'unlocked'
  | 'waiting-on'
  | 'waiting-off'
  | 'changed'
  | 'muted'
  | 'owner-now'
  | 'owner-changed'

const withNotice = (state: RoomState, notice: OwnerNotice, at: number): RoomState => {
  const name = nameOf(state, state.owner?.member ?? null) ?? ''
  return withEntry(state, { kind: 'notice', notice, name }, at)
}

/** We are out, and nobody is to be reached any more. What was said stays readable until the page turns away. */
export const closeRoom = (state: RoomState, closed: Closed): RoomStep => {
  const hangUps = [...state.links.keys()].map((peer): RoomEffect => ({ type: 'hang-up', peer }))
  return stepTo({ ...state, closed, ended: true, links: new Map(), members: new Map() }, ...hangUps)
}

/** A star's host is not let go of here: the server says who is it next. */
const parted = (state: RoomState, act: Extract<OwnerAct, { type: 'remove' }>, at: number): RoomStep => {
  const peer = linkOf(state, act.peer)
  if (peer !== null && peer === state.host) return stepTo(state)
  const member = (peer === null ? null : state.links.get(peer)?.member) ?? act.member
  const cut = peer === null ? stepTo(state) : stepTo(withoutLink(state, peer), { type: 'hang-up', peer })
  return member === null ? cut : andThen(cut, now => removeMember(now, member, at, 'removed'))
}
