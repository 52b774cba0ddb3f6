/**
 * What there is to say of a star for as long as it is not sealed: whose page cannot, or that our own cannot any more. Pure.
 */
import { nameOf } from '../room/roster.ts'
import { isSealed, knowsMembers, unsealedMembers } from '../room/sealing.ts'
import { hostedByServer, type RoomState } from '../room/state.ts'
import { shownName } from './format.ts'
import { texts } from './language.ts'

/** Null where nothing is to be said: it is sealed, goes elsewhere, or nobody has told who is there yet. */
export const encryptionNotice = (state: RoomState): string | null => {
  if (!isTold(state)) return null
  if (state.sealing.mode === 'failed') return texts().notices['sealing-failed']('')
  // Where a person is the host nothing can be overheard, and the conversation has said the rest.
  return (hostedByServer(state) ? unableWords(state) : null) ?? failingWords(state)
}

/** The same while nothing is sealed for anybody. */
export const unsealedNotice = (state: RoomState): string | null =>
  isTold(state) && !isSealed(state) ? (unableWords(state) ?? encryptionNotice(state)) : null

/** Before the roster has come nothing is known. */
const isTold = (state: RoomState): boolean =>
  !state.ended && state.sealing.mode !== 'none' && knowsMembers(state)

/** Whose page cannot. */
const unableWords = (state: RoomState): string | null => {
  const { notices } = texts()
  const hosted = hostedByServer(state)
  if (hosted && !state.person.caps.sealed) return notices['unsealed-here']('')
  const someone = unsealedMembers(state).find(member => nameOf(state, member) !== undefined)
  if (someone === undefined) return null
  return notices[hosted ? 'unsealed' : 'unsealed-star'](shownName(nameOf(state, someone) ?? ''))
}

/** With whom no keys have been agreed on. */
const failingWords = (state: RoomState): string | null => {
  const [failing] = [...state.sealing.failing].filter(member => nameOf(state, member) !== undefined)
  return failing === undefined
    ? null
    : texts().notices['keys-missing'](shownName(nameOf(state, failing) ?? ''))
}
