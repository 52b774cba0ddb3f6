/** Owns the conversation's rules: what we say, what we hear, who hears it from us, and who is writing. Pure. */
import { type Chat, type ChatWord, withId } from '../wire/chat.ts'
import { type MemberId, type MessageId, messageId, type PeerId } from '../wire/ids.ts'
import { noted, paced, still, toEveryone } from './change.ts'
import { offered } from './file.ts'
import { askedForHistory, historyTold } from './history.ts'
import { heardBy, owe } from './owed.ts'
import { capsOf, type RoomEffect, type RoomState, readyLinks, type Step } from './state.ts'
import { changeMessage, findMessage, type NewChat, signed, without } from './timeline.ts'

/** A typing mark lasts so long unless it is renewed, which its sender does in less. */
const typingMs = 6_000
const typingAgainMs = 3_000
/** After so long without a sign from anybody, a message of ours counts as not heard. */
const unheardMs = 4_000

/** Somebody who is here to hear, or will be when a broken link is back. */
export const canSpeak = (state: RoomState): boolean =>
  !state.ended &&
  state.selfMember !== null &&
  [...state.links].some(([peer, link]) => link.phase === 'ready' || capsOf(state, peer).chat)

/** Can anybody here see our signs and marks? */
export const canReact = (state: RoomState): boolean =>
  !state.ended && state.selfMember !== null && readyLinks(state).some(peer => capsOf(state, peer).chat)

const toCapable = (
  state: RoomState,
  source: MemberId | null,
  word: ChatWord,
  except?: PeerId,
): RoomEffect[] =>
  toEveryone(state, source, word, except ?? null).filter(
    effect => effect.type === 'send' && capsOf(state, effect.over).chat,
  )

/** Our own word. */
export const say = (
  state: RoomState,
  { text, id, answers }: { text: string; id: MessageId; answers: MessageId | null },
  at: number,
): Step => {
  const known = findMessage(state.timeline, answers)?.id ?? null
  const message: Chat = { kind: 'chat', text, id, answers: known }
  // An original page does not say what it has heard.
  const toOriginals = readyLinks(state).some(peer => !capsOf(state, peer).chat)
  const delivery = toOriginals ? 'sent' : 'pending'
  const entry: NewChat = {
    kind: 'chat',
    name: state.person.name,
    own: true,
    text,
    id,
    answers: known,
    delivery,
  }
  const said = { ...noted(state, entry, at), typingSaid: null }
  const timer: RoomEffect = { type: 'timer', timer: { kind: 'unheard', id }, ms: unheardMs }
  return still(
    owe(said, state.selfMember, message),
    ...toEveryone(said, state.selfMember, message),
    ...(delivery === 'pending' ? [timer] : []),
  )
}

export const unheard = (state: RoomState, id: MessageId): Step =>
  still({
    ...state,
    timeline: changeMessage(state.timeline, id, entry =>
      entry.delivery === 'pending' ? { ...entry, delivery: 'unheard' } : entry,
    ),
  })

/** Shown and passed on only for members, and only as fast as is bearable. */
export const hearChat = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  heard: Chat,
  at: number,
): Step => {
  const name = speaker === null ? undefined : state.members.get(speaker)?.name
  if (speaker === null || name === undefined) return still(state)
  const { state: next, kept } = paced(state, via, name, at)
  if (!kept) return still(next)
  const thanks = thanksFor(next, via, heard)
  const known = findMessage(next.timeline, heard.id)
  // Said once more over a link that broke: it is here already. What was only told gives way to what was said.
  if (known?.teller === null) return still(next, ...thanks)
  if (known) return hearChat({ ...state, timeline: without(state.timeline, known) }, via, speaker, heard, at)
  const message = next.topology.relays ? withOwnId(next, heard) : heard
  // Without text a message can still hold files, which others may understand.
  const { text, id, answers } = message
  const entry: NewChat = { kind: 'chat', name, own: false, text, id, answers, delivery: 'sent' }
  const shown = stopped(text.trim() === '' ? next : noted(next, entry, at), speaker)
  const listed = offered(shown, speaker, name, message.files ?? [], at)
  const told = still(listed.state, ...listed.effects, ...thanks)
  if (!shown.topology.relays) return told
  const passedOn = still(owe(told.state, speaker, message, via), ...toEveryone(shown, speaker, message, via))
  return { state: passedOn.state, effects: [...told.effects, ...passedOn.effects] }
}

