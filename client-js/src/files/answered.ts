/**
 * What the person has answered already: files that they have received, declined or cancelled. A page leaves it for the next
 * one in its tab, so that nobody is asked again. What was stored can have been changed by anybody.
 */

import { nameUnitsMax } from '../base/text.ts'
import { type FileCard, parseFileCard } from '../wire/file.ts'
import { type MemberId, memberId } from '../wire/ids.ts'
import { idText, isRecord, textUpTo } from '../wire/json.ts'
import { newDownload } from './change.ts'
import {
  type Download,
  type DownloadKey,
  downloadAt,
  downloadsMax,
  type FilesState,
  noFiles,
} from './state.ts'

type Answer = 'kept' | 'declined' | 'cancelled'

export type Answered = {
  readonly owner: MemberId
  readonly ownerName: string
  readonly file: FileCard
  readonly legacy: boolean
  readonly answer: Answer
  /** What a received file was found to be; empty for others. */
  readonly digest: string
  /** Its sender knows that it has arrived. */
  readonly told: boolean
}

/** In lower-case hexadecimal digits, SHA-256 is 64 of them. */
const digestUnitsMax = 64

export const answeredIn = (state: FilesState): Answered[] =>
  [...state.downloads.values()].flatMap((it): Answered[] => {
    const answer = answerOf(it)
    if (answer === null) return []
    const { shownUnder, ownerName, file, transport } = it
    const { digest, told } = it.phase === 'kept' ? it : { digest: '', told: false }
    return [{ owner: shownUnder, ownerName, file, legacy: transport === 'legacy', answer, digest, told }]
  })

const answerOf = (it: Download): Answer | null => {
  if (it.phase === 'kept' || it.phase === 'declined') return it.phase
  return it.phase === 'stopped' && it.why === 'own-choice' ? 'cancelled' : null
}

/** Nothing but these. None can be fetched before its owner offers it again. */
export const filesAnswered = (answered: readonly Answered[], at: number): FilesState => {
  const downloads = answered.map((it, index): [DownloadKey, Download] => {
    const key: DownloadKey = `in ${noFiles.next + index}`
    const { owner, ownerName, file } = it
    const transport = it.legacy ? 'legacy' : 'channel'
    const names = { owner, shownUnder: owner, ownerName, transport, available: false } as const
    return [key, answeredAs({ ...newDownload(key, file, at), ...names }, it)]
  })
  return { ...noFiles, downloads: new Map(downloads), next: noFiles.next + answered.length }
}

const answeredAs = (it: Download, { answer, digest, told }: Answered): Download => {
  switch (answer) {
    case 'kept': {
      // Its bytes went with the page before.
      const whole = { received: it.size, stored: it.size, acked: it.size }
      return downloadAt(it, { phase: 'kept', digest, here: false, told }, whole)
    }
    case 'declined':
      return downloadAt(it, { phase: 'declined' })
    case 'cancelled':
      return downloadAt(it, { phase: 'stopped', why: 'own-choice' })
  }
}

export const parseAnswered = (stored: readonly unknown[]): Answered[] =>
  stored.slice(-downloadsMax).flatMap(entry => {
    const it = parseOne(entry)
    return it ? [it] : []
  })

const parseOne = (entry: unknown): Answered | null => {
  if (!isRecord(entry) || !isRecord(entry['file'])) return null
  const { id, name, size, media } = entry['file']
  const file = parseFileCard({ FileID: id, FileName: name, FileSize: size, media })
  const owner = idText(entry['owner'])
  const ownerName = textUpTo(entry['ownerName'], nameUnitsMax)
  const digest = textUpTo(entry['digest'], digestUnitsMax)
  const { answer } = entry
  const known = answer === 'kept' || answer === 'declined' || answer === 'cancelled'
  if (!file || owner === null || ownerName === null || digest === null || !known) return null
  const [legacy, told] = [entry['legacy'] === true, entry['told'] === true]
  return { owner: memberId(owner), ownerName, file, legacy, answer, digest, told }
}
