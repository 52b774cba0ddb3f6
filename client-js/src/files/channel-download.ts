/** Owns how a file comes over a channel, at the receiver: asking, taking, confirming, checking, and asking again after a break. Pure. */

import type { FileChannelMessage, StopReason } from '../wire/file-channel.ts'
import type { MemberId } from '../wire/ids.ts'
import { andThen, downloadOn, rated, stepTo, withDownload } from './change.ts'
import { advance, stop } from './ending.ts'
import type { ChannelId, Download, DownloadKey, FilesEffect, FilesState, FilesStep } from './state.ts'

/** May be under way and unconfirmed. It bounds what a slow disk at our end makes us hold. */
export const creditBytes = 16_777_216
/** Confirmed in steps of this. */
const ackBytes = 1_048_576
/** No answer for so long, and the channel is given up. */
const answerMs = 20_000
const againMs = 1_000
const failuresMax = 5

/** Asks whoever has it, if there is a way, and waits otherwise. */
export const requestOverChannel = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  if (!it || it.channel !== null) return stepTo(state)
  const member = providerOf(state, it)
  if (member === null) return stepTo(withDownload(state, { ...it, phase: 'waiting', asked: null }))
  const attempt = it.attempt + 1
  const channel = `${key} ${state.next}`
  const asking: Download = { ...it, phase: 'asking', channel, asked: member, attempt, acked: it.received }
  const next = withDownload({ ...state, next: state.next + 1 }, asking)
  const timer = { kind: 'answer', key, attempt } as const
  return stepTo(
    next,
    { type: 'open-channel', channel: channel, member },
    { type: 'timer', timer, ms: answerMs },
  )
}

/** Its owner; or, if the owner is gone and something has come already, anybody who may be the owner come back. */
const providerOf = (state: FilesState, it: Download): MemberId | null => {
  const owner = state.routes.get(it.owner)
  if (owner) return owner.transport === 'channel' ? it.owner : null
  if (it.resumeToken === null) return null
  const others = [...state.routes]
    .filter(([, { transport }]) => transport === 'channel')
    .map(([member]) => member)
  return others.find(member => !it.refusedBy.includes(member)) ?? null
}

export const channelOpened = (state: FilesState, channel: ChannelId): FilesStep => {
  const it = downloadOn(state, channel)
  if (it?.phase !== 'asking') return stepTo(state)
  const message = {
    kind: 'want',
    file: it.file.id,
    from: it.received,
    credit: creditBytes,
    resumeToken: it.resumeToken,
  } as const
  return stepTo(state, { type: 'send', channel, message })
}

/** The far end said nothing in time. */
export const requestTimeout = (state: FilesState, key: DownloadKey, attempt: number): FilesStep => {
  const it = state.downloads.get(key)
  if (it?.phase !== 'asking' || it.attempt !== attempt || it.channel === null) return stepTo(state)
  const { channel } = it
  return andThen(stepTo(state, { type: 'close-channel', channel: channel }), now => channelClosed(now, it))
}

/** Asks again, soon while the owner is there, and when they are back otherwise. Not for ever without a byte in between. */
export const channelClosed = (state: FilesState, it: Download): FilesStep => {
  if (it.phase === 'checking') return stepTo(withDownload(state, { ...it, channel: null }))
  // What has come is still written, in order; what the channel held is gone and is asked for again.
  const failures = it.failures + 1
  const next = withDownload(state, { ...it, phase: 'waiting', channel: null, asked: null, failures })
  if (failures > failuresMax) return stepTo(next)
  const timer = { kind: 'ask', key: it.key, attempt: it.attempt } as const
  return stepTo(next, { type: 'timer', timer, ms: againMs })
}

export const receiveMessage = (state: FilesState, it: Download, message: FileChannelMessage): FilesStep => {
  switch (message.kind) {
    case 'begin':
      return begun(state, it, message.size, message.resumeToken)
    case 'pause':
      return stepTo(withDownload(state, { ...it, paused: { ...it.paused, theirs: message.on } }))
    case 'end':
      return ended(state, it, message.digest)
    case 'stop':
      return senderStopped(state, it, message.why)
    case 'want':
    case 'decline':
    case 'took':
    case 'done':
      return stepTo(state)
  }
}

