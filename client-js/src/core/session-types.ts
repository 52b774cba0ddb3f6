/** What a room session needs of its client, and what it tells whoever listens. */
import type { CallState } from '../call/state.ts'
import type { Route } from '../link/connection-info.ts'
import type { RoomEvents } from '../room/events.ts'

export type RoomSessionPorts = {
  /** What connections are made with now. */
  readonly configuration: () => RTCConfiguration
  /** The same, with accounts that last, for which the server may have to be asked. */
  readonly freshConfiguration: () => Promise<RTCConfiguration>
  /** Once, when the session is over. */
  readonly ended: () => void
}

export type Connection = {
  /** Null where the browser does not say. */
  readonly route: Route | null
  /** Groups of digits, the same at both ends unless somebody sits in between; null without HTTPS. */
  readonly code: readonly string[] | null
}

/**
 * `call`: something about the call has changed; its whole state. `topic`: somebody's page has sent something that its
 * like understands.
 */
export type RoomSessionEvents = RoomEvents & {
  call: CallState
  topic: { readonly id: string; readonly name: string; readonly topic: string; readonly data: unknown }
}
