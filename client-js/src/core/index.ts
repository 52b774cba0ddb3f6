/**
 * What others can build on: everything below the interface, with its types. This file is the entry of the module that
 * the server hands out as `/core/p2pchat.js`; the app itself is made of the same parts.
 */
export type {
  CallChoices,
  CallCommands,
  CallState,
  Measured,
  Participant,
  RemoteStream,
} from '../call/state.ts'
export type { Download, FilesState, ShareItem, Upload } from '../files/state.ts'
export type { RoomEvents } from '../room/events.ts'
export { type ConnectionStatus, type RosterEntry, roster } from '../room/roster.ts'
export type { RoomState } from '../room/state.ts'
export type { IceServer } from '../wire/ice.ts'
export { parseInvitation, writeInvitation } from '../wire/invitation.ts'
export type { Refusal } from '../wire/refusal.ts'
export type { RoomCard, RoomKind } from '../wire/server.ts'
export {
  Client,
  type ClientEvents,
  type ClientOptions,
  connect,
  type Entered,
  type NewRoom,
} from './client.ts'
export type { FileEvents, FileTransfers } from './file-transfers.ts'
export type { Connection, RoomSession, RoomSessionEvents } from './room-session.ts'
export type { RoomTarget } from './room-target.ts'
export { parseStay, type Stay, writeStay } from './stay.ts'
