/**
 * What pages say to each other past a star's host that is the server: sealed messages, which the host passes on without being
 * able to open them, and the agreeing on keys for that. `sealing/` has the cryptography; nothing here knows any.
 */
import { type MemberId, type MessageId, messageId } from './ids.ts'
import { type Fields, isRecord } from './json.ts'
import type { OwnerKeys } from './owner.ts'

/** Of one stay. */
export type IdentityKeys = OwnerKeys

export type SealedMessage =
  /** For everybody whose page can open it. `id` is that of the message in it, which the host acknowledges. */
  | { kind: 'sealed'; id: MessageId | null; box: string }
  /** For one of them. `chunk`: it is one of thousands. */
  | { kind: 'sealed-for'; to: MemberId | null; chunk: boolean; box: string }
  /**
   * `identity` is the sender's public key for this stay, and `nonce` their page's. `known` is the receiver's nonce, as far as
   * the sender knows it; with it comes a `box` with what the two agree on.
   */
  | {
      kind: 'keys'
      to: MemberId | null
      identity: string
      nonce: string
      known: string | null
      box: string | null
    }

const types = { sealed: 'sealed', sealedFor: 'sealed-for', keys: 'keys' } as const

const boxUnitsMax = 65_536
/** An uncompressed point of P-256 is 65 bytes, and a nonce 16. */
const identityUnits = 87
const nonceUnits = 22

const base64Url = (value: unknown, unitsMin: number, unitsMax: number): string | null =>
  typeof value === 'string' &&
  value.length >= unitsMin &&
  value.length <= unitsMax &&
  /^[\w-]+$/.test(value) &&
  value.length % 4 !== 1
    ? value
    : null

const parseBox = (value: unknown): string | null => base64Url(value, 1, boxUnitsMax)
const parseNonce = (value: unknown): string | null => base64Url(value, nonceUnits, nonceUnits)

/** `target` is whom the frame names. */
export const parseSealed = (type: unknown, data: unknown, target: MemberId | null): SealedMessage | null => {
  if (!isRecord(data)) return null
  const box = parseBox(data['box'])
  switch (type) {
    case types.sealed:
      return box === null ? null : { kind: 'sealed', id: messageId(data['id']), box }
    case types.sealedFor:
      return box === null ? null : { kind: 'sealed-for', to: target, chunk: data['chunk'] === true, box }
    case types.keys: {
      const identity = base64Url(data['identity'], identityUnits, identityUnits)
      const [nonce, known] = [parseNonce(data['nonce']), parseNonce(data['known'])]
      return identity === null || nonce === null
        ? null
        : { kind: 'keys', to: target, identity, nonce, known, box: known === null ? null : box }
    }
    default:
      return null
  }
}

/** A message that came sealed for everybody, and is passed on so. */
export const isBox = (message: object): boolean =>
  'asReceived' in message && isRecord(message.asReceived) && message.asReceived['type'] === types.sealed

export const writeSealed = (message: SealedMessage): { type: string; data: Fields } => {
  switch (message.kind) {
    case 'sealed': {
      const { id, box } = message
      return { type: types.sealed, data: { ...(id === null ? {} : { id }), box } }
    }
    case 'sealed-for': {
      const { chunk, box } = message
      return { type: types.sealedFor, data: { ...(chunk ? { chunk } : {}), box } }
    }
    case 'keys': {
      const { identity, nonce, known, box } = message
      return {
        type: types.keys,
        data: {
          identity,
          nonce,
          ...(known === null ? {} : { known }),
          ...(box === null ? {} : { box }),
        },
      }
    }
  }
}
