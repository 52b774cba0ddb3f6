/**
 * Who owns a room, and what the server says of it: fingerprints, signed acts as they travel, who waits at the door. What is
 * in an act stands in `owner-act.ts`. Nothing here knows cryptography.
 */
import { type PeerId, peerId } from './ids.ts'
import { idText, isRecord, textUpTo, wholeNumber } from './json.ts'

/** A pair of keys in base64url: a point of P-256, and PKCS #8. */
export type OwnerKeys = { readonly publicKey: string; readonly privateKey: string }

/** `act` is the text that was signed, with the public key and the signature in base64url. */
export type SignedAct = { readonly act: string; readonly key: string; readonly signature: string }

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

const textUnitsMax = 4_096
const handedOnMax = 16
const knockingMax = 20

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
