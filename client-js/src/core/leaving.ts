/** What a page leaves of its stay for the tab's next one, from the room as it is. Part of a session, which has it to leave. */
import type { CallState } from '../call/state.ts'
import type { Answered } from '../files/answered.ts'
import { downloadsMax } from '../files/state.ts'
import type { RoomState } from '../room/state.ts'
import type { ChatEntry, FileEntry, NamedFile, Timeline } from '../room/timeline.ts'
import { type FileId, stayId } from '../wire/ids.ts'
import { utf8Bytes } from '../wire/json.ts'
import type { IdentityKeys } from '../wire/sealing.ts'
import { entriesMax, type KnownFile, type Stay } from './stay.ts'

/** Of the conversation. */
const bytesMax = 200_000

export const stayOf = (
  state: RoomState,
  call: CallState,
  answered: readonly Answered[],
  identity: IdentityKeys | null = null,
): Stay => ({
  identity,
  member: state.stay,
  name: state.person.name,
  card: state.card,
  created: false,
  hosting: state.role === 'host',
  guests: state.role === 'host' ? [...state.members.values()].filter(({ id }) => stayId(id) !== null) : [],
  timeline: lastEntries(state.timeline, answered),
  read: state.timeline.at(-1)?.key ?? 0,
  files: knownFiles(state, answered),
  offered: ownOffers(state),
  call:
    call.own.phase === 'out'
      ? null
      : { microphone: call.own.microphone === 'on', camera: call.own.camera !== 'off' },
})

/** Each once, the latest last. The conversation may have forgotten what was answered, and the next page must not. */
const knownFiles = ({ seenFiles, timeline }: RoomState, answered: readonly Answered[]): KnownFile[] => {
  const before = seenFiles.map(({ owner, file }) => ({ owner, file, key: 0 }))
  const answers = answered.map(({ owner, file }) => ({ owner, file: file.id, key: 0 }))
  const shown = timeline.flatMap(it =>
    it.kind === 'file' && !it.own ? [{ owner: it.owner, file: it.file, key: it.seen ? 0 : it.key }] : [],
  )
  const byName = new Map(
    [...before, ...answers, ...shown].map(it => [JSON.stringify([it.owner, it.file]), it]),
  )
  return [...byName.values()]
    .slice(-downloadsMax)
    .map(({ owner, file, key }) => ({ owner, file, key, answer: answerTo(answered, { owner, file }) }))
}

/** Those that we have taken back are said to be so once more: somebody may not have heard of it. */
const ownOffers = ({ stay, activeOffers, endedOffers }: RoomState): FileId[] => {
  const ended = endedOffers.filter(({ owner }) => owner === stay).map(({ file }) => file)
  const active = activeOffers.filter(({ owner }) => owner === stay).map(({ file }) => file.id)
  return [...ended, ...active]
}

/**
 * The last messages that fit, and between them our own files and those that the person has answered. Other files and
 * notices belong to the page that showed them.
 */
const lastEntries = (timeline: Timeline, answered: readonly Answered[]): Timeline => {
  const entries: (ChatEntry | FileEntry)[] = []
  let bytes = 0
  for (const entry of timeline.toReversed()) {
    if (entry.kind === 'notice') continue
    if (entry.kind === 'file' && !entry.own && !answerTo(answered, entry)) continue
    bytes += utf8Bytes(entry)
    if (bytes > bytesMax || entries.length >= entriesMax) break
    entries.unshift(entry)
  }
  return entries
}

const answerTo = (answered: readonly Answered[], named: NamedFile): Answered | null =>
  answered.find(({ owner, file }) => owner === named.owner && file.id === named.file) ?? null
