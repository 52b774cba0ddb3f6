/**
 * What our downlink takes, as a server that is the host has found out. One that is started anew knows nothing of its guests'
 * downlinks, and begins with a voice and a small picture; told this, it begins where the last one was. Pure.
 */
import type { PeerId } from '../wire/ids.ts'
import { withCall } from './call.ts'
import { stepTo } from './change.ts'
import { hostedByServer, type RoomState, type RoomStep } from './state.ts'

/** `sufficient`: all that we are shown and hear has room on it, as far as the host can tell. */
export type Downlink = { readonly bitsPerSecond: number; readonly at: number; readonly sufficient: boolean }

/** While the machine is busy, or the server about to go, a downlink seems to take less: the most within this time counts. */
const windowMs = 10_000
/** The server says it again and again. When it has not for so long, the network may be another. */
const lateMs = 30_000

/** The host says what it takes. */
export const downlinkFound = (
  state: RoomState,
  via: PeerId,
  { bitsPerSecond, sufficient }: { readonly bitsPerSecond: number; readonly sufficient: boolean },
  at: number,
): RoomStep => {
  if (via !== state.host || !hostedByServer(state)) return stepTo(state)
  const before = state.call.downlink
  const holds = before !== null && at - before.at < windowMs && before.bitsPerSecond >= bitsPerSecond
  const found = holds ? { ...before, sufficient } : { bitsPerSecond, at, sufficient }
  return stepTo(withCall(state, { downlink: found }))
}

/** We have another network perhaps. */
export const downlinkForgotten = (state: RoomState): RoomStep => stepTo(withCall(state, { downlink: null }))

/** What the next host is told; null where nothing is known, or nothing of this network. */
export const knownDownlink = (state: RoomState, at: number): number | null => {
  const { downlink } = state.call
  return hostedByServer(state) && downlink && at - downlink.at < lateMs ? downlink.bitsPerSecond : null
}
