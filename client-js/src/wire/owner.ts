/**
 * What a room's owner says. The owner signs a text, which travels as a text, so that whoever checks the signature has the
 * very bytes that were signed; docs/protocol.md has the shapes. Nothing here knows a key.
 */
import { cut } from '../base/text.ts'
import { type MemberId, memberId, type PeerId, peerId, type RoomId, roomId } from './ids.ts'
import { idText, isRecord, textUpTo, wholeNumber } from './json.ts'

/** In base64url: a point of P-256, and PKCS #8. */
export type OwnerKeys = { readonly publicKey: string; readonly privateKey: string }

/** `act` is the text that was signed, with the public key and the signature in base64url. */
export type SignedAct = { readonly act: string; readonly key: string; readonly signature: string }

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

/** Somebody who waits at the door, under the name that they go by. */
export type Knock = { readonly peer: PeerId; readonly name: string }

/** What the server says of a room's owner to somebody who comes in. */
export type Ownership = {
  /** The fingerprint of the public key of whoever made the room. */
  readonly founder: string
  /** Of the owner's last act. */
  readonly number: number
  readonly locked: boolean
  readonly waits: boolean
  readonly knocking: readonly Knock[]
  readonly presence: SignedAct | null
  readonly handedOn: readonly SignedAct[]
}

export const reasonUnitsMax = 200
const nameUnitsMax = 20
const passwordUnitsMax = 100
const textUnitsMax = 4_096
const handedOnMax = 16
const knockingMax = 20

/** What is signed: the text behind a line that says what it is, so that it can be taken for nothing else. */
export const signedText = (act: string): string => `p2pchat owner 1\n${act}`

/** A room's owner, by the first half of a SHA-256. */
export const isFingerprint = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{32}$/.test(value)

/** The public key of somebody who can become the owner; null for whatever is none. */
export const parsePublicKey = (value: unknown): string | null => (isBase64Url(value, 100) ? value : null)

const isBase64Url = (value: unknown, unitsMax: number): value is string =>
  typeof value === 'string' && value.length <= unitsMax && /^[\w-]+$/.test(value)

/** What was stored can have been changed by anybody. */
export const parseOwnerKeys = (value: unknown): OwnerKeys | null => {
  if (!isRecord(value)) return null
  const { publicKey, privateKey } = value
  return isBase64Url(publicKey, 100) && isBase64Url(privateKey, 400) ? { publicKey, privateKey } : null
}

export const parseSigned = (value: unknown): SignedAct | null => {
  if (!isRecord(value)) return null
  const { act, key, signature } = value
  if (typeof act !== 'string' || act.length > textUnitsMax) return null
  return isBase64Url(key, 100) && isBase64Url(signature, 100) ? { act, key, signature } : null
}

export const parseOwnership = (value: unknown): Ownership | null => {
  if (!isRecord(value)) return null
  const { founder, locked, waits, handedOn, knocking } = value
  const number = wholeNumber(value['number'])
  if (!isFingerprint(founder) || number === null) return null
  return {
    founder,
    number,
    locked: locked === true,
    waits: waits === true,
    knocking: listOf(knocking, knockingMax).flatMap(it => parseKnock(it) ?? []),
    presence: parseSigned(value['presence']),
    handedOn: listOf(handedOn, handedOnMax).flatMap(it => parseSigned(it) ?? []),
  }
}

const listOf = (value: unknown, max: number): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, max) : []

export const parseKnock = (value: unknown): Knock | null => {
  if (!isRecord(value)) return null
  const [peer, name] = [idText(value['userID']), textUpTo(value['name'], 60)]
  return peer === null || name === null ? null : { peer: peerId(peer), name }
}

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
        name: cut(name, nameUnitsMax),
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
