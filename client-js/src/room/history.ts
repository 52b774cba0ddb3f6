/**
 * Shares what was said before a newcomer came: they ask one after another of those who were here before them, and
 * whoever has chosen to share history answers, once. What comes this way is shown as hearsay and never shared further.
 * Pure.
 */
import { type HistoryEntry, historyBytesMax, historyMax, writeHistoryEntry } from '../wire/chat.ts'
import type { PeerId } from '../wire/ids.ts'
import { utf8Bytes } from '../wire/json.ts'
import { stepTo, withEntry, withLink } from './change.ts'
import { nameOf } from './roster.ts'
import { capsOf, type RoomState, type RoomStep } from './state.ts'
import { type ChatEntry, findMessage, prepend } from './timeline.ts'

/** Our own asking. `passed`: those who have been asked and had nothing, or said nothing. */
export type History =
  | { readonly phase: 'wanted'; readonly passed: ReadonlySet<PeerId> }
  | { readonly phase: 'asked'; readonly peer: PeerId; readonly passed: ReadonlySet<PeerId> }
  | { readonly phase: 'done' }

export const freshHistory: History = { phase: 'wanted', passed: new Set() }
/** For whoever has the conversation already. */
export const noHistory: History = { phase: 'done' }

/** Whoever has not answered by then is passed over. */
const answerMs = 3_000

/** Whoever we call came after us, and so has no history to share with us. */
export const skipHistory = (state: RoomState): RoomState =>
  state.history.phase === 'wanted' ? { ...state, history: { phase: 'done' } } : state

/** Of those who called us, since they were here before us. */
export const requestHistory = (state: RoomState): RoomStep => {
  const { history, selfMember } = state
  if (history.phase !== 'wanted' || selfMember === null) return stepTo(state)
  const found = [...state.links].find(
    ([peer, link]) =>
      link.phase === 'ready' && !link.initiator && !history.passed.has(peer) && capsOf(state, peer).chat,
  )
  if (!found) return stepTo(state)
  const [peer] = found
  return stepTo(
    { ...state, history: { phase: 'asked', peer, passed: history.passed } },
    { type: 'send', over: peer, source: selfMember, message: { kind: 'ask-history' } },
    { type: 'timer', timer: { kind: 'history', peer }, ms: answerMs },
  )
}

export const historyTimeout = (state: RoomState, peer: PeerId): RoomStep => {
  const { history } = state
  if (history.phase !== 'asked' || history.peer !== peer) return stepTo(state)
  return requestHistory({ ...state, history: { phase: 'wanted', passed: new Set(history.passed).add(peer) } })
}

/** Only from the one who was asked, and only once. */
export const receiveHistory = (
  state: RoomState,
  via: PeerId,
  entries: readonly HistoryEntry[],
  at: number,
): RoomStep => {
  const { history } = state
  if (history.phase !== 'asked' || history.peer !== via) return stepTo(state)
  const sharedBy = nameOf(state, state.links.get(via)?.member ?? null) ?? ''
  const earlier = entries
    .filter(({ id }) => !findMessage(state.timeline, id))
    .map(
      (it): Omit<ChatEntry, 'key'> => ({
        kind: 'chat',
        name: it.name,
        from: null,
        own: false,
        text: it.text,
        id: it.id,
        replyTo: it.replyTo,
        delivery: 'sent',
        at: Math.min(it.at, at),
        reactions: [],
        sharedBy,
      }),
    )
  if (earlier.length === 0) return historyTimeout(state, via)
  return stepTo({ ...state, history: { phase: 'done' }, timeline: prepend(state.timeline, earlier) })
}

/** Everybody is answered, so that they need not wait; only those who chose to hand over have something to tell. */
export const answerHistoryRequest = (state: RoomState, via: PeerId, name: string, at: number): RoomStep => {
  const link = state.links.get(via)
  if (!link || link.historySent || state.selfMember === null) return stepTo(state)
  const messages = state.sharesHistory ? recentEntries(state) : []
  const answered = withLink(state, via, { ...link, historySent: true })
  const answer = { kind: 'history', messages } as const
  return stepTo(
    messages.length === 0
      ? answered
      : withEntry(answered, { kind: 'notice', notice: 'handed-over', name }, at),
    { type: 'send', over: via, source: state.selfMember, message: answer },
  )
}

/** The last ones that fit, none of them hearsay. */
const recentEntries = (state: RoomState): HistoryEntry[] => {
  const found: HistoryEntry[] = []
  let bytes = 0
  for (const entry of state.timeline.toReversed()) {
    if (entry.kind !== 'chat' || entry.sharedBy !== null) continue
    const { id, replyTo, name, text, at } = entry
    const shared = { id, replyTo, name, text, at }
    bytes += utf8Bytes(writeHistoryEntry(shared)) + 1
    if (bytes > historyBytesMax || found.length >= historyMax) break
    found.unshift(shared)
  }
  return found
}
