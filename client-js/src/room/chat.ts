/** The rules of the conversation: what we send, what we receive, what a host relays, and who is typing. Pure. */
import { chatUnitsMax, splitText } from '../base/text.ts'
import { type Chat, type ChatEvent, withId } from '../wire/chat.ts'
import { type MemberId, type MessageId, messageId, type PeerId } from '../wire/ids.ts'
import { type SealedMessage, writeSealed } from '../wire/sealing.ts'
import { broadcast, stepTo, withEntry } from './change.ts'
import { receiveOffers } from './file.ts'
import { answerHistoryRequest, receiveHistory } from './history.ts'
import { acknowledge, enqueue, holdsBack } from './outbox.ts'
import { rulesOf } from './role.ts'
import { nameOf } from './roster.ts'
import { isSealed } from './sealing.ts'
import {
  capsOf,
  hostedByServer,
  type RoomEffect,
  type RoomState,
  type RoomStep,
  readyLinks,
} from './state.ts'
import { changeMessage, findMessage, type NewChat, withoutEntry, withReaction } from './timeline.ts'

/** A typing mark lasts so long unless it is renewed, which its sender does in less. */
const typingMs = 6_000
const typingRepeatMs = 3_000
/** A message that nobody has acknowledged after so long counts as not delivered. */
const deliveryMs = 4_000

/** A text as the messages that it is sent as: one, unless it is too long for that. */
export const messageParts = (text: string): string[] => splitText(text, chatUnitsMax)

/** Whether somebody is here, or will be when a broken link is back, or when they are awake again. */
export const canSpeak = (state: RoomState): boolean =>
  !state.ended &&
  state.selfMember !== null &&
  !isSpeechless(state) &&
  // Whoever is writing reads first that the server will be able to read it, and whose page has to.
  state.sealing.mode !== 'opening' &&
  (state.away.size > 0 ||
    [...state.links].some(([peer, link]) => link.phase === 'ready' || capsOf(state, peer).chat))

/** Our page cannot seal any more, or nobody is there for whom to: a server cannot open it, and keeps it for nobody. */
const isSpeechless = (state: RoomState): boolean =>
  state.sealing.mode === 'failed' || (hostedByServer(state) && isSealed(state) && state.members.size === 0)

/** Whether anybody here can see reactions and typing. */
export const canReact = (state: RoomState): boolean =>
  !state.ended &&
  state.selfMember !== null &&
  !isSpeechless(state) &&
  readyLinks(state).some(peer => capsOf(state, peer).chat)

const broadcastToCapable = (
  state: RoomState,
  source: MemberId | null,
  event: ChatEvent | Chat,
  except?: PeerId,
): RoomEffect[] =>
  broadcast(state, source, event, except ?? null).filter(
    effect => effect.type === 'send' && capsOf(state, effect.over).chat,
  )

/** A message of our own. */
export const say = (
  state: RoomState,
  { text, id, replyTo }: { text: string; id: MessageId; replyTo: MessageId | null },
  at: number,
): RoomStep => {
  const known = findMessage(state.timeline, replyTo)?.id ?? null
  const sealed = isSealed(state) ? ({ sealed: true } as const) : {}
  const message: Chat = { kind: 'chat', text, id, replyTo: known, ...sealed }
  // An original page acknowledges nothing.
  const toOriginals = readyLinks(state).some(peer => !capsOf(state, peer).chat)
  const delivery = toOriginals ? 'sent' : 'pending'
  const entry: NewChat = {
    kind: 'chat',
    name: state.person.name,
    from: null,
    own: true,
    text,
    id,
    replyTo: known,
    delivery,
    ...sealed,
  }
  const said = { ...withEntry(state, entry, at), typingSentAt: null }
  const timer: RoomEffect = { type: 'timer', timer: { kind: 'delivery', id }, ms: deliveryMs }
  return stepTo(
    enqueue(said, state.selfMember, message),
    ...(holdsBack(said) ? [] : broadcast(said, state.selfMember, message)),
    ...(delivery === 'pending' ? [timer] : []),
  )
}

/** A message of ours that has not arrived, once more. Whoever has it acknowledges it and shows it once. */
export const sendAgain = (state: RoomState, id: MessageId): RoomStep => {
  const entry = findMessage(state.timeline, id)
  if (!entry?.own || entry.delivery !== 'undelivered' || !canSpeak(state)) return stepTo(state)
  const { text, replyTo, sealed } = entry
  const message: Chat = { kind: 'chat', text, id, replyTo, ...(sealed && { sealed }) }
  const timeline = changeMessage(state.timeline, id, it => ({ ...it, delivery: 'pending' }))
  return stepTo(
    enqueue({ ...state, timeline }, state.selfMember, message),
    ...broadcastToCapable(state, state.selfMember, message),
    { type: 'timer', timer: { kind: 'delivery', id }, ms: deliveryMs },
  )
}

export const deliveryTimeout = (state: RoomState, id: MessageId): RoomStep =>
  stepTo({
    ...state,
    timeline: changeMessage(state.timeline, id, entry =>
      entry.delivery === 'pending' ? { ...entry, delivery: 'undelivered' } : entry,
    ),
  })

