/** Owns how a file of ours goes over a channel: reading no faster than the channel and the receiver take it, and what became of it. Pure. */

import type { FileChannelMessage } from '../wire/file-channel.ts'
import type { FileId, MemberId } from '../wire/ids.ts'
import { andThen, noRate, rated, stepEach, stepTo, withShare, withUpload } from './change.ts'
import { blockBytes } from './digest.ts'
import { hangUp } from './ending.ts'
import {
  activeUpload,
  type ChannelId,
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type Share,
  type StopCause,
  type Upload,
  type UploadKey,
  uploadsMax,
} from './state.ts'

/** Read in one go, and handed to the channel in one go: a block, so that it can be hashed in passing. */
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
  if (!route || (message.kind !== 'want' && message.kind !== 'decline'))
    return stepTo(state, { type: 'close-channel', channel: channel })
  const share = state.shares.get(message.file)
  const before = previousUpload(state, member, message)
  if (message.kind === 'decline') return declined(state, channel, member, share, before)
  const channels = [...state.uploads.values()].filter(
    it => it.member === member && it.channel !== null,
  ).length
  const full = channels >= channelsMax || (!before && state.uploads.size >= uploadsMax)
  if (!share || full || message.from > share.file.size) return stepTo(state, ...hangUp(channel, 'gone'))
  const key = before?.key ?? (`out ${state.next}` as const)
  const fresh: Upload = {
    key,
    file: share.file.id,
    member,
    memberName: route.name,
    transport: 'channel',
    phase: 'running',
    why: null,
    size: share.file.size,
    channel,
    sent: message.from,
    acked: message.from,
    credit: message.credit,
    reading: false,
    ahead: null,
    draining: false,
    paused: { ours: before?.paused.ours === true && before.phase === 'waiting', theirs: false },
    resumeToken: before?.resumeToken ?? resumeToken,
    rate: noRate(at),
    legacy: null,
    side: null,
  }
  const left: FilesEffect[] = before?.channel ? [{ type: 'close-channel', channel: before.channel }] : []
  const hello: FilesEffect[] = [
    {
      type: 'send',
      channel: channel,
      message: { kind: 'begin', size: share.file.size, resumeToken: fresh.resumeToken },
    },
    ...(fresh.paused.ours
      ? [{ type: 'send', channel: channel, message: { kind: 'pause', on: true } } as const]
      : []),
  ]
  const begun = stepTo(withUpload({ ...state, next: state.next + 1 }, fresh), ...left, ...hello)
  return andThen(begun, now => continueUpload(now, key))
}

/** This receiver's row: by its id, or under another one by what only this receiver knows. */
const previousUpload = (state: FilesState, member: MemberId, message: Asking): Upload | undefined => {
  const rows = [...state.uploads.values()].filter(it => it.file === message.file)
  const known = message.kind === 'want' && message.resumeToken !== null ? message.resumeToken : null
  return rows.find(it => it.member === member) ?? rows.find(it => known !== null && it.resumeToken === known)
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
  if (!share || before || !route || state.uploads.size >= uploadsMax) return stepTo(state, close)
  const it: Upload = {
    key: `out ${state.next}`,
    file: share.file.id,
    member,
    memberName: route.name,
    transport: 'channel',
    phase: 'declined',
    why: 'declined',
    size: share.file.size,
    channel: null,
    sent: 0,
    acked: 0,
    credit: 0,
    reading: false,
    ahead: null,
    draining: false,
    paused: { ours: false, theirs: false },
    resumeToken: '',
    rate: noRate(0),
    legacy: null,
    side: null,
  }
  return stepTo(withUpload({ ...state, next: state.next + 1 }, it), close)
}

/** Reads the next slice, hands over the one that is read, or ends: whatever can be done now. */
export const continueUpload = (state: FilesState, key: UploadKey): FilesStep => {
  const it = state.uploads.get(key)
  if (it?.transport !== 'channel' || it.phase !== 'running' || it.channel === null) return stepTo(state)
  if (it.paused.ours || it.paused.theirs) return stepTo(state)
  if (it.ahead && !it.draining) {
    const sent = it.sent + it.ahead.byteLength
    const pushed = withUpload(state, { ...it, sent, ahead: null, draining: true })
    return andThen(stepTo(pushed, { type: 'send-bytes', channel: it.channel, bytes: it.ahead }), now =>
      continueUpload(now, key),
    )
  }
  if (it.sent === it.size && !it.draining) return end(state, it, it.channel)
  const at = it.sent + (it.ahead?.byteLength ?? 0)
  const whole = sliceBytes - (at % sliceBytes)
  const bytes = Math.min(whole, it.size - at, it.acked + it.credit - at)
  // A small piece is read only if nothing else is left: the credit opens further while others are under way.
  const worth = bytes === it.size - at || bytes === whole || (it.acked === it.sent && bytes > 0)
  if (it.reading || it.ahead || bytes <= 0 || !worth) return stepTo(state)
  return stepTo(withUpload(state, { ...it, reading: true }), { type: 'read', key, file: it.file, at, bytes })
}

