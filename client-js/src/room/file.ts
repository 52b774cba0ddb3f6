/**
 * What a room does with messages about files: it shows who offers what, relays, and leaves the rest to `files/`. Pure.
 */
import type { Chat } from '../wire/chat.ts'
import { type FileCard, type FileMessage, filesMax } from '../wire/file.ts'
import { type FileId, type MemberId, type MessageId, nobody, type PeerId } from '../wire/ids.ts'
import type { PeerMessage } from '../wire/peer.ts'
import type { SealedMessage } from '../wire/sealing.ts'
import { broadcast, stepEach, stepTo, withEntry } from './change.ts'
import { enqueue } from './outbox.ts'
import { rulesOf } from './role.ts'
import { nameOf } from './roster.ts'
import { isSealed } from './sealing.ts'
import {
  capsOf,
  type EndedOffer,
  type FileNotice,
  offersMax,
  type RoomEffect,
  type RoomState,
  type RoomStep,
  readyLinks,
} from './state.ts'
import { isSameFile } from './timeline.ts'

type Announced = Extract<FileMessage, { kind: 'file-announced' }>
type Withdrawn = Extract<FileMessage, { kind: 'file-withdrawn' }>
type Addressed = Extract<FileMessage, { kind: 'file-signal' | 'direct' }>

/** Only a message that lists it shows a file; this is for those who may fetch nothing else. */
export const fileAnnounced = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Announced,
): RoomStep => {
  if (nameOf(state, speaker) === undefined || !rulesOf(state).relays) return stepTo(state)
  return stepTo(state, ...broadcast(state, speaker, message, via))
}

export const fileWithdrawn = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Withdrawn,
): RoomStep => {
  if (speaker === null || !state.members.has(speaker)) return stepTo(state)
  const { file, lost } = message
  const about = { kind: 'withdrawn', file, lost } as const
  const passedOn = rulesOf(state).relays ? broadcast(state, speaker, message, via) : []
  return stepTo(
    withEndedOffer(state, { owner: speaker, file, lost }),
    { type: 'file', from: speaker, about },
    ...passedOn,
  )
}

const withOffers = (state: RoomState, owner: MemberId, files: readonly FileCard[]): RoomState => {
  const fresh = files.filter(
    ({ id }) => !state.activeOffers.some(it => it.owner === owner && it.file.id === id),
  )
  const all = [...state.activeOffers, ...fresh.map(file => ({ owner, file }))]
  return { ...state, activeOffers: all.slice(-offersMax) }
}

const withEndedOffer = (state: RoomState, ended: EndedOffer): RoomState => {
  const { owner, file } = ended
  const others = state.endedOffers.filter(it => !isSameFile(it, ended))
  return {
    ...state,
    activeOffers: state.activeOffers.filter(it => it.owner !== owner || it.file.id !== file),
    // A guest's are the host's to tell.
    endedOffers:
      owner === state.stay || rulesOf(state).relays ? [...others, ended].slice(-offersMax) : others,
  }
}

/**
 * Whoever we call for the first time has come after us, and learns of what is offered still. So does a star's new host, who
 * tells those who come later. A page of ours hears what has ended too.
 */
export const sendOffers = (state: RoomState, via: PeerId): RoomStep => {
  const link = state.links.get(via)
  // A page of ours that was loaded anew knows nothing of them, and one that does shows each once.
  const again = capsOf(state, via).files
  if (!link || !(again || (link.initiator && link.attempt === 1))) return stepTo(state)
  const owners = new Set(state.activeOffers.map(({ owner }) => owner))
  owners.delete(link.member ?? nobody)
  const enders = new Set(again ? state.endedOffers.map(({ owner }) => owner) : [])
  enders.delete(link.member ?? nobody)
  const tell = (owner: MemberId, messages: readonly PeerMessage[]): RoomEffect[] =>
    messages.map(message => ({ type: 'send', over: via, source: owner, message }))
  return stepTo(
    state,
    ...[...enders].flatMap(owner => tell(owner, endedFor(state, owner))),
    ...[...owners].flatMap(owner => tell(owner, offersFor(state, owner))),
  )
}

/** What somebody offers, for those who do not know of it. */
export const offersFor = (state: RoomState, owner: MemberId): PeerMessage[] => {
  const files = state.activeOffers.filter(it => it.owner === owner).map(({ file }) => file)
  return offerMessages(files, null)
}

/** What somebody offers no more. Original pages forget what somebody offers who is gone. */
export const endedFor = (state: RoomState, by: MemberId): PeerMessage[] =>
  state.endedOffers
    .filter(({ owner }) => owner === by)
    .map(({ file, lost }) => ({ kind: 'file-withdrawn', file, lost }) as const)

/** Each announced by itself first, since the original fetches nothing else, then in messages that show them. */
const offerMessages = (files: readonly FileCard[], id: MessageId | null): (FileMessage | Chat)[] => {
  const messages: (FileMessage | Chat)[] = files.map(file => ({ kind: 'file-announced', file }))
  for (let from = 0; from < files.length; from += filesMax)
    messages.push({ kind: 'chat', text: '', id, replyTo: null, files: files.slice(from, from + filesMax) })
  return messages
}

/** Those who are here learn of an offer, and those who come later too. */
export const canOffer = (state: RoomState): boolean =>
  !state.ended && state.selfMember !== null && state.sealing.mode !== 'failed'

