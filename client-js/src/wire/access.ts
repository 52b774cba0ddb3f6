/**
 * What shows that the server's operator has invited us: the server's password, or a token, which comes in a link's
 * fragment, so that it is in no request for a page.
 */
import { cut, nameUnitsMax } from '../base/text.ts'
import { idText, isRecord } from './json.ts'

export type Access = { readonly token: string } | { readonly password: string }

/** What a token says. Only the server can tell whether somebody who may has signed it. */
export type TokenClaims = {
  /** The room that it is for; null for any. */
  readonly room: string | null
  /** What its bearer is called, or empty. */
  readonly name: string
  readonly creates: boolean
}

const key = 'token'
const tokenPart = /(^|[?&])token=[^&]*(&|$)/
const tokenUnitsMax = 4_096

/** The token in an address, and the address without it. */
export type Token = { readonly token: string; readonly rest: string }

/** Null where there is none. A link that names its room has its parameters behind the name. */
export const takeToken = (address: string): Token | null => {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  const found = tokenPart.exec(url.hash.slice(1))
  const token = new URLSearchParams(found?.[0]).get(key)?.trim()
  if (!found || !token || token.length > tokenUnitsMax) return null
  // The rest stays to the letter: a link that names its room is no list of parameters.
  url.hash = url.hash.slice(1).replace(tokenPart, (_, before: string, after: string) => after && before)
  return { token, rest: url.href }
}

export const claimsOf = (token: string): TokenClaims => {
  const said = payloadOf(token)
  const [room, name, rights] = isRecord(said) ? [said['room'], said['name'], said['rights']] : []
  return {
    room: idText(room),
    name: typeof name === 'string' ? cut(name, nameUnitsMax) : '',
    creates: Array.isArray(rights) && rights.includes('create'),
  }
}

const payloadOf = (token: string): unknown => {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, it => it.charCodeAt(0))))
  } catch {
    return null
  }
}

export const parseAccess = (stored: unknown): Access | null => {
  if (!isRecord(stored)) return null
  const { token, password } = stored
  if (typeof token === 'string') return { token }
  return typeof password === 'string' ? { password } : null
}
