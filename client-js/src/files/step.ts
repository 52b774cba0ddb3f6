/** Owns the one function through which transfers change: an event in, a new state and effects out. Pure: no files, channels, timers or clock. */
import type { LaneWord } from '../wire/lane.ts'
import { andThen, incomingOn, isIncoming, outgoingOn, still, withIncoming } from './change.ts'
import { stop } from './ending.ts'
import { emitted, extraClosed, extraDrained, extraHeard, extraOpened, extraRead } from './extra.ts'
import { bytesHeard, checked, laneClosed, laneOpened, pause, stored, told, unanswered } from './fetch.ts'
import {
  accept,
  askAgain,
  decline,
  leftBehind,
  offered,
  partiesChanged,
  renamed,
  storeFailed,
  storeOpened,
  withdrawn,
} from './incoming.ts'
import {
  called,
  drained,
  hashKnown,
  heardBack,
  pauseServing,
  readDone,
  serveBroken,
  share,
  stopServing,
  unshare,
} from './serve.ts'
import {
  type FilesEvent,
  type FilesState,
  type FilesStep,
  type FilesTimer,
  type IncomingKey,
  incomingLive,
  type LaneId,
  type OutgoingKey,
  outgoingLive,
} from './state.ts'
import { goOnInWords, heardInWords, pauseInWords, wordsTick } from './words.ts'
import { cancelInWords, heardByServer, readToSay, settled, wordsGone } from './words-serve.ts'

export const step = (state: FilesState, event: FilesEvent, at: number): FilesStep => {
  switch (event.type) {
    case 'parties':
      return andThen(partiesChanged(state, event.parties, at), wordsGone)
    case 'renamed':
      return still(renamed(state, event.from, event.to))
    case 'offered':
      return offered(state, event.owner, event.file, at)
    case 'withdrawn':
      return withdrawn(state, event.owner, event.file)
    case 'left':
      return still(leftBehind(state, event, at))
    case 'accept':
      return accept(state, event.key)
    case 'decline':
      return decline(state, event.key)
    case 'pause':
      return paused(state, event.key, event.on, at)
    case 'cancel':
      return cancelled(state, event.key)
    case 'share':
      return share(state, event)
    case 'unshare':
      return unshare(state, event.file)
    case 'hashed':
      return hashKnown(state, event.file, event.digest)
    case 'read':
      return read(state, event, at)
    case 'settled':
      return settled(state, event.key)
    case 'signal':
      return (
        heardInWords(state, event.from, event.signal, at) ??
        heardByServer(state, event.from, event.signal, at)
      )
    case 'timer':
      return timer(state, event.timer, at)
    case 'store-opened':
    case 'store-failed':
    case 'stored':
    case 'checked':
    case 'kept':
      return storeSaid(state, event, at)
    case 'lane-opened':
    case 'lane-called':
    case 'lane-word':
    case 'lane-bytes':
    case 'lane-closed':
    case 'drained':
      return laneSaid(state, event, at)
    default:
      return extraSaid(state, event)
  }
}

const timer = (state: FilesState, due: FilesTimer, at: number): FilesStep => {
  switch (due.kind) {
    case 'ask':
      return askAgain(state, due.key, due.attempt, at)
    case 'answer':
      return unanswered(state, due.key, due.attempt)
    case 'words':
      return wordsTick(state, due.key, due.action, at)
  }
}

const read = (state: FilesState, event: Extract<FilesEvent, { type: 'read' }>, at: number): FilesStep => {
  const it = state.outgoing.get(event.key)
  if (it?.extra) return extraRead(state, event.key, event.at, event.bytes, at)
  return it?.road === 'words'
    ? readToSay(state, it, event.at, event.bytes, at)
    : readDone(state, event.key, event.at, event.bytes)
}

type StoreEvent = Extract<
  FilesEvent,
  { type: 'store-opened' | 'store-failed' | 'stored' | 'checked' | 'kept' }
