/** Owns what a room does with words about files: it shows who offers what, passes on, and looks no further. Pure. */
import type { Chat } from '../wire/chat.ts'
import { type FileCard, type FileMessage, filesMax } from '../wire/file.ts'
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
  return still(fallen(state, speaker, message.file), { type: 'file', from: speaker, about }, ...passedOn)
}

/** Older ones are left to those who have heard of them. */
const standingMax = 60

const standing = (state: RoomState, owner: MemberId, files: readonly FileCard[]): RoomState => {
  const all = [...state.standing, ...files.map(file => ({ owner, file }))]
  return { ...state, standing: all.slice(-standingMax) }
}

const fallen = (state: RoomState, owner: MemberId, file: FileId): RoomState => ({
  ...state,
  standing: state.standing.filter(it => it.owner !== owner || it.file.id !== file),
})

/** Whoever we call for the first time has come after us, and learns of what is offered still. */
export const tellStanding = (state: RoomState, via: PeerId): Step => {
  const link = state.links.get(via)
  if (!link?.dialled || link.attempt > 1) return still(state)
  const owners = new Set(state.standing.map(({ owner }) => owner))
  owners.delete(link.member ?? nobody)
  const effects = [...owners].flatMap(owner => {
    const files = state.standing.filter(it => it.owner === owner).map(({ file }) => file)
    return offerOf(files, null).map(message => ({ type: 'send', over: via, source: owner, message }) as const)
  })
  return still(state, ...effects)
}

/** Each announced by itself first, since the original fetches nothing else, then in messages that show them. */
const offerOf = (files: readonly FileCard[], id: MessageId | null): (FileMessage | Chat)[] => {
  const messages: (FileMessage | Chat)[] = files.map(file => ({ kind: 'file-announced', file }))
  for (let from = 0; from < files.length; from += filesMax)
    messages.push({ kind: 'chat', text: '', id, answers: null, files: files.slice(from, from + filesMax) })
  return messages
}

/** Those who are here hear of it, and those who come later too. */
export const canOffer = (state: RoomState): boolean => !state.ended && state.selfMember !== null

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
  still(
    fallen(state, state.selfMember ?? nobody, file),
    ...toEveryone(state, state.selfMember, { kind: 'file-withdrawn', file }),
  )

/** Somebody's message lists files. */
export const offered = (
  state: RoomState,
  owner: MemberId,
  name: string,
  files: readonly FileCard[],
  at: number,
): Step =>
  inTurn(state.topology.relays ? standing(state, owner, files) : state, files, (now, file) => {
    const known = now.timeline.some(it => it.kind === 'file' && it.owner === owner && it.file === file.id)
    const shown = known ? now : noted(now, { kind: 'file', name, own: false, owner, file: file.id }, at)
    const effect: RoomEffect = { type: 'file', from: owner, about: { kind: 'offered', file } }
    return still(shown, effect)
  })

/** Who it was is known by name alone. */
export const fileLeft = (state: RoomState, { id }: FileCard, name: string, at: number): Step =>
  still(noted(state, { kind: 'file', name, own: false, owner: nobody, file: id }, at))

/** Ours, to everybody. */
export const offerFiles = (state: RoomState, files: readonly FileCard[], id: MessageId, at: number): Step => {
  const owner = state.selfMember
  if (owner === null || files.length === 0 || !canOffer(state)) return still(state)
  const { name } = state.person
  const shown = files.reduce(
    (now, file) => noted(now, { kind: 'file', name, own: true, owner, file: file.id }, at),
    standing(state, owner, files),
  )
  const messages = offerOf(files, id)
  const owed = messages.reduce((now, it) => (it.kind === 'chat' ? owe(now, owner, it) : now), shown)
  return still(owed, ...messages.flatMap(message => toEveryone(shown, owner, message)))
}
