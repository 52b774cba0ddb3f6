/**
 * The conversation as it is shown: messages, files and notices, at most so many. Pure; the
 * time is handed in.
 */
import { largestOwner } from '../base/fair-share.ts'
import type { FileId, MemberId, MessageId } from '../wire/ids.ts'

/** For the views, which do not look into the wire's messages themselves. */
export { chatUnitsMax, partsMax } from '../base/text.ts'
export type { MessageId } from '../wire/ids.ts'

export type DepartureNotice = 'left' | 'removed'

export type HostNotice = 'host-changed' | 'host-now' | 'host-awaited'

/** Something is wrong at the server, which does not touch the connections to others in the room. */
export type ServerNotice = 'line-lost' | 'room-gone' | 'password-changed'

/** Whether what goes through the server is sealed. `keys-missing`: nothing could be agreed on with somebody. */
export type SealingNotice =
  | 'sealed'
  | 'unsealed'
  | 'unsealed-here'
  | 'sealing-failed'
  | 'key-changed'
  | 'keys-missing'
  /** Where a person is the host, who hears everything in any case. */
  | 'unsealed-star'

export type NoticeKind =
  | DepartureNotice
  | HostNotice
  | ServerNotice
  | SealingNotice
  | 'joined'
  | 'too-fast'
  | 'host-offline'
  | 'host-left'
  | 'line-back'
  | 'handed-over'
  /** What the room's owner has done. */
  | 'locked'
  | 'unlocked'
  | 'waiting-on'
  | 'waiting-off'
  | 'muted'
  | 'changed'
  | 'owner-now'
  | 'owner-changed'

/** An emoji that people have put to a message; `member` is null for ourselves. */
export type Reaction = {
  readonly emoji: string
  readonly by: readonly { readonly member: MemberId | null; readonly name: string }[]
}

/** Whether somebody has received a message of ours. For messages of others it is always `sent`. */
export type Delivery = 'pending' | 'sent' | 'undelivered'

export type NewChat = {
  readonly kind: 'chat'
  readonly name: string
  /** Null for ourselves, and for whoever said it before we came. */
  readonly from: MemberId | null
  readonly own: boolean
  readonly text: string
  readonly id: MessageId | null
  readonly replyTo: MessageId | null
  readonly delivery: Delivery
  /** Ours, under seal: it is never sent in another way. */
  readonly sealed?: true
}
export type NewNotice =
  | {
      readonly kind: 'notice'
      readonly notice: Exclude<NoticeKind, DepartureNotice | HostNotice | ServerNotice>
      readonly name: string
    }
  | {
      readonly kind: 'notice'
      readonly notice: DepartureNotice
      readonly name: string
      readonly member: MemberId
    }
  /** `alone`: there was no connection to anybody but the server. */
  | { readonly kind: 'notice'; readonly notice: ServerNotice; readonly name: ''; readonly alone: boolean }
  /** A star has another host: somebody of that name, or we, or nobody yet. `before` was it until then. */
  | {
      readonly kind: 'notice'
      readonly notice: HostNotice
      readonly name: string
      readonly before: MemberId | null
    }
  /** Somebody outside tries passwords for the room; `count` of them were wrong. */
  | { readonly kind: 'notice'; readonly notice: 'password-attempts'; readonly count: number }
/** A file that somebody offers, or we do. */
export type NewFile = {
  readonly kind: 'file'
  readonly name: string
  readonly own: boolean
  readonly owner: MemberId
  readonly file: FileId
  /** Nobody has to be told of it: it is ours, or an earlier page of ours has shown it. */
  readonly seen: boolean
  /** Said still when nothing else is known of it any more. */
  readonly fileName: string
}
export type NewEntry = NewChat | NewNotice | NewFile

type Placed = { readonly key: number; readonly at: number }
export type ChatEntry = NewChat &
  Placed & {
    readonly reactions: readonly Reaction[]
    /** Who handed it over, if it was said before we came. What they say of it may not be so. */
    readonly sharedBy: string | null
  }
export type FileEntry = NewFile & Placed
export type Entry = ChatEntry | FileEntry | (NewNotice & Placed)

export type Timeline = readonly Entry[]

/** A file's id is its owner's. */
export type NamedFile = Pick<NewFile, 'owner' | 'file'>

export const isSameFile = (a: NamedFile, b: NamedFile): boolean => a.owner === b.owner && a.file === b.file

/** Each kind has bounds of its own: a burst of files or notices pushes out its like, and no conversation. */
export const entriesMax: Readonly<Record<Entry['kind'], number>> = { chat: 1_000, file: 120, notice: 120 }

