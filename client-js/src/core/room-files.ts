/** The files of a room session: over which of its links their channels open and their words go. */
import type { ConnectionBudget } from '../link/connection-budget.ts'
import { Link } from '../link/link.ts'
import { directLink, linkToward } from '../room/file.ts'
import type { Room } from '../room/room.ts'
import { freshMessageId, type MemberId, type PeerId } from '../wire/ids.ts'
import { closedUnlessMade } from './direct-connections.ts'
import { FileTransfers, type FileTransfersPorts } from './file-transfers.ts'

export type RoomFilesPorts = Pick<FileTransfersPorts, 'answered'> & {
  readonly room: Room
  readonly link: (peer: PeerId) => Link | null
  readonly connections: ConnectionBudget
  readonly configuration: () => RTCConfiguration
  /** Once what was said before has been sent. */
  readonly sent: () => Promise<void>
}

export const roomFiles = ({ room, link, connections, ...ports }: RoomFilesPorts): FileTransfers =>
  new FileTransfers({
    room: room.state.card.id,
    answered: ports.answered,
    resumable: (file, name) => room.feed({ type: 'resumable-file', file, name }),
    openChannel: member => {
      const over = directLink(room.state, member)
      return over === null ? null : (link(over)?.openFileChannel() ?? null)
    },
    linked: member => directLink(room.state, member) !== null,
    signalDirect: (to, id, signal) => room.feed({ type: 'send-direct-signal', to, about: { id, signal } }),
    connect: closedUnlessMade((member, initiator, connPorts) => {
      if (!connections.take(member)) throw new Error('this member has had too many made')
      return new Link(initiator, ports.configuration(), connPorts)
    }),
    sendSignal: (to, signal) => room.feed({ type: 'send-file-signal', to, signal }),
    // Over the link that messages to a member go over; a guest's to another go over the host's.
    whenDrained: async to => {
      await ports.sent()
      const over = linkToward(room.state, to)
      if (over !== null) await link(over)?.whenDrained()
    },
    offer: files => room.feed({ type: 'offer-files', files, id: freshMessageId() }),
    withdraw: file => room.feed({ type: 'withdraw-file', file }),
  })

/** Takes a file channel from a member of the room, and closes any other. */
export const acceptFileChannel = (
  files: FileTransfers,
  { state }: Pick<Room, 'state'>,
  peer: PeerId,
  channel: RTCDataChannel,
): void => {
  const link = state.links.get(peer)
  const from: MemberId | null = link?.phase === 'ready' ? link.member : null
  if (from === null) channel.close()
  else files.called(from, channel)
}
