/** Owns what rooms differ in, as small values. Everything else in `room/` is the same for a mesh, a host and a guest. */
import { hostMember, type MemberId, memberId, type PeerId } from '../wire/ids.ts'
import { parseMesh, writeMesh } from '../wire/mesh.ts'
import type { PeerMessage, Person, Received } from '../wire/peer.ts'
import { parseFromGuest, parseFromHost, writeAsGuest, writeAsHost } from '../wire/star.ts'

export type Role = 'mesh' | 'host' | 'guest'

export type Topology = {
  readonly role: Role
  /** Does this side open the link when the server says that a peer has joined? */
  readonly initiates: boolean
  /** May this peer open a link to us? */
  readonly acceptsOfferFrom: (peer: PeerId, host: PeerId | null) => boolean
  /** What is said first on a link that has just opened; null where the other side begins. */
  readonly firstMessage: (initiator: boolean, person: Person, password: string) => PeerMessage | null
  /** Is what one peer says passed on to the others? */
  readonly relays: boolean
  /** Does the far end of a link pass on to others what we send it? */
  readonly peerRelays: boolean
  /** Do we tell whoever joins the call that we are in it? In a star its host does that for everybody. */
  readonly greetsCallers: boolean
  /** Our own name in the roster, as far as it is known without being told. */
  readonly selfMember: (self: PeerId) => MemberId | null
  readonly read: (value: unknown) => Received | null
  readonly write: (message: PeerMessage, source: MemberId) => object | null
}

export const mesh: Topology = {
  role: 'mesh',
  initiates: true,
  acceptsOfferFrom: () => true,
  firstMessage: (initiator, person, password) => (initiator ? null : { kind: 'hello', person, password }),
  relays: false,
  peerRelays: false,
  greetsCallers: true,
  selfMember: memberId,
  read: parseMesh,
  write: writeMesh,
}

export const starHost: Topology = {
  role: 'host',
  initiates: true,
  acceptsOfferFrom: () => false,
  firstMessage: () => null,
  relays: true,
  peerRelays: false,
  greetsCallers: false,
  selfMember: () => hostMember,
  read: parseFromGuest,
  write: writeAsHost,
}

export const starGuest: Topology = {
  role: 'guest',
  initiates: false,
  acceptsOfferFrom: (peer, host) => peer === host,
  firstMessage: (_dialled, _person, password) => ({ kind: 'knock', password }),
  relays: false,
  peerRelays: true,
  greetsCallers: false,
  selfMember: () => null,
  read: parseFromHost,
  write: writeAsGuest,
}