/** For us, or for another guest: then it goes there as it came. */
export const deliverOrRelay = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Addressed,
): RoomStep => {
  if (speaker === null || !state.members.has(speaker)) return stepTo(state)
  const ours = message.to === state.selfMember || message.asReceived === null
  if (!rulesOf(state).relays || ours)
    return stepTo(state, { type: 'file', from: speaker, about: noticeOf(message) })
  return passOn(state, via, speaker, message, true)
}

/** What a host's guest has sealed for another, and what the two say about their keys. Ours has been opened before. */
export const passOnSealed = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Extract<SealedMessage, { kind: 'sealed-for' | 'keys' }>,
): RoomStep => {
  if (speaker === null || !state.members.has(speaker) || !rulesOf(state).relays) return stepTo(state)
  return passOn(state, via, speaker, message, message.kind === 'sealed-for' && message.chunk)
}

const passOn = (
  state: RoomState,
  via: PeerId,
  source: MemberId,
  message: PeerMessage & { readonly to: MemberId | null },
  droppable: boolean,
): RoomStep => {
  const over = message.to === null ? null : directLink(state, message.to)
  if (over === null || over === via) return stepTo(state)
  return stepTo(state, { type: 'send', over, source, message, ...(droppable && { droppable }) })
}

const noticeOf = (message: Addressed): FileNotice =>
  message.kind === 'direct'
    ? { kind: 'direct', id: message.id, signal: message.signal, ...(message.call && { call: true }) }
    : { kind: 'signal', signal: message.signal }

/** The link that leads to a member, while it carries words. */
export const directLink = (state: RoomState, member: MemberId): PeerId | null => {
  const found = [...state.links].find(([, link]) => link.member === member && link.phase === 'ready')
  return found?.[0] ?? null
}

/** The link over which words reach a member: their own, or for a guest the host's. */
export const linkToward = (state: RoomState, member: MemberId): PeerId | null =>
  directLink(state, member) ?? (state.role === 'guest' ? (readyLinks(state)[0] ?? null) : null)

/** A guest's messages to another guest go over the host. */
export const sendToMember = (state: RoomState, message: Addressed & { readonly to: MemberId }): RoomStep => {
  const over = linkToward(state, message.to)
  if (over === null || state.selfMember === null) return stepTo(state)
  return stepTo(state, { type: 'send', over, source: state.selfMember, message })
}

export const withdrawFile = (state: RoomState, file: FileId): RoomStep =>
  stepTo(
    withEndedOffer(state, { owner: state.stay, file, lost: false }),
    ...broadcast(state, state.selfMember, { kind: 'file-withdrawn', file, lost: false }),
  )

const named = ({ id, name }: FileCard) => ({ file: id, fileName: name })

/** Somebody's message lists files. */
export const receiveOffers = (
  state: RoomState,
  owner: MemberId,
  name: string,
  files: readonly FileCard[],
  at: number,
): RoomStep =>
  stepEach(rulesOf(state).relays ? withOffers(state, owner, files) : state, files, (now, file) => {
    // An earlier page of ours has a part of it: its card shows the offer from now on, and there is one card only.
    const resumed = claimed(now, owner, name, file.id)
    const offered = { owner, file: file.id }
    const known = resumed.timeline.some(it => it.kind === 'file' && isSameFile(it, offered))
    const seen = now.seenFiles.some(it => isSameFile(it, offered))
    const shown = known
      ? resumed
      : withEntry(resumed, { kind: 'file', name, own: false, owner, ...named(file), seen }, at)
    const effect: RoomEffect = { type: 'file', from: owner, about: { kind: 'offered', file } }
    return stepTo(shown, effect)
  })

/** The owner of a file that we know by name alone turns out to be this member. */
const claimed = (state: RoomState, owner: MemberId, name: string, file: FileId): RoomState => {
  const left = state.timeline.find(
    it => it.kind === 'file' && it.owner === nobody && it.file === file && it.name === name,
  )
  if (left?.kind !== 'file') return state
  return { ...state, timeline: state.timeline.map(it => (it === left ? { ...left, owner } : it)) }
}

/** Who it was is known by name alone. */
export const addResumableFile = (state: RoomState, file: FileCard, name: string, at: number): RoomStep =>
  stepTo(withEntry(state, { kind: 'file', name, own: false, owner: nobody, ...named(file), seen: true }, at))

/** Ours, to everybody. */
export const offerFiles = (
  state: RoomState,
  files: readonly FileCard[],
  id: MessageId,
  at: number,
): RoomStep => {
  const owner = state.selfMember
  if (owner === null || files.length === 0 || !canOffer(state)) return stepTo(state)
  const { name } = state.person
  const shown = files.reduce(
    (now, file) => withEntry(now, { kind: 'file', name, own: true, owner, ...named(file), seen: true }, at),
    withOffers(state, owner, files),
  )
  const messages = offerMessages(files, id).map(it =>
    it.kind === 'chat' && isSealed(state) ? ({ ...it, sealed: true } as const) : it,
  )
  const queued = messages.reduce((now, it) => (it.kind === 'chat' ? enqueue(now, owner, it) : now), shown)
  return stepTo(queued, ...messages.flatMap(message => broadcast(shown, owner, message)))
}