/** Shown and passed on only for members. */
export const receiveChat = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  received: Chat,
  at: number,
): RoomStep => {
  const name = nameOf(state, speaker)
  if (speaker === null || name === undefined) return stepTo(state)
  const thanks = ackFor(state, via, received)
  const known = findMessage(state.timeline, received.id)
  // A message that comes once more over a link that broke is here already. One known only from shared history gives way.
  if (known?.sharedBy === null) return stepTo(state, ...thanks)
  if (known)
    return receiveChat(
      { ...state, timeline: withoutEntry(state.timeline, known) },
      via,
      speaker,
      received,
      at,
    )
  const passedOn = received.asReceived === null
  const message = rulesOf(state).relays && !passedOn ? withAssignedId(state, received) : received
  // Without text a message can still hold files, which others may understand.
  const { text, id, replyTo } = message
  const entry: NewChat = {
    kind: 'chat',
    name,
    from: speaker,
    own: false,
    text,
    id,
    replyTo,
    delivery: 'sent',
  }
  const shown = withoutTyping(text.trim() === '' ? state : withEntry(state, entry, at), speaker)
  const listed = receiveOffers(shown, speaker, name, message.files ?? [], at)
  const step = stepTo(listed.state, ...listed.effects, ...thanks)
  if (!rulesOf(shown).relays || passedOn) return step
  const others = stepTo(
    enqueue(step.state, speaker, message, via),
    ...broadcast(shown, speaker, message, via),
  )
  return { state: others.state, effects: [...step.effects, ...others.effects] }
}

/** What a host's guest has sealed for everybody goes on as it came, also where we cannot open it. Who is away gets what was said. */
export const passOnBox = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  message: Extract<SealedMessage, { kind: 'sealed' }>,
): RoomStep => {
  if (speaker === null || !state.members.has(speaker) || !rulesOf(state).relays) return stepTo(state)
  const asReceived = writeSealed(message)
  const box: Chat = { kind: 'chat', text: '', id: message.id, replyTo: null, asReceived }
  return stepTo(enqueue(state, speaker, box, via), ...broadcast(state, speaker, box, via))
}

const ackFor = (state: RoomState, via: PeerId, { id }: Chat): RoomEffect[] => {
  const source = state.selfMember
  if (id === null || source === null || !capsOf(state, via).chat) return []
  return [{ type: 'send', over: via, source, message: { kind: 'ack', id } }]
}

/** An original's message has no name of its own; where all go through us, we can give it one. */
const withAssignedId = (state: RoomState, received: Chat): Chat => {
  const made = received.id === null ? messageId(`host:${(state.timeline.at(-1)?.key ?? 0) + 1}`) : null
  return made === null || findMessage(state.timeline, made) ? received : withId(received, made)
}

/** What only pages of ours say to each other. */
export const receiveChatEvent = (
  state: RoomState,
  via: PeerId,
  speaker: MemberId | null,
  event: ChatEvent,
  at: number,
): RoomStep => {
  const name = nameOf(state, speaker)
  if (event.kind === 'ack') return stepTo(acknowledge(state, via, event.id))
  if (event.kind === 'history') return receiveHistory(state, via, speaker, event.messages, at)
  if (speaker === null || name === undefined) return stepTo(state)
  switch (event.kind) {
    case 'ask-history':
      return answerHistoryRequest(state, via, speaker, name, at)
    case 'typing':
      return relayed(startTyping(state, speaker, event.on, at), via, speaker, event)
    case 'topic': {
      const heard: RoomEffect = { type: 'topic', from: speaker, topic: event.topic, data: event.data }
      return relayed(stepTo(state, heard), via, speaker, event)
    }
    case 'reaction': {
      const change = changeMessage(state.timeline, event.to, entry =>
        withReaction(entry, event.emoji, { member: speaker, name }, event.on),
      )
      if (change === state.timeline) return stepTo(state)
      return relayed(stepTo({ ...state, timeline: change }), via, speaker, event)
    }
  }
}

const relayed = ({ state, effects }: RoomStep, via: PeerId, speaker: MemberId, event: ChatEvent): RoomStep =>
  stepTo(state, ...effects, ...(rulesOf(state).relays ? broadcastToCapable(state, speaker, event, via) : []))

const startTyping = (state: RoomState, member: MemberId, on: boolean, at: number): RoomStep => {
  if (!on) return stepTo(withoutTyping(state, member))
  const until = at + typingMs
  const timer: RoomEffect = { type: 'timer', timer: { kind: 'typing', member, until }, ms: typingMs }
  return stepTo({ ...state, typing: new Map(state.typing).set(member, until) }, timer)
}

const withoutTyping = (state: RoomState, member: MemberId): RoomState => {
  if (!state.typing.has(member)) return state
  const rest = new Map(state.typing)
  rest.delete(member)
  return { ...state, typing: rest }
}

export const typingTimeout = (state: RoomState, member: MemberId, until: number): RoomStep =>
  stepTo(state.typing.get(member) === until ? withoutTyping(state, member) : state)

/** Our own: said when it begins, again while it lasts, and when it ends without a message. */
export const setTyping = (state: RoomState, on: boolean, at: number): RoomStep => {
  const { typingSentAt } = state
  if (
    state.ended ||
    (on ? typingSentAt !== null && at - typingSentAt < typingRepeatMs : typingSentAt === null)
  )
    return stepTo(state)
  const next = { ...state, typingSentAt: on ? at : null }
  return stepTo(next, ...broadcastToCapable(next, next.selfMember, { kind: 'typing', on }))
}

/** Something that only pages of the same make understand. */
export const sendTopic = (state: RoomState, topic: string, data: unknown): RoomStep =>
  stepTo(state, ...broadcastToCapable(state, state.selfMember, { kind: 'topic', topic, data }))

/** Our own reaction to a message. */
export const react = (state: RoomState, to: MessageId, emoji: string, on: boolean): RoomStep => {
  if (!canReact(state)) return stepTo(state)
  const signer = { member: null, name: state.person.name }
  const timeline = changeMessage(state.timeline, to, entry => withReaction(entry, emoji, signer, on))
  if (timeline === state.timeline) return stepTo(state)
  return stepTo(
    { ...state, timeline },
    ...broadcastToCapable(state, state.selfMember, { kind: 'reaction', to, emoji, on }),
  )
}
