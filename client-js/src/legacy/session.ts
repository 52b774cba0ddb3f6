/** Access to the session that an upload to an original page has while it runs. Pure. */
import { withUpload } from '../files/change.ts'
import { type FilesState, type Upload, uploadAt } from '../files/state.ts'
import type { LegacyUpload } from './state.ts'

export const sessionOf = (it: Upload | undefined): LegacyUpload | null =>
  it && 'via' in it && it.via?.kind === 'legacy' ? it.via : null

type Progress = Partial<Pick<Upload, 'sent' | 'acked' | 'rate'>>

/** The same upload in the same phase, with its session changed. One that has ended stays as it is. */
export const withSession = (
  state: FilesState,
  it: Upload,
  via: LegacyUpload,
  progress: Progress = {},
): FilesState => {
  switch (it.phase) {
    case 'waiting':
      return withUpload(state, uploadAt(it, { phase: 'waiting', via }, progress))
    case 'running':
    case 'sent':
      return withUpload(state, uploadAt(it, { phase: it.phase, via }, progress))
    case 'done':
    case 'declined':
    case 'stopped':
      return state
  }
}
