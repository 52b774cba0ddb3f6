/**
 * Messages that a peer has not acknowledged. A link can break with messages on their way, and what is said while it is
 * broken reaches nobody behind it; all of that is sent again when the link is back. Pure.
 */
import type { Chat } from '../wire/chat.ts'
import type { MemberId, MessageId, PeerId } from '../wire/ids.ts'
import { stepTo, withLink } from './change.ts'
import { capsOf, type LinkState, type RoomState, type RoomStep } from './state.ts'
import { changeMessage } from './timeline.ts'

export type OutboxEntry = { readonly source: MemberId; readonly message: Chat & { readonly id: MessageId } }

/** More than anybody says while a link is being mended. */
export const unackedMax = 50

export const enqueue = (
  state: RoomState,
  source: MemberId | null,
  message: Chat,
  except?: PeerId,
): RoomState => {
  const { id } = message
  if (id === null || source === null) return state
  const entry: OutboxEntry = { source, message: { ...message, id } }
  const links = [...state.links].map(
    ([peer, link]) =>
      [
        peer,
        peer !== except && hasMet(link) && capsOf(state, peer).chat ? enqueueOn(link, entry) : link,
      ] as const,
  )
  return { ...state, links: new Map(links) }
}

const hasMet = ({ member, ours }: LinkState): boolean => member !== null || ours

const enqueueOn = (link: LinkState, entry: OutboxEntry): LinkState => ({
  ...link,
  unacked: [...link.unacked.slice(-(unackedMax - 1)), entry],
})

/** One acknowledgement is enough to show a message of ours as delivered. */
export const acknowledge = (state: RoomState, via: PeerId, id: MessageId): RoomState => {
  const link = state.links.get(via)
  const found = link?.unacked.find(({ message }) => message.id === id)
  if (!link || !found) return state
  const timeline = changeMessage(state.timeline, id, entry =>
    entry.delivery === 'sent' ? entry : { ...entry, delivery: 'sent' },
  )
  const next = timeline === state.timeline ? state : { ...state, timeline }
  return withLink(next, via, { ...link, unacked: link.unacked.filter(it => it !== found) })
}

/** Over a link that has just become ready. Whoever has one of these already acknowledges it and shows it once. */
export const retransmit = (state: RoomState, via: PeerId): RoomStep => {
  const unacked = state.links.get(via)?.unacked ?? []
  return stepTo(
    state,
    ...unacked.map(({ source, message }) => ({ type: 'send', over: via, source, message }) as const),
  )
}
