/**
 * What a STUN or TURN server's entry looks like, whether the server hands it out or somebody types it in. One entry
 * that the browser does not like makes every connection fail, so none gets past here.
 */
import { isRecord } from './json.ts'

export type IceServer = { urls: string[]; username?: string; credential?: string }

export const iceServersMax = 8
const accountUnitsMax = 500

/** RFC 7064 and RFC 7065: a scheme, a name or an address, perhaps a port, and for TURN perhaps a transport. */
const address = /^(?:stuns?:(?<stun>[^?]+)|turns?:(?<turn>[^?]+)(?:\?transport=(?:udp|tcp))?)$/i
const place = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]{2,45}\])(?::(?<port>\d{1,5}))?$/i

export const isIceUrl = (url: string): boolean => {
  const parts = url.length <= 300 ? address.exec(url)?.groups : undefined
  const port = place.exec(parts?.['stun'] ?? parts?.['turn'] ?? '')?.groups
  return (
    port !== undefined &&
    (port['port'] === undefined || (Number(port['port']) > 0 && Number(port['port']) < 65_536))
  )
}

/** The ICE user names of a description, each once: a restart has others. */
export const iceFragments = (sdp: string): string[] => [
  ...new Set(Array.from(sdp.matchAll(/^a=ice-ufrag:(\S+)/gm), ([, found]) => found ?? '')),
]

/**
 * When the first account of these servers ends, in milliseconds since 1970; null where none does. A user name of the TURN
 * REST API (draft-uberti-behave-turn-rest-00 section 2.2) begins with that time in seconds.
 */
export const iceServersEnd = (servers: readonly IceServer[]): number | null => {
  const ends = servers.flatMap(({ username }) => {
    const seconds = /^(\d{9,11})(?::|$)/.exec(username ?? '')?.[1]
    return seconds === undefined ? [] : [Number(seconds) * 1_000]
  })
  return ends.length === 0 ? null : Math.min(...ends)
}

export const isTurn = (url: string): boolean => /^turns?:/i.test(url)

export const parseIceServers = (value: unknown): IceServer[] => {
  if (!Array.isArray(value)) return []
  return value.slice(0, iceServersMax).flatMap((entry: unknown) => {
    const server = parseIceServer(entry)
    return server ? [server] : []
  })
}

/** Without relays: where two networks leave no other way, what the two say goes through whoever hosts the room already. */
export const withoutRelays = (configuration: RTCConfiguration): RTCConfiguration => ({
  ...configuration,
  iceServers: (configuration.iceServers ?? []).flatMap(server => {
    const urls = [server.urls].flat().filter(url => !isTurn(url))
    return urls.length === 0 ? [] : [{ urls }]
  }),
})

const parseIceServer = (entry: unknown): IceServer | null => {
  if (!isRecord(entry)) return null
  const { username, credential } = entry
  const listed: readonly unknown[] = Array.isArray(entry['urls']) ? entry['urls'] : [entry['urls']]
  const urls = listed
    .slice(0, iceServersMax)
    .filter((url): url is string => typeof url === 'string' && isIceUrl(url))
  if (urls.length === 0) return null
  const signedIn = isAccountPart(username) && isAccountPart(credential)
  if (urls.some(isTurn) && !signedIn) return null
  return signedIn ? { urls, username, credential } : { urls }
}

const isAccountPart = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= accountUnitsMax

/** What somebody types in for one server of their own. */
export type IceEntry = { readonly url: string; readonly username: string; readonly credential: string }
export type IceTrouble = 'no-address' | 'no-account' | 'too-many'

/** The entry as a server, or what is wrong with it. */
export const readIceEntry = ({ url, username, credential }: IceEntry): IceServer | IceTrouble => {
  const trimmed = url.trim()
  if (!isIceUrl(trimmed)) return 'no-address'
  const account = {
    username: username.trim().slice(0, accountUnitsMax),
    credential: credential.slice(0, accountUnitsMax),
  }
  const signedIn = account.username !== '' && account.credential !== ''
  if (isTurn(trimmed) && !signedIn) return 'no-account'
  return signedIn ? { urls: [trimmed], ...account } : { urls: [trimmed] }
}