/** Whose entry it is, as far as one can be held to it. Notices are the room's. */
const authorOf = (entry: Entry): string | null => {
  if (entry.kind === 'notice' || (entry.kind === 'chat' && entry.own)) return null
  return entry.kind === 'file' ? entry.owner : (entry.from ?? '')
}

/**
 * Without one of a kind that has too many: the oldest of whoever has most of them, so that nobody pushes out what others
 * have said or offered, however much they send.
 */
const bounded = (timeline: Timeline, kind: Entry['kind']): Timeline => {
  const all = timeline.filter(it => it.kind === kind)
  if (all.length <= entriesMax[kind]) return timeline
  const most = largestOwner(all, authorOf)
  const oldest = all.find(it => authorOf(it) === most)
  return timeline.filter(it => it !== oldest)
}
/** Different emoji on one message, and people with the same emoji; more are not shown. */
export const reactionsMax = 12
const reactorsMax = 40

/** `lastKey` is that of an entry that stood last and is gone: whoever has read that has not read this one. */
export const append = (timeline: Timeline, entry: NewEntry, at: number, lastKey = 0): Timeline => {
  const placed = { key: Math.max(timeline.at(-1)?.key ?? 0, lastKey) + 1, at }
  const next: Entry =
    entry.kind === 'chat' ? { ...entry, ...placed, reactions: [], sharedBy: null } : { ...entry, ...placed }
  return bounded([...timeline, next], entry.kind)
}

/** What was said before we came goes before everything else, as far as there is room. */
export const prepend = (timeline: Timeline, earlier: readonly Omit<ChatEntry, 'key'>[]): Timeline => {
  const first = timeline[0]?.key ?? 1
  const room = entriesMax.chat - timeline.filter(({ kind }) => kind === 'chat').length
  const shown = room > 0 ? earlier.slice(-room) : []
  const keyed = shown.map((entry, index) => ({ ...entry, key: first - shown.length + index }))
  return [...keyed, ...timeline]
}

export const findMessage = (timeline: Timeline, id: MessageId | null): ChatEntry | null =>
  id === null
    ? null
    : (timeline.find((entry): entry is ChatEntry => entry.kind === 'chat' && entry.id === id) ?? null)

export const withoutEntry = (timeline: Timeline, entry: Entry): Timeline =>
  timeline.filter(it => it !== entry)

/** Longer than it takes to check an owner's act. */
const checkMs = 10_000

/** That somebody has left was said just before it was known that the owner had removed them. */
export const withRemoved = (timeline: Timeline, member: MemberId, at: number): Timeline => {
  const left = timeline.findLast(it => it.kind === 'notice' && it.notice === 'left' && it.member === member)
  return left?.kind === 'notice' && left.notice === 'left' && at - left.at < checkMs
    ? timeline.map(entry => (entry === left ? { ...left, notice: 'removed' } : entry))
    : timeline
}

/** In front of the last entry, which gets another key for that. `lastKey` as in `append`. */
export const appendBeforeLast = (timeline: Timeline, entry: NewEntry, lastKey: number): Timeline => {
  const last = timeline.at(-1)
  if (!last) return timeline
  const before = append(withoutEntry(timeline, last), entry, last.at, Math.max(last.key, lastKey))
  return [...before, { ...last, key: (before.at(-1)?.key ?? last.key) + 1 }]
}

export const changeMessage = (
  timeline: Timeline,
  id: MessageId,
  change: (entry: ChatEntry) => ChatEntry,
): Timeline => {
  const found = findMessage(timeline, id)
  if (!found) return timeline
  const changed = change(found)
  return changed === found ? timeline : timeline.map(entry => (entry === found ? changed : entry))
}

export type Reactor = Reaction['by'][number]

/** Everybody has each emoji once. The same entry comes back where nothing changes. */
export const withReaction = (entry: ChatEntry, emoji: string, reactor: Reactor, on: boolean): ChatEntry => {
  const found = entry.reactions.find(it => it.emoji === emoji)
  const already = found?.by.some(({ member }) => member === reactor.member) ?? false
  if (already === on) return entry
  if (found ? on && found.by.length >= reactorsMax : entry.reactions.length >= reactionsMax) return entry
  if (!found) return { ...entry, reactions: [...entry.reactions, { emoji, by: [reactor] }] }
  const by = on ? [...found.by, reactor] : found.by.filter(({ member }) => member !== reactor.member)
  const reactions = entry.reactions.map(it => (it === found ? { emoji, by } : it))
  return { ...entry, reactions: reactions.filter(it => it.by.length > 0) }
}