const begun = (state: FilesState, it: Download, size: number, resumeToken: string): FilesStep => {
  if (it.phase !== 'asking' || it.asked === null) return stepTo(state)
  const another = it.resumeToken !== null && it.resumeToken !== resumeToken
  if (another && it.asked !== it.owner) return tokenRefused(state, it)
  if (another || size !== it.size) return stop(state, it, 'wrong')
  const ownerName = state.routes.get(it.asked)?.name ?? it.ownerName
  const running: Download = {
    ...it,
    phase: 'running',
    resumeToken,
    owner: it.asked,
    ownerName,
    refusedBy: [],
  }
  const pause: FilesEffect[] =
    it.paused.ours && it.channel !== null
      ? [{ type: 'send', channel: it.channel, message: { kind: 'pause', on: true } }]
      : []
  return stepTo(withDownload(state, running), { type: 'save-resume-record', key: it.key }, ...pause)
}

export const receiveBytes = (state: FilesState, it: Download, bytes: Uint8Array<ArrayBuffer>): FilesStep => {
  if (it.phase !== 'running') return stepTo(state)
  const received = it.received + bytes.byteLength
  if (received > it.size || received - it.acked > creditBytes) return stop(state, it, 'wrong')
  return stepTo(withDownload(state, { ...it, received }), { type: 'write', key: it.key, bytes })
}

/** Bytes lie where they belong: the sender hears of it, and so may send on. */
export const stored = (state: FilesState, it: Download, bytes: number, at: number): FilesStep => {
  const rate = rated(it.rate, bytes - it.stored, at)
  const next: Download = { ...it, stored: bytes, rate, failures: 0 }
  const due = it.channel !== null && (bytes - it.acked >= ackBytes || (bytes === it.size && bytes > it.acked))
  const after = withDownload(state, due ? { ...next, acked: bytes } : next)
  const message = { kind: 'took', bytes } as const
  const say: FilesEffect[] =
    due && it.channel !== null ? [{ type: 'send', channel: it.channel, message }] : []
  return stepTo(after, ...say)
}

const ended = (state: FilesState, it: Download, digest: string): FilesStep => {
  if (it.phase !== 'running') return stepTo(state)
  if (it.received !== it.size) return stop(state, it, 'wrong')
  return stepTo(withDownload(state, { ...it, phase: 'checking', digest }), { type: 'check', key: it.key })
}

export const checked = (state: FilesState, key: DownloadKey, digest: string): FilesStep => {
  const it = state.downloads.get(key)
  if (it?.phase !== 'checking') return stepTo(state)
  if (it.digest !== null && it.digest !== digest) return stop(state, it, 'wrong')
  const kept = withDownload(state, {
    ...it,
    phase: 'kept',
    digest,
    channel: null,
    asked: null,
    stored: it.size,
  })
  const goodbye: FilesEffect[] =
    it.channel === null
      ? []
      : [
          { type: 'send', channel: it.channel, message: { kind: 'done' } },
          { type: 'close-channel', channel: it.channel },
        ]
  return andThen(stepTo(kept, ...goodbye, { type: 'keep', key }), advance)
}

const senderStopped = (state: FilesState, it: Download, why: StopReason): FilesStep => {
  if (it.phase === 'asking' && it.asked !== it.owner) return tokenRefused(state, it)
  return stop(state, { ...it, channel: null }, why)
}

/** Whom we asked is not the one we had it from. */
const tokenRefused = (state: FilesState, it: Download): FilesStep => {
  const refusedBy = it.asked === null ? it.refusedBy : [...it.refusedBy, it.asked]
  const waiting: Download = { ...it, phase: 'waiting', channel: null, asked: null, refusedBy, failures: 0 }
  const close: FilesEffect[] = it.channel === null ? [] : [{ type: 'close-channel', channel: it.channel }]
  return andThen(stepTo(withDownload(state, waiting), ...close), now => requestOverChannel(now, it.key))
}

export const pause = (state: FilesState, it: Download, on: boolean): FilesStep => {
  const paused: Download = { ...it, paused: { ...it.paused, ours: on } }
  const message = { kind: 'pause', on } as const
  const say: FilesEffect[] =
    it.channel !== null && it.phase === 'running' ? [{ type: 'send', channel: it.channel, message }] : []
  return stepTo(withDownload(state, paused), ...say)
}
