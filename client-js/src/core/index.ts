/**
 * Owns what others can build on: everything below the interface, with its types. This file is the entry of the module
 * that the server hands out as `/core/p2pchat.js`; the app itself is made of the same parts.
 */
export type {
  CallChoices,
  CallCommands,
  CallState,
  Measured,
  Participant,
  RemoteStream,
} from '../call/state.ts'
export type { FilesState, Incoming, Outgoing, Parcel } from '../files/state.ts'
export type { RoomEvents } from '../room/happened.ts'
export { people, type Reach, type Seen } from '../room/people.ts'
export type { RoomState } from '../room/state.ts'
export type { IceServer } from '../wire/ice.ts'
export { parseInvitation, writeInvitation } from '../wire/invitation.ts'
export type { Refusal, RoomCard, RoomKind } from '../wire/server.ts'
export {
  Client,
  type ClientEvents,
  type ClientOptions,
  connect,
  type Entered,
  type RoomWish,
  type Whereto,
} from './client.ts'
export type { FileEvents, Moving } from './moving.ts'
export type { Connection, Visit, VisitEvents } from './visit.ts'
