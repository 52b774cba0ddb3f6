/**
 * How a file of ours goes over a file channel: it is read no faster than the channel and the receiver take it, and what
 * became of it is kept for the person to see. Pure.
 */
import { cancelLegacyUpload } from '../legacy/index.ts'
import type { FileChannelMessage } from '../wire/file-channel.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import {
  andThen,
  channelUpload,
  newUpload,
  rated,
  stepEach,
  stepTo,
  withRoomForUpload,
  withShare,
  withUpload,
} from './change.ts'
import { blockBytes } from './digest.ts'
import { hangUp } from './ending.ts'
import {
  activeUpload,
  type ChannelId,
  type ChannelUpload,
  type FileCard,
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type Share,
  type StopCause,
  type Upload,
  type UploadKey,
  uploadAt,
} from './state.ts'

/** Read and handed to the channel in one go: a block, so that it can be hashed in passing. */
export const sliceBytes = blockBytes
/** To one member at once; a page of ours asks for three. */
const channelsMax = 8

/** Somebody has opened a channel and says what they want. */
export const channelRequested = (
  state: FilesState,
  channel: ChannelId,
  member: MemberId,
  message: FileChannelMessage,
  resumeToken: string,
  at: number,
): FilesStep => {
  const route = state.routes.get(member)
  if (message.kind === 'done') return receivedAll(state, channel, member, message.file)
  if (!route || (message.kind !== 'want' && message.kind !== 'decline'))
    return stepTo(state, { type: 'close-channel', channel })
  const share = state.shares.get(message.file)
  const before = previousUpload(state, member, message)
  if (message.kind === 'decline') return declined(state, channel, member, share, before)
  const channels = [...state.uploads.values()].filter(it => it.member === member && channelUpload(it)).length
  const roomy = before ? state : withRoomForUpload(state, member)
  if (!share || roomy === null || channels >= channelsMax || message.from > share.file.size)
    return stepTo(state, ...hangUp(channel, 'gone'))
  const key = before?.key ?? (`out ${state.next}` as const)
  // Whoever has declined before has been given none.
  const token = before?.resumeToken || resumeToken
  const ours = before?.paused.ours === true && before.phase === 'waiting'
  const via: ChannelUpload = {
    kind: 'channel',
    channel,
    credit: message.credit,
    reading: false,
    ahead: null,
    draining: false,
  }
  const it = uploadAt(
    newUpload(key, share, member, route.name, 'channel', at),
    { phase: 'running', via },
    { sent: message.from, acked: message.from, resumeToken: token, paused: { ours, theirs: false } },
  )
  const left = before ? channelUpload(before) : null
  const close: FilesEffect[] = left ? [{ type: 'close-channel', channel: left.channel }] : []
  const pause: FilesEffect[] = ours ? [{ type: 'send', channel, message: { kind: 'pause', on: true } }] : []
  const begin = { kind: 'begin', size: share.file.size, resumeToken: token } as const
  const started = stepTo(
    withUpload({ ...roomy, next: state.next + 1 }, it),
    ...close,
    { type: 'send', channel, message: begin },
    ...pause,
  )
  return andThen(started, now => continueUpload(now, key))
}

/** Somebody whose channel broke at the end has it all, and says so on another. Nobody says it of what was not sent. */
const receivedAll = (
  state: FilesState,
  channel: ChannelId,
  member: MemberId,
  file: FileId | null,
): FilesStep => {
  const close: FilesEffect = { type: 'close-channel', channel }
  const it = [...state.uploads.values()].find(row => row.member === member && row.file === file)
  const open = it?.phase === 'waiting' || it?.phase === 'sent'
  if (!it || !open || it.transport !== 'channel' || it.sent < it.size) return stepTo(state, close)
  return stepTo(withUpload(state, uploadAt(it, { phase: 'done' }, { acked: it.size })), close)
}

/** This receiver's row: found by their id, or under another id by what only this receiver knows. */
const previousUpload = (state: FilesState, member: MemberId, message: Asking): Upload | undefined => {
  const rows = [...state.uploads.values()].filter(it => it.file === message.file)
  const token = message.kind === 'want' ? message.resumeToken : null
  return rows.find(it => it.member === member) ?? rows.find(it => token !== null && it.resumeToken === token)
}

type Asking = Extract<FileChannelMessage, { kind: 'want' | 'decline' }>

const declined = (
  state: FilesState,
  channel: ChannelId,
  member: MemberId,
  share: Share | undefined,
  before: Upload | undefined,
): FilesStep => {
  const close: FilesEffect = { type: 'close-channel', channel }
  const route = state.routes.get(member)
  const roomy = withRoomForUpload(state, member)
  if (!share || before || !route || roomy === null) return stepTo(state, close)
  const it = newUpload(`out ${state.next}`, share, member, route.name, 'channel', 0)
  return stepTo(withUpload({ ...roomy, next: state.next + 1 }, it), close)
}

/** Reads the next slice, hands over the one that is read, or ends: whatever can be done now. */
export const continueUpload = (state: FilesState, key: UploadKey): FilesStep => {
  const it = state.uploads.get(key)
  if (it?.phase !== 'running' || it.via.kind !== 'channel') return stepTo(state)
  const { via } = it
  if (it.paused.ours || it.paused.theirs) return stepTo(state)
  if (via.ahead && !via.draining) {
    const sent = it.sent + via.ahead.byteLength
    const handed = withUpload(state, { ...it, sent, via: { ...via, ahead: null, draining: true } })
    const effect: FilesEffect = { type: 'send-bytes', channel: via.channel, bytes: via.ahead }
    return andThen(stepTo(handed, effect), now => continueUpload(now, key))
  }
  if (it.sent === it.size && !via.draining) return end(state, it, via)
  const at = it.sent + (via.ahead?.byteLength ?? 0)
  const whole = sliceBytes - (at % sliceBytes)
  const bytes = Math.min(whole, it.size - at, it.acked + via.credit - at)
  // A small piece is read only if nothing else is left: the credit opens further while others are under way.
  const worth = bytes === it.size - at || bytes === whole || (it.acked === it.sent && bytes > 0)
  if (via.reading || via.ahead || bytes <= 0 || !worth) return stepTo(state)
  const reading = withUpload(state, { ...it, via: { ...via, reading: true } })
  return stepTo(reading, { type: 'read', key, file: it.file, at, bytes })
}

