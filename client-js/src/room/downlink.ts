/**
 * What our line takes, as a server that is the host has found out. One that is started anew knows nothing of its guests'
 * lines, and begins with a voice and a small picture; told this, it begins where the last one was. Pure.
 */
import type { PeerId } from '../wire/ids.ts'
import { withCall } from './call.ts'
import { stepTo } from './change.ts'
import { hostedByServer, type RoomState, type RoomStep } from './state.ts'

/** `enough`: all that we are shown and hear has room on it, as far as the host can tell. */
export type Downlink = { readonly bitsPerSecond: number; readonly at: number; readonly enough: boolean }

/** While the machine is busy, or the server about to go, a line seems to take less: the most within this time counts. */
const windowMs = 10_000
/** The server says it again and again. When it has not for so long, the line may be another. */
const lateMs = 30_000

/** The host says what it takes. */
export const downlinkFound = (
  state: RoomState,
  via: PeerId,
  { takes, enough }: { readonly takes: number; readonly enough: boolean },
  at: number,
): RoomStep => {
  if (via !== state.host || !hostedByServer(state)) return stepTo(state)
  const before = state.call.downlink
  const holds = before !== null && at - before.at < windowMs && before.bitsPerSecond >= takes
  const found = holds ? { ...before, enough } : { bitsPerSecond: takes, at, enough }
  return stepTo(withCall(state, { downlink: found }))
}

/** We have another line perhaps. */
export const downlinkForgotten = (state: RoomState): RoomStep => stepTo(withCall(state, { downlink: null }))

/** What the next host is told; null where nothing is known, or nothing of this line. */
export const knownDownlink = (state: RoomState, at: number): number | null => {
  const { downlink } = state.call
  return hostedByServer(state) && downlink && at - downlink.at < lateMs ? downlink.bitsPerSecond : null
}
