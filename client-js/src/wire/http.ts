/** What the server answers over plain HTTP: what it can do (`features`), and of the proxies in front of it (`proxy-check`). */
import { isRecord, recordAt, textUpTo, wholeNumber } from './json.ts'

/** How many people may be in a room whose host is the server; null where it hosts none. */
export const readHosting = (answer: unknown): number | null => {
  const hosting = isRecord(answer) ? recordAt(answer, 'hosting') : null
  const peersMax = wholeNumber(hosting?.['peersMax'])
  return peersMax !== null && peersMax >= 2 ? peersMax : null
}

/** `header` does not reach the server as it should; `remedy`: what mends it, some lines. */
export type ProxyFault = { readonly header: string; readonly remedy: string }

/** No answer of ours has more. */
const faultsMax = 10
const unitsMax = 1_000

const programs = [
  ['nginx', 'nginx'],
  ['caddy', 'Caddy'],
  ['haproxy', 'HAProxy'],
] as const

/** `null`: there is no proxy in front, or it is not known whether there is one. */
export const readProxyFaults = (answer: unknown): readonly ProxyFault[] | null => {
  if (!isRecord(answer) || answer['proxied'] !== true || !Array.isArray(answer['faults'])) return null
  return answer['faults'].slice(0, faultsMax).flatMap((fault: unknown) => {
    const header = isRecord(fault) ? textUpTo(fault['header'], unitsMax) : null
    return isRecord(fault) && header !== null ? [{ header, remedy: remedyOf(fault) }] : []
  })
}

const remedyOf = (fault: Readonly<Record<string, unknown>>): string => {
  // Neither is mended in the proxy alone.
  if (fault['kind'] === 'untrusted') return 'http.trusted_proxies = ["…"]'
  if (fault['kind'] === 'contradicted') return 'X-Forwarded-For ≠ Forwarded'
  const lines = programs.map(([key, name]) => `${name}:\n${textUpTo(fault[key], unitsMax) ?? ''}`)
  return lines.join('\n')
}
