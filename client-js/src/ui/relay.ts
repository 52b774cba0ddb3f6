/** Owns what somebody who hides their address should know of the relay that this needs. Pure. */

import type { IceServer, Settings } from '../app/settings.ts'
import type { RoomState } from '../room/state.ts'

type Chosen = Pick<Settings, 'iceServers' | 'relayOnly'>

const isRelay = ({ urls }: IceServer): boolean => urls.some(url => /^turns?:/i.test(url))

/** `serverRelays`: the server hands one out. */
export const relayMissing = ({ iceServers, relayOnly }: Chosen, serverRelays: boolean): boolean =>
  relayOnly && !(iceServers.length > 0 ? iceServers.some(isRelay) : serverRelays)

/** Somebody is there, and no connection to anybody has come about at the first attempt. */
export const relayFails = ({ relayOnly }: Chosen, { links }: RoomState): boolean =>
  relayOnly &&
  links.size > 0 &&
  [...links.values()].every(
    ({ phase, attempt }) => phase === 'lost' || (phase === 'connecting' && attempt > 1),
  )