const end = (state: FilesState, it: Upload, channel: ChannelId): FilesStep => {
  const share = state.shares.get(it.file)
  if (!share || share.hashing) return stepTo(state)
  const { digest } = share
  // Most of it has been hashed while it was read; what is left is hashed once, for all receivers.
  if (digest === null)
    return stepTo(withShare(state, { ...share, hashing: true }), { type: 'hash', file: it.file })
  const sent = withUpload(state, { ...it, phase: 'sent' })
  return stepTo(sent, { type: 'send', channel, message: { kind: 'end', digest } })
}

export const hashKnown = (state: FilesState, file: FileId, digest: string | null): FilesStep => {
  const share = state.shares.get(file)
  if (!share) return stepTo(state)
  const next = withShare(state, { ...share, digest, hashing: false })
  const concerned = [...state.uploads.values()].filter(it => it.file === file && it.phase === 'running')
  return stepEach(next, concerned, (now, it) =>
    digest === null ? stopUpload(now, it, 'gone') : continueUpload(now, it.key),
  )
}

/** `null` where the file is no longer what it was. What was asked for before a break is of no use after it. */
export const readDone = (
  state: FilesState,
  key: UploadKey,
  from: number,
  bytes: Uint8Array<ArrayBuffer> | null,
): FilesStep => {
  const it = state.uploads.get(key)
  if (it?.phase !== 'running' || !it.reading || from !== it.sent + (it.ahead?.byteLength ?? 0))
    return stepTo(state)
  if (bytes === null) return stopUpload(state, it, 'gone')
  return continueUpload(withUpload(state, { ...it, reading: false, ahead: bytes }), key)
}

export const drained = (state: FilesState, it: Upload): FilesStep =>
  continueUpload(withUpload(state, { ...it, draining: false }), it.key)

export const receiveAnswer = (
  state: FilesState,
  it: Upload,
  message: FileChannelMessage,
  at: number,
): FilesStep => {
  switch (message.kind) {
    case 'took': {
      if (message.bytes < it.acked || message.bytes > it.sent) return stopUpload(state, it, 'wrong')
      const rate = rated(it.rate, message.bytes - it.acked, at)
      return continueUpload(withUpload(state, { ...it, acked: message.bytes, rate }), it.key)
    }
    case 'pause':
      return continueUpload(
        withUpload(state, { ...it, paused: { ...it.paused, theirs: message.on } }),
        it.key,
      )
    case 'done': {
      if (it.phase !== 'sent' || it.channel === null) return stepTo(state)
      const done: Upload = { ...it, phase: 'done', acked: it.size, channel: null }
      return stepTo(withUpload(state, done), { type: 'close-channel', channel: it.channel })
    }
    case 'stop':
      return stopUpload(state, { ...it, channel: null }, message.why, it.channel)
    case 'want':
    case 'decline':
    case 'begin':
    case 'end':
      return stepTo(state)
  }
}

export const stopUpload = (
  state: FilesState,
  it: Upload,
  why: StopCause,
  silently: ChannelId | null = null,
): FilesStep => {
  const ended: Upload = { ...it, phase: 'stopped', why, channel: null, ahead: null, reading: false }
  const said: FilesEffect[] = it.channel === null ? [] : hangUp(it.channel, why)
  const closed: FilesEffect[] = silently === null ? [] : [{ type: 'close-channel', channel: silently }]
  return stepTo(withUpload(state, ended), ...said, ...closed)
}

/** The receiver comes back by itself, to where it was. */
export const uploadInterrupted = (state: FilesState, it: Upload): FilesStep => {
  const waiting: Upload = {
    ...it,
    phase: 'waiting',
    channel: null,
    ahead: null,
    reading: false,
    draining: false,
  }
  return stepTo(withUpload(state, waiting))
}

export const pauseUpload = (state: FilesState, it: Upload, on: boolean): FilesStep => {
  const paused = withUpload(state, { ...it, paused: { ...it.paused, ours: on } })
  const said: FilesEffect[] =
    it.channel === null ? [] : [{ type: 'send', channel: it.channel, message: { kind: 'pause', on } }]
  return andThen(stepTo(paused, ...said), now => continueUpload(now, it.key))
}

export const share = (state: FilesState, it: Omit<Share, 'digest' | 'hashing'>): FilesStep =>
  stepTo(withShare(state, { ...it, digest: null, hashing: false }))

export const unshare = (state: FilesState, file: FileId): FilesStep => {
  const shares = new Map(state.shares)
  shares.delete(file)
  const concerned = [...state.uploads.values()].filter(it => it.file === file && activeUpload.has(it.phase))
  return stepEach({ ...state, shares }, concerned, (now, it) => stopUpload(now, it, 'withdrawn'))
}
