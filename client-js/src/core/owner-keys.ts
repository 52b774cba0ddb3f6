/**
 * The keys of a room's owner: made, used and checked by the browser's own cryptography, which a page has on HTTPS and on
 * this machine only. Elsewhere there is no owner, and nobody is believed to be it.
 */
import { base64UrlOf, bytesOfBase64Url, hexOf } from '../base/random.ts'
import type { OwnerKeys, SignedAct } from '../wire/owner.ts'
import { signedText } from '../wire/owner-act.ts'

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const hash = { name: 'ECDSA', hash: 'SHA-256' } as const
const encoder = new TextEncoder()
/** Half of a SHA-256: nobody finds a second key with the same. */
const fingerprintBytes = 16

const subtle = (): SubtleCrypto | null => globalThis.crypto.subtle ?? null

/** Whether there can be an owner here. */
export const knowsOwners = (): boolean => subtle() !== null

/** What a browser cannot or will not do comes to nothing. */
const orNull = async <T>(work: (subtle: SubtleCrypto) => Promise<T>): Promise<T | null> => {
  const tools = subtle()
  if (!tools) return null
  try {
    return await work(tools)
  } catch {
    return null
  }
}

/** They can be read out, since they have to outlive the page. */
export const makeOwnerKeys = (): Promise<OwnerKeys | null> =>
  orNull(async tools => {
    const pair = await tools.generateKey(curve, true, ['sign', 'verify'])
    const [open, secret] = await Promise.all([
      tools.exportKey('raw', pair.publicKey),
      tools.exportKey('pkcs8', pair.privateKey),
    ])
    return {
      publicKey: base64UrlOf(new Uint8Array(open)),
      privateKey: base64UrlOf(new Uint8Array(secret)),
    }
  })

/** By what a room, and its invitation, know an owner. */
export const fingerprintOf = (publicKey: string): Promise<string | null> =>
  orNull(async tools => {
    const digest = await tools.digest('SHA-256', encoder.encode(`p2pchat owner ${publicKey}`))
    return hexOf(new Uint8Array(digest).slice(0, fingerprintBytes))
  })

export const signAct = ({ publicKey, privateKey }: OwnerKeys, act: string): Promise<SignedAct | null> =>
  orNull(async tools => {
    const key = await tools.importKey('pkcs8', bytesOfBase64Url(privateKey), curve, false, ['sign'])
    const signature = await tools.sign(hash, key, encoder.encode(signedText(act)))
    return { act, key: publicKey, signature: base64UrlOf(new Uint8Array(signature)) }
  })

/** Whether it was signed with the key that it names. */
export const isSignedRight = async ({ act, key, signature }: SignedAct): Promise<boolean> =>
  (await orNull(async tools => {
    const open = await tools.importKey('raw', bytesOfBase64Url(key), curve, false, ['verify'])
    return tools.verify(hash, open, bytesOfBase64Url(signature), encoder.encode(signedText(act)))
  })) === true
