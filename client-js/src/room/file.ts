/** Owns what a room does with words about files: it shows who offers what, passes on, and looks no further. Pure. */
import type { Chat } from '../wire/chat.ts'
import type { FileCard, FileMessage } from '../wire/file.ts'
import { type FileId, hostMember, type MemberId, type MessageId, nobody, type PeerId } from '../wire/ids.ts'
import { inTurn, noted, paced, still, toEveryone } from './change.ts'
import { owe } from './owed.ts'
import { type AboutFile, type RoomEffect, type RoomState, readyLinks, type Step } from './state.ts'

type Announced = Extract<FileMessage, { kind: 'file-announced' }>
type Withdrawn = Extract<FileMessage, { kind: 'file-withdrawn' }>
type Addressed = Extract<FileMessage, { kind: 'file-signal' | 'direct' }>

/** Only a message that lists it shows a file; this is for those who may fetch nothing else. */
export const fileAnnounced = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Announced,
  at: number,
): Step => {
  const name = speaker === null ? undefined : state.members.get(speaker)?.name
  if (name === undefined || !state.topology.relays) return still(state)
  const { state: next, kept } = paced(state, via, name, at)
  return kept ? still(next, ...toEveryone(next, speaker, message, via)) : still(next)
}

export const fileWithdrawn = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Withdrawn,
): Step => {
  if (speaker === null || !state.members.has(speaker)) return still(state)
  const about = { kind: 'withdrawn', file: message.file } as const
  const passedOn = state.topology.relays ? toEveryone(state, speaker, message, via) : []
  return still(state, { type: 'file', from: speaker, about }, ...passedOn)
}

/** For us, or for another guest: then it goes there as it came. */
export const addressed = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Addressed,
): Step => {
  if (speaker === null || !state.members.has(speaker)) return still(state)
  const { to } = message
  if (!state.topology.relays || to === hostMember)
    return still(state, { type: 'file', from: speaker, about: about(message) })
  const over = to === null ? null : linkOf(state, to)
  if (over === null || over === via) return still(state)
  return still(state, { type: 'send', over, source: speaker, message, spare: true })
}

const about = (message: Addressed): AboutFile =>
  message.kind === 'direct'
    ? { kind: 'direct', id: message.id, signal: message.signal }
    : { kind: 'signal', signal: message.signal }

/** The link that leads to a member, while it carries words. */
export const linkOf = (state: RoomState, member: MemberId): PeerId | null => {
  const found = [...state.links].find(([, link]) => link.member === member && link.phase === 'ready')
  return found?.[0] ?? null
}

/** The link over which words reach a member: their own, or for a guest the host's. */
export const wayTo = (state: RoomState, member: MemberId): PeerId | null =>
  linkOf(state, member) ?? (state.topology.role === 'guest' ? (readyLinks(state)[0] ?? null) : null)

/** A guest's words to another go over the host. */
export const wordTo = (state: RoomState, message: Addressed & { readonly to: MemberId }): Step => {
  const over = wayTo(state, message.to)
  if (over === null || state.selfMember === null) return still(state)
  return still(state, { type: 'send', over, source: state.selfMember, message })
}

export const withdrawFile = (state: RoomState, file: FileId): Step =>
  still(state, ...toEveryone(state, state.selfMember, { kind: 'file-withdrawn', file }))

/** Somebody's message lists files. */
export const offered = (
  state: RoomState,
  owner: MemberId,
  name: string,
  files: readonly FileCard[],
  at: number,
): Step =>
  inTurn(state, files, (now, file) => {
    const known = now.timeline.some(it => it.kind === 'file' && it.owner === owner && it.file === file.id)
    const shown = known ? now : noted(now, { kind: 'file', name, own: false, owner, file: file.id }, at)
    const effect: RoomEffect = { type: 'file', from: owner, about: { kind: 'offered', file } }
    return still(shown, effect)
  })

/** Who it was is known by name alone. */
export const fileLeft = (state: RoomState, { id }: FileCard, name: string, at: number): Step =>
  still(noted(state, { kind: 'file', name, own: false, owner: nobody, file: id }, at))

/** Ours, to everybody: each announced by itself first, since the original fetches nothing else, then in a message. */
export const offerFiles = (state: RoomState, files: readonly FileCard[], id: MessageId, at: number): Step => {
  const owner = state.selfMember
  if (owner === null || files.length === 0 || state.ended) return still(state)
  const { name } = state.person
  const shown = files.reduce(
    (now, file) => noted(now, { kind: 'file', name, own: true, owner, file: file.id }, at),
    state,
  )
  const message: Chat = { kind: 'chat', text: '', id, answers: null, files }
  const announced = files.flatMap(file => toEveryone(shown, owner, { kind: 'file-announced', file }))
  return still(owe(shown, owner, message), ...announced, ...toEveryone(shown, owner, message))
}