>

const storeSaid = (state: FilesState, event: StoreEvent, at: number): FilesStep => {
  const { key } = event
  switch (event.type) {
    case 'store-opened':
      return storeOpened(state, key, event.stored, at)
    case 'store-failed':
      return storeFailed(state, key)
    case 'checked':
      return checked(state, key, event.digest)
    case 'kept': {
      const it = state.incoming.get(key)
      return still(it ? withIncoming(state, { ...it, here: event.here }) : state)
    }
    case 'stored': {
      const it = state.incoming.get(key)
      if (!it || !incomingLive.has(it.phase)) return still(state)
      const written = stored(state, it, event.bytes, at)
      return it.words ? andThen(written, now => goOnInWords(now, key)) : written
    }
  }
}

type ExtraEvent = Extract<FilesEvent, { type: `extra-${string}` }>

const extraSaid = (state: FilesState, event: ExtraEvent): FilesStep => {
  const { key } = event
  switch (event.type) {
    case 'extra-opened':
      return extraOpened(state, key, event.peer)
    case 'extra-closed':
      return extraClosed(state, key)
    case 'extra-drained':
      return extraDrained(state, key, event.peer)
    case 'extra-emitted':
      return emitted(state, key, event.peer, event.signal)
    case 'extra-heard':
      return extraHeard(state, key, event.heard)
  }
}

type LaneEvent = Extract<
  FilesEvent,
  { type: 'lane-opened' | 'lane-called' | 'lane-word' | 'lane-bytes' | 'lane-closed' | 'drained' }
>

const laneSaid = (state: FilesState, event: LaneEvent, at: number): FilesStep => {
  const { lane } = event
  if (event.type === 'lane-opened') return laneOpened(state, lane)
  if (event.type === 'lane-called') return called(state, lane, event.member, event.word, event.again, at)
  const theirs = incomingOn(state, lane)
  const ours = theirs ? undefined : outgoingOn(state, lane)
  switch (event.type) {
    case 'lane-word':
      return word(state, lane, event.word, at)
    case 'lane-bytes':
      // Nobody sends bytes to a sender.
      if (theirs) return bytesHeard(state, theirs, event.bytes)
      return ours ? stopServing(state, ours, 'wrong') : still(state)
    case 'lane-closed':
      if (theirs) return laneClosed(state, theirs)
      return ours ? serveBroken(state, ours) : still(state)
    case 'drained':
      return ours ? drained(state, ours) : still(state)
  }
}

const word = (state: FilesState, lane: LaneId, said: LaneWord, at: number): FilesStep => {
  const theirs = incomingOn(state, lane)
  if (theirs) return told(state, theirs, said)
  const ours = outgoingOn(state, lane)
  return ours ? heardBack(state, ours, said, at) : still(state)
}

const paused = (state: FilesState, key: IncomingKey | OutgoingKey, on: boolean, at: number): FilesStep => {
  if (isIncoming(key)) {
    const it = state.incoming.get(key)
    if (!it || !incomingLive.has(it.phase)) return still(state)
    return it.road === 'words' ? pauseInWords(state, it, on, at) : pause(state, it, on)
  }
  const it = state.outgoing.get(key)
  // An original's page gives up what does not move.
  return it?.road === 'lane' && outgoingLive.has(it.phase) ? pauseServing(state, it, on) : still(state)
}

const cancelled = (state: FilesState, key: IncomingKey | OutgoingKey): FilesStep => {
  if (isIncoming(key)) {
    const it = state.incoming.get(key)
    return it && incomingLive.has(it.phase) ? stop(state, it, 'own-choice') : still(state)
  }
  const it = state.outgoing.get(key)
  if (!it || !outgoingLive.has(it.phase)) return still(state)
  return it.words ? cancelInWords(state, it, it.words) : stopServing(state, it, 'own-choice')
}
