/**
 * Answers that several views need and that follow from the state alone: what is unread, whether a list stays at its
 * end, what leaving would cost, what one takes along into a call, and whether a relay is missing. Pure.
 */
import { type IceServer, isTurn, type Settings } from '../app/settings.ts'
import type { PreviewState } from '../call/preview.ts'
import { busy, type FilesState } from '../files/state.ts'
import type { RosterEntry } from '../room/roster.ts'
import type { Obstacle, RoomState } from '../room/state.ts'
import type { Entry, Timeline } from '../room/timeline.ts'
import type { Trouble } from './model.ts'

export type Reading = {
  /** The last entry that was seen. */
  readonly read: number
  /** The first of those that came while nobody looked. */
  readonly line: number | null
}

export const freshReading: Reading = { read: 0, line: null }

/** What others have said, to us and since we came. */
export const newTo = ({ read }: Reading, timeline: Timeline): number[] =>
  timeline.flatMap(entry => (entry.key > read && isNews(entry) ? [entry.key] : []))

/** Somebody looks at the end of it. `back`: they did not look a moment ago. */
export const readUpTo = (reading: Reading, timeline: Timeline, back: boolean): Reading => {
  const read = Math.max(reading.read, timeline.at(-1)?.key ?? 0)
  const line = back ? (newTo(reading, timeline)[0] ?? reading.line) : reading.line
  return read === reading.read && line === reading.line ? reading : { read, line }
}

const isNews = (entry: Entry): boolean =>
  (entry.kind === 'chat' && !entry.own && entry.sharedBy === null) || (entry.kind === 'file' && !entry.seen)

type Scrolled = { readonly scrollTop: number; readonly scrollHeight: number; readonly clientHeight: number }

/** So near the end counts as at the end. */
const nearPx = 40

/**
 * Whether a list is at its end after it has scrolled from `top`. Only somebody who goes up leaves the end: a list that
 * grew between a scroll and the event that tells of it has left nothing.
 */
export const staysAtEnd = (atEnd: boolean, top: number, list: Scrolled): boolean =>
  list.scrollHeight - list.scrollTop - list.clientHeight < nearPx || (atEnd && list.scrollTop >= top)

/** A star with a key goes on without its host; another ends with it. */
export const endsWithUs = ({ role, card, ended }: RoomState): boolean =>
  role === 'host' && !ended && (card.key ?? null) === null

export const leaveGuard = (room: RoomState, files: FilesState): 'room' | 'files' | null => {
  if (endsWithUs(room) && room.members.size > 0) return 'room'
  return busy(files) ? 'files' : null
}

export const joinMode = ({
  microphone,
  camera,
}: PreviewState): 'neither' | 'microphone' | 'camera' | 'both' => {
  if (microphone.track) return camera.track ? 'both' : 'microphone'
  return camera.track ? 'camera' : 'neither'
}

/** Whether nobody has said yet if they want microphone or camera. */
export const isAsking = ({ untouched, microphone, camera }: PreviewState): boolean =>
  untouched && microphone.trouble === null && camera.trouble === null

/** What the button says that goes into the call: as long as nothing has been allowed, that one is neither heard nor seen. */
export const entryWord = (
  state: PreviewState,
  running: boolean,
): 'start' | 'join' | 'startWithout' | 'joinWithout' => {
  if (isAsking(state)) return running ? 'joinWithout' : 'startWithout'
  return running ? 'join' : 'start'
}

type Chosen = Pick<Settings, 'iceServers' | 'relayOnly'>

export const isRelay = ({ urls }: IceServer): boolean => urls.some(isTurn)

/** `serverRelays`: the server hands one out. */
export const relayMissing = ({ iceServers, relayOnly }: Chosen, serverRelays: boolean): boolean =>
  relayOnly && !(iceServers.length > 0 ? iceServers.some(isRelay) : serverRelays)

/**
 * What keeps us from somebody who is there and whom we have never reached; `networks` where nobody can tell. Null while it
 * may still come about.
 */
export const apartBy = ({ links }: RoomState): Obstacle | 'networks' | null => {
  const unmet = [...links.values()].filter(
    ({ phase, member }) => member === null && (phase === 'lost' || phase === 'connecting'),
  )
  const told = unmet.find(({ attempt, obstacle }) => obstacle !== null && attempt >= toldAttempts)
  if (told) return told.obstacle
  return unmet.some(({ attempt }) => attempt >= apartAttempts) ? 'networks' : null
}

/** A link counts each time that it begins and that it breaks: one connection has come to nothing. */
const toldAttempts = 2
/** Two have, in three quarters of a minute, which is longer than anything that passes by itself. */
const apartAttempts = 4

/** Somebody is there, and no connection to anybody has come about at the first attempt. */
export const relayFails = ({ relayOnly }: Chosen, { links }: RoomState): boolean =>
  relayOnly &&
  links.size > 0 &&
  [...links.values()].every(
    ({ phase, attempt, member }) =>
      member === null && (phase === 'lost' || (phase === 'connecting' && attempt > 1)),
  )

/** The same person as they are now. Whoever is gone for a moment is out of reach, and what is open about them stays open. */
export const personNow = (seen: readonly RosterEntry[], person: RosterEntry): RosterEntry =>
  seen.find(({ key }) => key === person.key) ?? { ...person, connectionStatus: 'lost' }

/** Whether an invitation of the server's operator would help. */
export const wantsInvitation = (what: Trouble['what']): boolean => /invit|server-p|not-open/.test(what)
