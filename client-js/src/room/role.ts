/**
 * What our part in a room changes: a member of a mesh, a star's host, or a star's guest. The role is a value in the
 * room's state; what follows from it is looked up here. Everything else in `room/` is the same for all three.
 */
import type { MemberId, PeerId } from '../wire/ids.ts'
import { parseMesh, writeMesh } from '../wire/mesh.ts'
import type { PeerMessage, Person, Received } from '../wire/peer.ts'
import { parseFromGuest, parseFromHost, writeAsGuest, writeAsHost } from '../wire/star.ts'

export type Role = 'mesh' | 'host' | 'guest'

/** What we introduce ourselves with. */
export type Greeting = {
  readonly person: Person
  readonly password: string
  readonly member: MemberId
  /** What our downlink takes, in bits a second, where the host wants to know. */
  readonly downlink: number | null
}

type RoleRules = {
  /** Do we open the link when the server says that a peer has joined? */
  readonly initiates: boolean
  /** May this peer open a link to us? */
  readonly acceptsOfferFrom: (peer: PeerId, host: PeerId | null) => boolean
  /** What is said first on a link that has just opened; null where the other side begins. */
  readonly firstMessage: (initiator: boolean, own: Greeting) => PeerMessage | null
  /** Do we pass on to the others what one peer says? */
  readonly relays: boolean
  /** Does the far end of a link pass on to others what we send it? */
  readonly peerRelays: boolean
  /** Do we tell whoever joins the call that we are in it? In a star the host does that for everybody. */
  readonly greetsCallers: boolean
  readonly read: (value: unknown) => Received | null
  readonly write: (message: PeerMessage, source: MemberId) => object | null
}

const rules: Readonly<Record<Role, RoleRules>> = {
  mesh: {
    initiates: true,
    acceptsOfferFrom: () => true,
    firstMessage: (initiator, { person, password, member }) =>
      initiator ? null : { kind: 'hello', person, password, member },
    relays: false,
    peerRelays: false,
    greetsCallers: true,
    read: parseMesh,
    write: writeMesh,
  },
  host: {
    initiates: true,
    acceptsOfferFrom: () => false,
    firstMessage: () => null,
    relays: true,
    peerRelays: false,
    greetsCallers: false,
    read: parseFromGuest,
    write: writeAsHost,
  },
  guest: {
    initiates: false,
    acceptsOfferFrom: (peer, host) => peer === host,
    firstMessage: (_initiator, { password, member, downlink }) => ({
      kind: 'knock',
      password,
      member,
      ...(downlink !== null && { downlink }),
    }),
    relays: false,
    peerRelays: true,
    greetsCallers: false,
    read: parseFromHost,
    write: writeAsGuest,
  },
}

export const rulesOf = ({ role }: { readonly role: Role }): RoleRules => rules[role]
