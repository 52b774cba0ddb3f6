/**
 * Shares what was said before a newcomer came: they ask one after another of those who were here before them, and
 * whoever has chosen to share history answers, once. What comes this way is shown as hearsay and never shared further.
 * Pure.
 */
import { type HistoryEntry, historyBytesMax, historyMax, writeHistoryEntry } from '../wire/chat.ts'
import type { MemberId, PeerId } from '../wire/ids.ts'
import { utf8Bytes } from '../wire/json.ts'
import { stepTo, withEntry, withLink } from './change.ts'
import { linkToward } from './file.ts'
import { nameOf } from './roster.ts'
import { canSealFor, isSealed } from './sealing.ts'
import { capsOf, hostedByServer, type RoomState, type RoomStep } from './state.ts'
import { type ChatEntry, findMessage, prepend } from './timeline.ts'

/** Who is asked: whoever a link leads to, or under seal a member behind the host. */
type Asked = PeerId | MemberId

/** Our own asking. `passed`: those who have been asked and had nothing, or said nothing. */
export type History =
  | { readonly phase: 'wanted'; readonly passed: ReadonlySet<Asked> }
  | { readonly phase: 'asked'; readonly peer: Asked; readonly passed: ReadonlySet<Asked> }
  | { readonly phase: 'done' }

export const freshHistory: History = { phase: 'wanted', passed: new Set() }
/** For whoever has the conversation already. */
export const noHistory: History = { phase: 'done' }

/** Leaves room for the seal. */
const sealedBytesMax = 42_000
/** So many are remembered as answered; a page asks again only when it is loaded anew. */
const toldMax = 100
/** Whoever has not answered by then is passed over. */
const answerMs = 3_000

/** Whoever we call came after us, and so has no history to share with us. */
export const skipHistory = (state: RoomState): RoomState =>
  state.history.phase === 'wanted' ? { ...state, history: { phase: 'done' } } : state

/** Of those who called us, since they were here before us; under seal of members, since the host can tell nothing. */
export const requestHistory = (state: RoomState): RoomStep => {
  const { history, selfMember } = state
  if (history.phase !== 'wanted' || selfMember === null) return stepTo(state)
  if (isSealed(state)) return requestOfMember(state, selfMember, history.passed)
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

const requestOfMember = (state: RoomState, source: MemberId, passed: ReadonlySet<Asked>): RoomStep => {
  const to = [...state.sealing.agreed].find(member => state.members.has(member) && !passed.has(member))
  const over = to === undefined ? null : linkToward(state, to)
  if (to === undefined || over === null) return stepTo(state)
  return stepTo(
    { ...state, history: { phase: 'asked', peer: to, passed } },
    { type: 'send', over, source, message: { kind: 'ask-history' }, to },
    { type: 'timer', timer: { kind: 'history', peer: to }, ms: answerMs },
  )
}

export const historyTimeout = (state: RoomState, peer: Asked): RoomStep => {
  const { history } = state
  if (history.phase !== 'asked' || history.peer !== peer) return stepTo(state)
  return requestHistory({ ...state, history: { phase: 'wanted', passed: new Set(history.passed).add(peer) } })
}

/** Only from the one who was asked, and only once. */
export const receiveHistory = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  entries: readonly HistoryEntry[],
  at: number,
): RoomStep => {
  const { history } = state
  if (history.phase !== 'asked') return stepTo(state)
  const { peer } = history
  const isAsked = peer === speaker || (peer === via && speaker === (state.links.get(via)?.member ?? null))
  if (!isAsked) return stepTo(state)
  const sharedBy = nameOf(state, speaker) ?? ''
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
  if (earlier.length === 0) return historyTimeout(state, peer)
  return stepTo({ ...state, history: { phase: 'done' }, timeline: prepend(state.timeline, earlier) })
}

/** Everybody is answered, so that they need not wait; only those who chose to hand over have something to tell. */
export const answerHistoryRequest = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId,
  name: string,
  at: number,
): RoomStep => {
  const link = state.links.get(via)
  if (!link || state.selfMember === null) return stepTo(state)
  // Without keys it could not be sealed for them; where a person is the host nobody else hears it in any case.
  const sealed = hostedByServer(state) || (canSealFor(state, speaker) && state.sealing.agreed.has(speaker))
  const { toldHistory } = state.sealing
  if (sealed ? toldHistory.has(speaker) : link.historySent) return stepTo(state)
  const messages = state.sharesHistory ? recentEntries(state, sealed ? sealedBytesMax : historyBytesMax) : []
  const answered = sealed
    ? {
        ...state,
        sealing: { ...state.sealing, toldHistory: new Set([...toldHistory, speaker].slice(-toldMax)) },
      }
    : withLink(state, via, { ...link, historySent: true })
  const answer = { kind: 'history', messages } as const
  return stepTo(
    messages.length === 0
      ? answered
      : withEntry(answered, { kind: 'notice', notice: 'handed-over', name }, at),
    {
      type: 'send',
      over: via,
      source: state.selfMember,
      message: answer,
      ...(sealed ? { to: speaker } : {}),
    },
  )
}

/** The last ones that fit, none of them hearsay. */
const recentEntries = (state: RoomState, bytesMax: number): HistoryEntry[] => {
  const found: HistoryEntry[] = []
  let bytes = 0
  for (const entry of state.timeline.toReversed()) {
    if (entry.kind !== 'chat' || entry.sharedBy !== null) continue
    const { id, replyTo, name, text, at } = entry
    const shared = { id, replyTo, name, text, at }
    bytes += utf8Bytes(writeHistoryEntry(shared)) + 1
    if (bytes > bytesMax || found.length >= historyMax) break
    found.unshift(shared)
  }
  return found
}
