/**
 * The one function through which transfers change: an event in, a new state and effects out. It is pure: no files,
 * channels, timers or clock.
 */
import {
  continueLegacyDownload,
  dropUnroutedUploads,
  legacyRead,
  legacyTick,
  pauseLegacyDownload,
  stepLegacy,
} from '../legacy/index.ts'
import type { FileChannelMessage } from '../wire/file-channel.ts'
import { andThen, downloadOn, isDownload, stepTo, uploadOn, withDownload } from './change.ts'
import {
  channelClosed,
  channelOpened,
  checked,
  pause,
  receiveBytes,
  receiveMessage,
  requestTimeout,
  stored,
} from './channel-download.ts'
import {
  accept,
  addResumable,
  decline,
  offered,
  retryRequest,
  routesChanged,
  storeFailed,
  storeOpened,
  withdrawn,
} from './download.ts'
import { stop } from './ending.ts'
import {
  activeDownload,
  activeUpload,
  type ChannelId,
  type DownloadKey,
  type FilesEvent,
  type FilesState,
  type FilesStep,
  type FilesTimer,
  type UploadKey,
} from './state.ts'
import {
  channelRequested,
  drained,
  hashKnown,
  pauseUpload,
  readDone,
  receiveAnswer,
  share,
  stopUpload,
  unshare,
  uploadInterrupted,
} from './upload.ts'

export const step = (state: FilesState, event: FilesEvent, at: number): FilesStep => {
  switch (event.type) {
    case 'routes':
      return andThen(routesChanged(state, event.routes, at), dropUnroutedUploads)
    case 'offered':
      return offered(state, event.owner, event.file, at)
    case 'withdrawn':
      return withdrawn(state, event.owner, event.file, event.lost)
    case 'resumable':
      return stepTo(addResumable(state, event, at))
    case 'accept':
      return accept(state, event.key)
    case 'decline':
      return decline(state, event.key)
    case 'pause':
      return paused(state, event.key, event.on, at)
    case 'cancel':
      return cancelled(state, event.key)
    case 'share':
      return share(state, event.file)
    case 'unshare':
      return unshare(state, event.file)
    case 'hashed':
      return hashKnown(state, event.file, event.digest)
    case 'read':
      return read(state, event, at)
    case 'timer':
      return timer(state, event.timer, at)
    case 'store-opened':
    case 'store-failed':
    case 'stored':
    case 'checked':
    case 'kept':
      return onStore(state, event, at)
    case 'channel-opened':
    case 'channel-requested':
    case 'channel-message':
    case 'channel-bytes':
    case 'channel-closed':
    case 'channel-drained':
      return onChannel(state, event, at)
    default:
      return stepLegacy(state, event, at)
  }
}

const timer = (state: FilesState, due: FilesTimer, at: number): FilesStep => {
  switch (due.kind) {
    case 'ask':
      return retryRequest(state, due.key, due.attempt, at)
    case 'answer':
      return requestTimeout(state, due.key, due.attempt)
    case 'legacy':
      return legacyTick(state, due.key, due.action, at)
  }
}

const read = (state: FilesState, event: Extract<FilesEvent, { type: 'read' }>, at: number): FilesStep =>
  state.uploads.get(event.key)?.transport === 'legacy'
    ? legacyRead(state, event, at)
    : readDone(state, event.key, event.at, event.bytes)

type StoreEvent = Extract<
  FilesEvent,
  { type: 'store-opened' | 'store-failed' | 'stored' | 'checked' | 'kept' }
>

const onStore = (state: FilesState, event: StoreEvent, at: number): FilesStep => {
  const { key } = event
  switch (event.type) {
    case 'store-opened':
      return storeOpened(state, key, event.stored, at)
    case 'store-failed':
      return storeFailed(state, key, event.why)
    case 'checked':
      return checked(state, key, event.digest)
    case 'kept': {
      const it = state.downloads.get(key)
      return stepTo(it?.phase === 'kept' ? withDownload(state, { ...it, here: event.here }) : state)
    }
    case 'stored': {
      const it = state.downloads.get(key)
      if (!it || !activeDownload.has(it.phase)) return stepTo(state)
      const written = stored(state, it, event.bytes, at)
      return it.transport === 'legacy' ? andThen(written, now => continueLegacyDownload(now, key)) : written
    }
  }
}

type ChannelEvent = Extract<
  FilesEvent,
  {
    type:
      | 'channel-opened'
      | 'channel-requested'
      | 'channel-message'
      | 'channel-bytes'
      | 'channel-closed'
      | 'channel-drained'
  }
>

const onChannel = (state: FilesState, event: ChannelEvent, at: number): FilesStep => {
  const { channel } = event
  if (event.type === 'channel-opened') return channelOpened(state, channel)
  if (event.type === 'channel-requested')
    return channelRequested(state, channel, event.member, event.message, event.resumeToken, at)
  const theirs = downloadOn(state, channel)
  const ours = theirs ? undefined : uploadOn(state, channel)
  switch (event.type) {
    case 'channel-message':
      return message(state, channel, event.message, at)
    case 'channel-bytes':
      // Nobody sends bytes to a sender.
      if (theirs) return receiveBytes(state, theirs, event.bytes)
      return ours ? stopUpload(state, ours, 'wrong') : stepTo(state)
    case 'channel-closed':
      if (theirs) return channelClosed(state, theirs)
      return ours ? uploadInterrupted(state, ours) : stepTo(state)
    case 'channel-drained':
      return ours ? drained(state, ours) : stepTo(state)
  }
}

const message = (
  state: FilesState,
  channel: ChannelId,
  received: FileChannelMessage,
  at: number,
): FilesStep => {
  const theirs = downloadOn(state, channel)
  if (theirs) return receiveMessage(state, theirs, received)
  const ours = uploadOn(state, channel)
  return ours ? receiveAnswer(state, ours, received, at) : stepTo(state)
}

const paused = (state: FilesState, key: DownloadKey | UploadKey, on: boolean, at: number): FilesStep => {
  if (isDownload(key)) {
    const it = state.downloads.get(key)
    if (!it || !activeDownload.has(it.phase)) return stepTo(state)
    return it.transport === 'legacy' ? pauseLegacyDownload(state, it, on, at) : pause(state, it, on)
  }
  const it = state.uploads.get(key)
  // An original page gives up what does not move.
  return it?.transport === 'channel' && activeUpload.has(it.phase)
    ? pauseUpload(state, it, on)
    : stepTo(state)
}

const cancelled = (state: FilesState, key: DownloadKey | UploadKey): FilesStep => {
  if (isDownload(key)) {
    const it = state.downloads.get(key)
    return it && activeDownload.has(it.phase) ? stop(state, it, 'own-choice') : stepTo(state)
  }
  const it = state.uploads.get(key)
  if (!it || !activeUpload.has(it.phase)) return stepTo(state)
  return stopUpload(state, it, 'own-choice')
}