const end = (state: FilesState, it: Upload, via: ChannelUpload): FilesStep => {
  const share = state.shares.get(it.file)
  if (!share || share.hashing) return stepTo(state)
  const { digest } = share
  // Most of it has been hashed while it was read. What is left is hashed once, for all receivers.
  if (digest === null)
    return stepTo(withShare(state, { ...share, hashing: true }), { type: 'hash', file: it.file })
  const sent = withUpload(state, uploadAt(it, { phase: 'sent', via }))
  return stepTo(sent, { type: 'send', channel: via.channel, message: { kind: 'end', digest } })
}

export const hashKnown = (state: FilesState, file: FileId, digest: string | null): FilesStep => {
  const share = state.shares.get(file)
  if (!share) return stepTo(state)
  const next = withShare(state, { ...share, digest, hashing: false })
  const concerned = [...state.uploads.values()].filter(
    it => it.file === file && it.phase === 'running' && it.via.kind === 'channel',
  )
  return stepEach(next, concerned, (now, it) =>
    digest === null ? stopUpload(now, it, 'gone') : continueUpload(now, it.key),
  )
}

/** `bytes` is null where the file is no longer what it was. What was asked for before a break is of no use after it. */
export const readDone = (
  state: FilesState,
  key: UploadKey,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
): FilesStep => {
  const it = state.uploads.get(key)
  if (it?.phase !== 'running' || it.via.kind !== 'channel') return stepTo(state)
  const { via } = it
  if (!via.reading || from !== it.sent + (via.ahead?.byteLength ?? 0)) return stepTo(state)
  if (bytes === null) return stopUpload(state, it, 'gone')
  return continueUpload(withUpload(state, { ...it, via: { ...via, reading: false, ahead: bytes } }), key)
}

export const drained = (state: FilesState, it: Upload): FilesStep => {
  if (it.phase !== 'running' || it.via.kind !== 'channel') return stepTo(state)
  return continueUpload(withUpload(state, { ...it, via: { ...it.via, draining: false } }), it.key)
}

export const receiveAnswer = (
  state: FilesState,
  it: Upload,
  message: FileChannelMessage,
  at: number,
): FilesStep => {
  const channel = channelUpload(it)?.channel ?? null
  switch (message.kind) {
    case 'took': {
      if (message.bytes < it.acked || message.bytes > it.sent) return stopUpload(state, it, 'wrong')
      const rate = rated(it.rate, message.bytes - it.acked, at)
      return continueUpload(withUpload(state, { ...it, acked: message.bytes, rate }), it.key)
    }
    case 'pause': {
      const paused = { ...it.paused, theirs: message.on }
      return continueUpload(withUpload(state, { ...it, paused }), it.key)
    }
    case 'done': {
      if (it.phase !== 'sent' || channel === null) return stepTo(state)
      const done = uploadAt(it, { phase: 'done' }, { acked: it.size })
      return stepTo(withUpload(state, done), { type: 'close-channel', channel })
    }
    case 'stop': {
      const close: FilesEffect[] = channel === null ? [] : [{ type: 'close-channel', channel }]
      return stepTo(withUpload(state, uploadAt(it, { phase: 'stopped', why: message.why })), ...close)
    }
    case 'want':
    case 'decline':
    case 'begin':
    case 'end':
      return stepTo(state)
  }
}

/** Ends an upload here, and tells the receiver. */
export const stopUpload = (state: FilesState, it: Upload, why: StopCause): FilesStep => {
  if ('via' in it && it.via?.kind === 'legacy') return cancelLegacyUpload(state, it, it.via, why)
  const channel = channelUpload(it)?.channel ?? null
  const effects = channel === null ? [] : hangUp(channel, why)
  return stepTo(withUpload(state, uploadAt(it, { phase: 'stopped', why })), ...effects)
}

/** The receiver comes back by itself, to where it was. */
export const uploadInterrupted = (state: FilesState, it: Upload): FilesStep =>
  stepTo(withUpload(state, uploadAt(it, { phase: 'waiting', via: null })))

export const pauseUpload = (state: FilesState, it: Upload, on: boolean): FilesStep => {
  const channel = channelUpload(it)?.channel ?? null
  const paused = withUpload(state, { ...it, paused: { ...it.paused, ours: on } })
  const effects: FilesEffect[] =
    channel === null ? [] : [{ type: 'send', channel, message: { kind: 'pause', on } }]
  return andThen(stepTo(paused, ...effects), now => continueUpload(now, it.key))
}

export const share = (state: FilesState, file: FileCard): FilesStep =>
  stepTo(withShare(state, { file, digest: null, hashing: false }))

export const unshare = (state: FilesState, file: FileId): FilesStep => {
  const shares = new Map(state.shares)
  shares.delete(file)
  const concerned = [...state.uploads.values()].filter(it => it.file === file && activeUpload.has(it.phase))
  return stepEach({ ...state, shares }, concerned, (now, it) => stopUpload(now, it, 'withdrawn'))
}
