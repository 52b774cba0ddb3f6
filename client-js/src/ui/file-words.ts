/** What the page says of transfers, and what of them waits for the person. It follows from the state alone. Pure. */
import type { Download, FilesState, Upload } from '../files/state.ts'
import type { FileEntry } from '../room/timeline.ts'
import { bytesText, shownName } from './format.ts'
import { texts } from './language.ts'

/** `there`: its owner is in the room. */
export const downloadWords = (it: Download, there: boolean): string => {
  const from = shownName(it.ownerName)
  if (it.phase === 'offered' && !it.available) return texts().files.noLongerOffered(from)
  if (it.phase === 'waiting' && !there) return texts().files.ownerGone(from)
  // Their page was loaded anew and does not know the file any more.
  if (it.phase === 'waiting' && it.refusedBy.includes(it.owner)) return texts().files.mustSendAgain(from)
  // Original pages have no hash to compare.
  if (it.phase === 'kept' && it.transport === 'legacy') return texts().files.keptUnchecked
  if (it.phase === 'resumable') return texts().files.partly(bytesText(it.stored), bytesText(it.size))
  if (it.phase === 'stopped') return texts().files.why[it.why ?? 'lost'](from)
  if (it.phase === 'running' && it.paused.ours) return texts().files.paused
  if (it.phase === 'running' && it.paused.theirs) return texts().files.pausedBy(from)
  return texts().files.phases[it.phase](from)
}

/** What waits for an answer, and can still be had. */
export const openOffers = ({ downloads }: FilesState): Download[] =>
  [...downloads.values()].filter(({ phase, available }) => phase === 'offered' && available)

/** What an earlier page has begun to receive: it waits for the person, and goes before whatever is new. */
export const resumableFiles = ({ downloads }: FilesState): Download[] =>
  [...downloads.values()].filter(({ phase }) => phase === 'resumable')

/** Whether asking for it once more can bring it: its owner may have withdrawn it, lost it, or left. */
export const canFetch = (it: Download): boolean =>
  it.available && (it.phase === 'declined' || (it.phase === 'stopped' && it.why !== 'gone'))

/** Said behind the receiver's name. `reachable`: there is a way to them. */
export const uploadWords = (it: Upload, reachable: boolean): string => {
  if (it.phase === 'stopped') return texts().files.whyRow[it.why ?? 'lost']
  if (it.phase === 'running' && it.paused.ours) return texts().files.paused
  // The receiver asks for the rest: nothing but them is waited for.
  if (it.phase === 'waiting' && reachable) return texts().files.rowAwaited
  return texts().files.rows[it.phase]
}

/** Of a file of which only its place in the conversation is left. */
export const goneWords = ({ own, fileName }: FileEntry): string =>
  texts().files[own ? 'takenBack' : 'unknown'](shownName(fileName))
