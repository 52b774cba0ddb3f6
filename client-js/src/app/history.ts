/**
 * What stands in the address bar, and what going back and forward does. A room has an entry of its own in the browser's
 * history: a step back, often a swipe that was meant for something else, leads out of the room and not out of the page, and
 * can be asked about. Decided without a browser, but for `roomHistory`.
 */
import { attempt } from '../link/browser-api.ts'
import type { RoomId } from '../wire/ids.ts'

export type Moved = {
  /** The room that we are in. */
  readonly room: RoomId | null
  readonly ended: boolean
  /** The room whose entry is reached. */
  readonly entry: string | null
  /** The room that its address leads to. */
  readonly invited: RoomId | null
  /** It has been asked whether we want to leave. */
  readonly asking: boolean
}

/**
 * `ask`: forward again, and then the question. `show`: what the address says. `stay`: the room's own entry, or a link to
 * another room, which is followed like any other.
 */
export const afterMove = ({
  room,
  ended,
  entry,
  invited,
  asking,
}: Moved): 'stay' | 'ask' | 'leave' | 'show' => {
  if (room === null) return 'show'
  if (entry === room || (invited !== null && invited !== room)) return 'stay'
  return ended || asking ? 'leave' : 'ask'
}

export type RoomHistory = {
  /** In place of the present address. */
  readonly setAddress: (address: string) => void
  /** The room's own entry, which it keeps across a reload. */
  readonly enterRoom: (address: string, room: RoomId) => void
  readonly entry: () => string | null
  readonly forward: () => void
}

export const roomHistory: RoomHistory = {
  setAddress: address => history.replaceState(history.state, '', address),
  enterRoom: (address, room) => {
    const state = { room }
    if (roomHistory.entry() === room) history.replaceState(state, '', address)
    // Safari lets a page make so many entries in a while.
    else if (attempt(() => history.pushState(state, '', address) ?? true) === null)
      history.replaceState(state, '', address)
  },
  entry: () => {
    const state: { room?: unknown } | null = history.state
    return typeof state?.room === 'string' ? state.room : null
  },
  forward: () => history.forward(),
}
