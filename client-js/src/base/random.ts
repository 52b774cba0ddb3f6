/**
 * Random names, from the browser's own source of randomness. As many bytes are taken as make it impossible to guess one,
 * or unlikely that two are the same.
 */
export const randomBytes = (bytes: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(bytes))

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** Two characters a byte. */
export const randomHex = (bytes: number): string => hexOf(randomBytes(bytes))

/** 15 bytes are 20 characters, none of which means anything in an address. */
const tokenBytes = 15

/** In base64url without padding, RFC 4648 section 5. */
export const base64UrlOf = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Throws for what is none. */
export const bytesOfBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), it => it.charCodeAt(0))

/** For secrets and for names that nobody else may hit upon: 120 bits. */
export const randomToken = (): string => base64UrlOf(randomBytes(tokenBytes))

/** 128 bits, as long as a UUID's: for keys of rooms, and for the ids of people. */
export const randomKey = (): string => base64UrlOf(randomBytes(16))

/** For ids of messages: 96 bits are enough that no two of a room are the same. */
export const messageIdBytes = 12
