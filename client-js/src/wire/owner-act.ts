/**
 * What a room's owner can do, as the text that they sign: JSON, whose bytes are what was signed. docs/protocol.md has the
 * shapes.
 */
import { cut, reasonUnitsMax, roomNameUnitsMax } from '../base/text.ts'
import { type MemberId, memberId, type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { idText, isRecord, textUpTo, wholeNumber } from './json.ts'
import { isFingerprint } from './owner.ts'

export type OwnerAct =
  /** The owner is this member; null before the page knows it. */
  | { readonly type: 'present'; readonly member: MemberId | null }
  | {
      readonly type: 'remove'
      readonly peer: PeerId
      readonly member: MemberId | null
      readonly reason: string
    }
  | { readonly type: 'end'; readonly reason: string }
  | { readonly type: 'lock'; readonly on: boolean }
  /** Has newcomers wait until they are let in. */
  | { readonly type: 'wait'; readonly on: boolean }
  /** Lets in somebody who waits, or sends them away. */
  | { readonly type: 'answer'; readonly peer: PeerId; readonly on: boolean }
  /** Asks a member to be silent, or with null everybody. */
  | { readonly type: 'mute'; readonly member: MemberId | null }
  /** Becomes the host of the star. */
  | { readonly type: 'host' }
  | { readonly type: 'change'; readonly name: string; readonly password: string; readonly peersMax: number }
  /** `to` is the fingerprint of that member's public key. */
  | { readonly type: 'hand-on'; readonly to: string; readonly member: MemberId }

/** An act as it is signed: for one room, under a number that is greater than every one before. */
export type NumberedAct = { readonly room: RoomId; readonly number: number; readonly act: OwnerAct }

const passwordUnitsMax = 100

/** What is signed: the text behind a line that says what it is, so that it can be taken for nothing else. */
export const signedText = (act: string): string => `p2pchat owner 1\n${act}`

export const writeAct = ({ room, number, act }: NumberedAct): string => {
  const { type, ...said } = act.type === 'change' ? { ...act, maxUsers: act.peersMax } : act
  return JSON.stringify({ room, number, type, ...said })
}

/** Null for whatever makes no sense to us. */
export const parseAct = (text: string): NumberedAct | null => {
  try {
    const value: unknown = JSON.parse(text)
    if (!isRecord(value)) return null
    const [room, number, act] = [idText(value['room']), wholeNumber(value['number']), actOf(value)]
    return room === null || number === null || act === null ? null : { room: roomId(room), number, act }
  } catch {
    return null
  }
}

const memberOf = (value: unknown): MemberId | null => {
  const id = idText(value)
  return id === null ? null : memberId(id)
}

const actOf = (said: Readonly<Record<string, unknown>>): OwnerAct | null => {
  const member = memberOf(said['member'])
  const reason = textUpTo(said['reason'], reasonUnitsMax) ?? ''
  switch (said['type']) {
    case 'present':
      return { type: 'present', member }
    case 'remove': {
      const peer = idText(said['peer'])
      return peer === null ? null : { type: 'remove', peer: peerId(peer), member, reason }
    }
    case 'end':
      return { type: 'end', reason }
    case 'lock':
      return { type: 'lock', on: said['on'] === true }
    case 'wait':
      return { type: 'wait', on: said['on'] === true }
    case 'answer': {
      const peer = idText(said['peer'])
      return peer === null ? null : { type: 'answer', peer: peerId(peer), on: said['on'] === true }
    }
    case 'mute':
      return { type: 'mute', member }
    case 'host':
      return { type: 'host' }
    case 'change': {
      const [name, password] = [said['name'], said['password']]
      const peersMax = wholeNumber(said['maxUsers'])
      if (typeof name !== 'string' || typeof password !== 'string' || peersMax === null) return null
      return {
        type: 'change',
        name: cut(name, roomNameUnitsMax),
        password: cut(password, passwordUnitsMax),
        peersMax,
      }
    }
    case 'hand-on': {
      const { to } = said
      return isFingerprint(to) && member !== null ? { type: 'hand-on', to, member } : null
    }
    default:
      return null
  }
}
