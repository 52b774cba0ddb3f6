/** Owns the small changes that the rules in this folder are made of. Each takes a state or a step and gives a new one. Pure. */
import type {
  ChannelId,
  Download,
  DownloadKey,
  FilesEffect,
  FilesState,
  FilesStep,
  Rate,
  Share,
  Upload,
  UploadKey,
} from './state.ts'

export const stepTo = (state: FilesState, ...effects: FilesEffect[]): FilesStep => ({ state, effects })

export const andThen = (first: FilesStep, next: (state: FilesState) => FilesStep): FilesStep => {
  const second = next(first.state)
  return { state: second.state, effects: [...first.effects, ...second.effects] }
}

export const stepEach = <T>(
  state: FilesState,
  items: Iterable<T>,
  each: (state: FilesState, item: T) => FilesStep,
): FilesStep => {
  let step = stepTo(state)
  for (const item of items) step = andThen(step, now => each(now, item))
  return step
}

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

export const downloadOn = (state: FilesState, channel: ChannelId): Download | undefined =>
  [...state.downloads.values()].find(it => it.channel === channel)

export const uploadOn = (state: FilesState, channel: ChannelId): Upload | undefined =>
  [...state.uploads.values()].find(it => it.channel === channel)

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
