/** The small changes that the rules in this folder are made of. Each takes a state and gives a new one. Pure. */
import { oldestOfLargest } from '../base/fair-share.ts'
import { stepsOf } from '../base/steps.ts'
import { nobody } from '../wire/ids.ts'
import {
  activeUpload,
  activeUploadsMax,
  type ChannelId,
  type ChannelUpload,
  type Download,
  type DownloadKey,
  type FileCard,
  type FilesEffect,
  type FilesState,
  type MemberId,
  type Rate,
  type Share,
  type Upload,
  type UploadKey,
  uploadsMax,
} from './state.ts'

export const { stepTo, andThen, stepEach } = stepsOf<FilesState, FilesEffect>()

export const withDownload = (state: FilesState, it: Download): FilesState => ({
  ...state,
  downloads: new Map(state.downloads).set(it.key, it),
})

export const withUpload = (state: FilesState, it: Upload): FilesState => ({
  ...state,
  uploads: new Map(state.uploads).set(it.key, it),
})

export const withShare = (state: FilesState, it: Share): FilesState => ({
  ...state,
  shares: new Map(state.shares).set(it.file.id, it),
})

/**
 * Makes room for one more upload to that member: the oldest that is over goes, of whoever has most of them, or the oldest
 * whose receiver has left for good. Null where the member has too many, or all of them are still going on.
 */
export const withRoomForUpload = (state: FilesState, member: MemberId): FilesState | null => {
  const rows = [...state.uploads.values()]
  const active = rows.filter(it => it.member === member && activeUpload.has(it.phase))
  if (active.length >= activeUploadsMax) return null
  if (state.uploads.size < uploadsMax) return state
  const over = rows.filter(({ phase }) => !activeUpload.has(phase))
  const oldest =
    oldestOfLargest(over, it => it.member) ??
    rows.find(it => it.phase === 'waiting' && !state.routes.has(it.member))
  if (!oldest) return null
  const uploads = new Map(state.uploads)
  uploads.delete(oldest.key)
  return { ...state, uploads }
}

/** The file channel over which a download runs or has just run, if any. */
export const channelOf = (it: Download): ChannelId | null => {
  if (it.phase === 'checking') return it.channel
  return 'source' in it && it.source.kind === 'channel' ? it.source.channel : null
}

/** What an upload over a file channel holds while it runs. */
export const channelUpload = (it: Upload): ChannelUpload | null =>
  'via' in it && it.via?.kind === 'channel' ? it.via : null

export const downloadOn = (state: FilesState, channel: ChannelId): Download | undefined =>
  [...state.downloads.values()].find(it => channelOf(it) === channel)

export const uploadOn = (state: FilesState, channel: ChannelId): Upload | undefined =>
  [...state.uploads.values()].find(it => channelUpload(it)?.channel === channel)

export const isDownload = (key: DownloadKey | UploadKey): key is DownloadKey => key.startsWith('in ')

export const noRate = (at: number): Rate => ({ at, bytes: 0, perSecond: 0 })

const rateMs = 500

/** Looked at twice a second, and smoothed so that a person can read it. */
export const rated = (rate: Rate, bytes: number, at: number): Rate => {
  const sum = rate.bytes + bytes
  const passed = at - rate.at
  if (passed < rateMs) return { ...rate, bytes: sum }
  const now = (sum * 1_000) / passed
  const perSecond = rate.perSecond === 0 ? now : rate.perSecond * 0.7 + now * 0.3
  return { at, bytes: 0, perSecond }
}

/** A row for a file to us, whose owner is not known yet. */
export const newDownload = (key: DownloadKey, file: FileCard, at: number): Download => ({
  key,
  file,
  owner: nobody,
  shownUnder: nobody,
  ownerName: '',
  available: true,
  transport: 'channel',
  size: file.size,
  phase: 'offered',
  received: 0,
  stored: 0,
  acked: 0,
  paused: { ours: false, theirs: false },
  refusedBy: [],
  attempt: 0,
  failures: 0,
  resumeToken: null,
  rate: noRate(at),
})

/** A row for one receiver of one file, before anything has gone out. */
export const newUpload = (
  key: UploadKey,
  { file }: Share,
  member: MemberId,
  memberName: string,
  transport: Upload['transport'],
  at: number,
): Upload => ({
  key,
  file: file.id,
  member,
  memberName,
  transport,
  phase: 'declined',
  size: file.size,
  sent: 0,
  acked: 0,
  paused: { ours: false, theirs: false },
  resumeToken: '',
  rate: noRate(at),
})
