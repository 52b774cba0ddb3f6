/**
 * What there is to say of a room through the server for as long as it is not sealed: whose page cannot, or that our own cannot
 * any more. Pure.
 */
import { nameOf } from '../room/roster.ts'
import { isSealed, unsealedMembers } from '../room/sealing.ts'
import type { RoomState } from '../room/state.ts'
import { shownName } from './format.ts'
import { texts } from './language.ts'

/** Null where nothing is to be said: it is sealed, goes elsewhere, or nobody has told who is there yet. */
export const encryptionNotice = (state: RoomState): string | null => {
  const { sealing, person, ended } = state
  const { notices } = texts()
  if (ended || sealing.mode === 'none' || state.hostCaps === null) return null
  if (sealing.mode === 'failed') return notices['sealing-failed']('')
  if (!person.caps.sealed) return notices['unsealed-here']('')
  const someone = unsealedMembers(state).find(member => nameOf(state, member) !== undefined)
  if (someone !== undefined) return notices.unsealed(shownName(nameOf(state, someone) ?? ''))
  const [failing] = [...sealing.failing].filter(member => nameOf(state, member) !== undefined)
  return failing === undefined ? null : notices['keys-missing'](shownName(nameOf(state, failing) ?? ''))
}

/** The same while nothing is sealed for anybody. */
export const unsealedNotice = (state: RoomState): string | null =>
  isSealed(state) ? null : encryptionNotice(state)
