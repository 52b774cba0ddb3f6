/**
 * The keys, by the browser's own cryptography. A person has a key pair on P-256 for each stay, and two pages that know each
 * other's public keys have one secret (ECDH), from which HKDF makes a key for each direction. What everybody seals with is
 * 32 random bytes, from which HKDF makes a key each for messages, sound and pictures.
 */
import { base64UrlOf, bytesOfBase64Url } from '../base/random.ts'
import type { IdentityKeys } from '../wire/sealing.ts'

const curve = { name: 'ECDH', namedCurve: 'P-256' } as const
const cipher = { name: 'AES-GCM', length: 256 } as const
const encoder = new TextEncoder()

/** They can be read out, since they have to outlive the page. */
export const makeIdentity = async (): Promise<IdentityKeys> => {
  const pair = await crypto.subtle.generateKey(curve, true, ['deriveBits'])
  const [open, secret] = await Promise.all([
    crypto.subtle.exportKey('raw', pair.publicKey),
    crypto.subtle.exportKey('pkcs8', pair.privateKey),
  ])
  return { publicKey: base64UrlOf(new Uint8Array(open)), privateKey: base64UrlOf(new Uint8Array(secret)) }
}

/** Rejects for what is no key. */
export const importSecret = (privateKey: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', bytesOfBase64Url(privateKey), curve, false, ['deriveBits'])

const expand = async (secret: BufferSource, salt: BufferSource, info: string): Promise<CryptoKey> => {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey'])
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt, info: encoder.encode(info) }
  return crypto.subtle.deriveKey(algorithm, material, cipher, false, ['encrypt', 'decrypt'])
}

/** One end of a pair: the public key of a stay, and what its page has made up when it was loaded. */
export type End = { readonly identity: string; readonly nonce: string }
export type PairKeys = { readonly sends: CryptoKey; readonly receives: CryptoKey }

/**
 * The same two for both ends, the other way round. With both pages' nonces in it, so that nothing that was sealed for an earlier
 * page is good for this one. Rejects for what is no key.
 */
export const pairKeys = async (secret: CryptoKey, own: End, theirs: End, room: string): Promise<PairKeys> => {
  const point = await crypto.subtle.importKey('raw', bytesOfBase64Url(theirs.identity), curve, false, [])
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: point }, secret, 256)
  const keyFrom = (from: End, to: End): Promise<CryptoKey> => {
    const salt = encoder.encode(`${from.nonce} ${to.nonce}`)
    return expand(shared, salt, `p2pchat pair 1 ${room} ${from.identity} ${to.identity}`)
  }
  const [sends, receives] = await Promise.all([keyFrom(own, theirs), keyFrom(theirs, own)])
  return { sends, receives }
}

/** What somebody seals with, for everybody. */
export type SenderKeys = {
  readonly messages: CryptoKey
  readonly audio: CryptoKey
  readonly video: CryptoKey
}

export const senderKeys = async (secret: Uint8Array<ArrayBuffer>): Promise<SenderKeys> => {
  const keyFor = (what: string): Promise<CryptoKey> =>
    expand(secret, new Uint8Array(), `p2pchat sender 1 ${what}`)
  const [messages, audio, video] = await Promise.all([keyFor('messages'), keyFor('audio'), keyFor('video')])
  return { messages, audio, video }
}

const rounds = 100_000
const digits = 30
const groupDigits = 5

/**
 * Groups of digits, the same at both ends unless somebody sits in between. Whoever does has all the time in the world to choose
 * keys for both sides until their codes agree, so that each try is made to cost something (PBKDF2).
 */
export const identityCode = async (own: string, theirs: string): Promise<string[]> => {
  const identities = encoder.encode(['p2pchat identity code 1', ...[own, theirs].toSorted()].join('\n'))
  const material = await crypto.subtle.importKey('raw', identities, 'PBKDF2', false, ['deriveBits'])
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(), iterations: rounds }
  const hash = new Uint8Array(await crypto.subtle.deriveBits(algorithm, material, 256))
  const number = hash.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 10n ** BigInt(digits)
  return (
    number
      .toString()
      .padStart(digits, '0')
      .match(new RegExp(`.{${groupDigits}}`, 'g')) ?? []
  )
}