const thanksFor = (state: RoomState, via: PeerId, { id }: Chat): RoomEffect[] => {
  const source = state.selfMember
  if (id === null || source === null || !capsOf(state, via).chat) return []
  return [{ type: 'send', over: via, source, message: { kind: 'heard', id } }]
}

/** An original's message has no name of its own; where all go through us, we can give it one. */
const withOwnId = (state: RoomState, heard: Chat): Chat => {
  const made = heard.id === null ? messageId(`host:${(state.timeline.at(-1)?.key ?? 0) + 1}`) : null
  return made === null || findMessage(state.timeline, made) ? heard : withId(heard, made)
}

/** What only pages of ours say to each other. */
export const hearChatWord = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  word: ChatWord,
  at: number,
): Step => {
  const name = speaker === null ? undefined : state.members.get(speaker)?.name
  if (word.kind === 'heard') return still(heardBy(state, via, word.id))
  if (word.kind === 'history') return historyTold(state, via, word.messages, at)
  if (speaker === null || name === undefined) return still(state)
  const { state: next, kept } = paced(state, via, name, at)
  if (!kept) return still(next)
  switch (word.kind) {
    case 'ask-history':
      return askedForHistory(next, via, name, at)
    case 'typing':
      return passedOn(typing(next, speaker, word.on, at), via, speaker, word)
    case 'reaction': {
      const change = changeMessage(next.timeline, word.to, entry =>
        signed(entry, word.sign, { member: speaker, name }, word.on),
      )
      if (change === next.timeline) return still(next)
      return passedOn(still({ ...next, timeline: change }), via, speaker, word)
    }
  }
}

const passedOn = ({ state, effects }: Step, via: PeerId, speaker: MemberId, word: ChatWord): Step =>
  still(state, ...effects, ...(state.topology.relays ? toCapable(state, speaker, word, via) : []))

const typing = (state: RoomState, member: MemberId, on: boolean, at: number): Step => {
  if (!on) return still(stopped(state, member))
  const until = at + typingMs
  const timer: RoomEffect = { type: 'timer', timer: { kind: 'typing', member, until }, ms: typingMs }
  return still({ ...state, typing: new Map(state.typing).set(member, until) }, timer)
}

const stopped = (state: RoomState, member: MemberId): RoomState => {
  if (!state.typing.has(member)) return state
  const rest = new Map(state.typing)
  rest.delete(member)
  return { ...state, typing: rest }
}

export const typingOver = (state: RoomState, member: MemberId, until: number): Step =>
  still(state.typing.get(member) === until ? stopped(state, member) : state)

/** Our own: said when it begins, again while it lasts, and when it ends without a message. */
export const type = (state: RoomState, on: boolean, at: number): Step => {
  const { typingSaid } = state
  if (state.ended || (on ? typingSaid !== null && at - typingSaid < typingAgainMs : typingSaid === null))
    return still(state)
  const next = { ...state, typingSaid: on ? at : null }
  return still(next, ...toCapable(next, next.selfMember, { kind: 'typing', on }))
}

/** Our own sign on a message. */
export const react = (state: RoomState, to: MessageId, sign: string, on: boolean): Step => {
  if (!canReact(state)) return still(state)
  const signer = { member: null, name: state.person.name }
  const timeline = changeMessage(state.timeline, to, entry => signed(entry, sign, signer, on))
  if (timeline === state.timeline) return still(state)
  return still(
    { ...state, timeline },
    ...toCapable(state, state.selfMember, { kind: 'reaction', to, sign, on }),
  )
}
