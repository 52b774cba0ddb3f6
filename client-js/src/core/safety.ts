/**
 * Owns the code by which two people make sure that nobody sits between them: they read it to each other, over a way
 * they trust. It follows from the certificates of the connection's two ends, which an eavesdropper would have to replace.
 */

const digits = 30
const groupDigits = 5

/**
 * The same for both ends. `own` and `theirs` are all fingerprints that each end has given; one more than the other end
 * has gives another code. Thirty digits, because whoever sits in between may choose certificates for both sides until
 * their codes agree: with that many it takes some 2^50 attempts within the seconds that a connection takes to open.
 */
export const safetyCode = async (own: readonly string[], theirs: readonly string[]): Promise<string[]> => {
  const ends = [own, theirs].map(end => [...new Set(end)].toSorted().join(' ')).toSorted()
  const words = new TextEncoder().encode(['p2pchat safety code 1', ...ends].join('\n'))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', words))
  const number = hash.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 10n ** BigInt(digits)
  const text = number.toString().padStart(digits, '0')
  return text.match(new RegExp(`.{${groupDigits}}`, 'g')) ?? []
}

/** Over plain HTTP the page itself could be anybody's, so that a code shown by it would prove nothing. */
export const canProve = (): boolean => globalThis.isSecureContext && 'subtle' in crypto
