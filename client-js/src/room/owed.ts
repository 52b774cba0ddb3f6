/**
 * Owns what a peer has not said it has heard: a link can break with messages on their way, and what is said while it is
 * broken reaches nobody behind it. All of that is said again when the link is back. Pure.
 */
import type { Chat } from '../wire/chat.ts'
import type { MemberId, MessageId, PeerId } from '../wire/ids.ts'
import { still, withLink } from './change.ts'
import { capsOf, type LinkState, type RoomState, type Step } from './state.ts'
import { changeMessage } from './timeline.ts'

export type Owed = { readonly source: MemberId; readonly message: Chat & { readonly id: MessageId } }

/** More than anybody says while a link is being mended. */
export const owedMax = 50

export const owe = (state: RoomState, source: MemberId | null, message: Chat, except?: PeerId): RoomState => {
  const { id } = message
  if (id === null || source === null) return state
  const owed: Owed = { source, message: { ...message, id } }
  const links = [...state.links].map(
    ([peer, link]) =>
      [
        peer,
        peer !== except && hasMet(link) && capsOf(state, peer).chat ? oweOver(link, owed) : link,
      ] as const,
  )
  return { ...state, links: new Map(links) }
}

const hasMet = ({ member }: LinkState): boolean => member !== null

const oweOver = (link: LinkState, owed: Owed): LinkState => ({
  ...link,
  owed: [...link.owed.slice(-(owedMax - 1)), owed],
})

/** One ear is enough for us to know that we were heard at all. */
export const heardBy = (state: RoomState, via: PeerId, id: MessageId): RoomState => {
  const link = state.links.get(via)
  const found = link?.owed.find(({ message }) => message.id === id)
  if (!link || !found) return state
  const timeline = changeMessage(state.timeline, id, entry =>
    entry.delivery === 'sent' ? entry : { ...entry, delivery: 'sent' },
  )
  const next = timeline === state.timeline ? state : { ...state, timeline }
  return withLink(next, via, { ...link, owed: link.owed.filter(it => it !== found) })
}

/** Over a link that has just become ready. Whoever has heard one of these already says so and shows it once. */
export const sayAgain = (state: RoomState, via: PeerId): Step => {
  const owed = state.links.get(via)?.owed ?? []
  return still(
    state,
    ...owed.map(({ source, message }) => ({ type: 'send', over: via, source, message }) as const),
  )
}
