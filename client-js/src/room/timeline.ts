/** Owns what is shown of the past: chat and notices, at most so many, from each link at most so fast. Pure; time comes in. */
import type { FileId, MemberId, MessageId } from '../wire/ids.ts'

/** For the views, which do not look into the wire's words themselves. */
export type { MessageId } from '../wire/ids.ts'

export type NoticeKind =
  | 'joined'
  | 'left'
  | 'too-fast'
  | 'host-offline'
  | 'host-left'
  | 'line-lost'
  | 'line-back'
  | 'room-gone'
  | 'handed-over'

/** A sign that people have put to a message; `member` is null for ourselves. */
export type Sign = {
  readonly sign: string
  readonly by: readonly { readonly member: MemberId | null; readonly name: string }[]
}

/** Of our own messages: has anybody heard it? Of others' it is always `sent`. */
export type Delivery = 'pending' | 'sent' | 'unheard'

export type NewChat = {
  readonly kind: 'chat'
  readonly name: string
  readonly own: boolean
  readonly text: string
  readonly id: MessageId | null
  readonly answers: MessageId | null
  readonly delivery: Delivery
}
export type NewNotice = { readonly kind: 'notice'; readonly notice: NoticeKind; readonly name: string }
/** A file that somebody offers, or we do. */
export type NewFile = {
  readonly kind: 'file'
  readonly name: string
  readonly own: boolean
  readonly owner: MemberId
  readonly file: FileId
}
export type NewEntry = NewChat | NewNotice | NewFile

type Placed = { readonly key: number; readonly at: number }
export type ChatEntry = NewChat &
  Placed & {
    readonly signs: readonly Sign[]
    /** Who handed it over, if it was said before we came. What they say of it may not be so. */
    readonly teller: string | null
  }
export type FileEntry = NewFile & Placed
export type Entry = ChatEntry | FileEntry | (NewNotice & Placed)

export type Timeline = readonly Entry[]

export const entriesMax = 500
/** Different signs on one message, and people with the same sign; more are not shown. */
export const signsMax = 12
const signersMax = 40

export const append = (timeline: Timeline, entry: NewEntry, at: number): Timeline => {
  const placed = { key: (timeline.at(-1)?.key ?? 0) + 1, at }
  const next: Entry =
    entry.kind === 'chat' ? { ...entry, ...placed, signs: [], teller: null } : { ...entry, ...placed }
  return [...timeline.slice(-(entriesMax - 1)), next]
}

/** What was said before we came goes before everything else, and gives way first. */
export const prepend = (timeline: Timeline, earlier: readonly Omit<ChatEntry, 'key'>[]): Timeline => {
  const first = timeline[0]?.key ?? 1
  const keyed = earlier.map((entry, index) => ({ ...entry, key: first - earlier.length + index }))
  return [...keyed, ...timeline].slice(-entriesMax)
}

export const findMessage = (timeline: Timeline, id: MessageId | null): ChatEntry | null =>
  id === null
    ? null
    : (timeline.find((entry): entry is ChatEntry => entry.kind === 'chat' && entry.id === id) ?? null)

export const without = (timeline: Timeline, entry: Entry): Timeline => timeline.filter(it => it !== entry)

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

export type Signer = Sign['by'][number]

/** One person has each sign once. The same entry where nothing changes. */
export const signed = (entry: ChatEntry, sign: string, signer: Signer, on: boolean): ChatEntry => {
  const found = entry.signs.find(it => it.sign === sign)
  const already = found?.by.some(({ member }) => member === signer.member) ?? false
  if (already === on) return entry
  if (found ? on && found.by.length >= signersMax : entry.signs.length >= signsMax) return entry
  if (!found) return { ...entry, signs: [...entry.signs, { sign, by: [signer] }] }
  const by = on ? [...found.by, signer] : found.by.filter(({ member }) => member !== signer.member)
  const signs = entry.signs.map(it => (it === found ? { sign, by } : it))
  return { ...entry, signs: signs.filter(it => it.by.length > 0) }
}

/** Somebody goes on under another id, and their signs and files stay theirs. */
export const resigned = (timeline: Timeline, from: MemberId, to: MemberId): Timeline =>
  timeline.map(entry => {
    if (entry.kind === 'file') return entry.owner === from ? { ...entry, owner: to } : entry
    if (entry.kind !== 'chat' || entry.signs.length === 0) return entry
    const renamed = (it: Signer): Signer => (it.member === from ? { ...it, member: to } : it)
    return { ...entry, signs: entry.signs.map(({ sign, by }) => ({ sign, by: by.map(renamed) })) }
  })

/** How much of a link's patience is left: a burst is fine, a flood is not. */
export type Pace = { readonly left: number; readonly at: number; readonly warned: boolean }

const burst = 60
const perSecond = 12

export const freshPace = (at: number): Pace => ({ left: burst, at, warned: false })

/** `verdict` is `warn` the first time a link goes too fast, and `drop` until it has calmed down. */
export const take = (pace: Pace, at: number): { pace: Pace; verdict: 'keep' | 'warn' | 'drop' } => {
  const left = Math.min(burst, pace.left + (Math.max(0, at - pace.at) / 1_000) * perSecond)
  if (left >= 1) {
    const warned = pace.warned && left < burst / 2
    return { pace: { left: left - 1, at, warned }, verdict: 'keep' }
  }
  return { pace: { left, at, warned: true }, verdict: pace.warned ? 'drop' : 'warn' }
}
