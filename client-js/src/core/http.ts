/**
 * What is asked of the server over plain HTTP, beside its signalling, as its own pages can: what it can do, and what proxies
 * make of requests.
 */
import { attempt, within } from '../link/browser-api.ts'
import { type ProxyFault, readHosting, readProxyFaults } from '../wire/http.ts'
import { decodeFrame } from '../wire/json.ts'

const answerMs = 5_000

/** Null for a server that does not know the question, or does not answer. */
const ask = async (question: URL): Promise<unknown> => {
  const asking = attempt(async () => {
    const answer = await fetch(question, { cache: 'no-store' })
    return answer.ok ? decodeFrame(await answer.text()) : null
  })
  return asking && within(answerMs, asking, null)
}

/** How many people may be in a room that goes through the server itself; null where none can. `page`: its address. */
export const askHosting = async (page: string): Promise<number | null> =>
  readHosting(await ask(new URL('./features', page)))

/** Null where there is no proxy, or nobody knows. */
export const askProxies = async (
  page: string,
  hasWebsocket: boolean,
): Promise<readonly ProxyFault[] | null> => {
  const { origin, pathname } = new URL(page)
  const question = new URL('./proxy-check', page)
  question.searchParams.set('page', `${origin}${pathname}`)
  if (!hasWebsocket) question.searchParams.set('websocket', 'no')
  return readProxyFaults(await ask(question))
}
