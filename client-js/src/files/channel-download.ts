/**
 * How a file comes over a file channel, at the receiver: it asks, takes bytes, acknowledges and checks them, and asks
 * again after a break. Pure.
 */
import type { FileChannelMessage, StopReason } from '../wire/file-channel.ts'
import type { MemberId } from '../wire/ids.ts'
import { andThen, channelOf, downloadOn, rated, stepTo, withDownload } from './change.ts'
import { advance, stop, stopSilently } from './ending.ts'
import {
  type ChannelId,
  type Download,
  type DownloadKey,
  downloadAt,
  type FilesEffect,
  type FilesState,
  type FilesStep,
} from './state.ts'

/** May be under way and unacknowledged. It bounds what a slow disk at our end makes us hold. */
export const creditBytes = 16_777_216
/** Acknowledged in steps of this. */
const ackBytes = 1_048_576
/** Without an answer for so long, the channel is given up. */
const answerMs = 20_000
const retryMs = 1_000
/** After so many failures in a row each pause is twice as long as the one before, up to the longest. */
const promptRetries = 5
const retryMsMax = 60_000

/** Asks whoever has it, if there is a way, and waits otherwise. */
export const requestOverChannel = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  if (!it || channelOf(it) !== null) return stepTo(state)
  const member = providerOf(state, it)
  if (member === null) return advance(withDownload(state, downloadAt(it, { phase: 'waiting' })))
  const attempt = it.attempt + 1
  const channel = `${key} ${state.next}`
  const source = { kind: 'channel', channel, member } as const
  const asking = downloadAt(it, { phase: 'asking', source }, { attempt, acked: it.received })
  const next = withDownload({ ...state, next: state.next + 1 }, asking)
  const timer = { kind: 'answer', key, attempt } as const
  return stepTo(next, { type: 'open-channel', channel, member }, { type: 'timer', timer, ms: answerMs })
}

/** Its owner. If the owner is gone and something has come already, anybody who may be the owner under a new id. */
const providerOf = (state: FilesState, it: Download): MemberId | null => {
  const owner = state.routes.get(it.owner)
  if (owner) return owner.transport === 'channel' && !it.refusedBy.includes(it.owner) ? it.owner : null
  if (it.resumeToken === null) return null
  const others = [...state.routes].filter(([, { transport }]) => transport === 'channel')
  return others.find(([member]) => !it.refusedBy.includes(member))?.[0] ?? null
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
  const channel = it ? channelOf(it) : null
  if (it?.phase !== 'asking' || it.attempt !== attempt || channel === null) return stepTo(state)
  return andThen(stepTo(state, { type: 'close-channel', channel }), now => channelClosed(now, it))
}

/**
 * Asks again as long as the owner is there, and otherwise when they are back. A machine that is busy for minutes must not
 * leave a file behind that waits for nothing.
 */
export const channelClosed = (state: FilesState, it: Download): FilesStep => {
  if (it.phase === 'checking') return stepTo(withDownload(state, { ...it, channel: null }))
  // What has come is still written, in order. What the channel held is lost and is asked for again.
  const failures = it.failures + 1
  const next = withDownload(state, downloadAt(it, { phase: 'waiting' }, { failures }))
  const timer = { kind: 'ask', key: it.key, attempt: it.attempt } as const
  const ms = Math.min(retryMs * 2 ** Math.min(Math.max(0, failures - promptRetries), 10), retryMsMax)
  // What waits runs no longer, so another one in the queue has its turn.
  return andThen(stepTo(next, { type: 'timer', timer, ms }), advance)
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
  if (it.phase !== 'asking' || it.source.kind !== 'channel') return stepTo(state)
  const { channel, member } = it.source
  const another = it.resumeToken !== null && it.resumeToken !== resumeToken
  if (another && member !== it.owner) return refused(state, it, member)
  if (another || size !== it.size) return stop(state, it, 'wrong')
  const ownerName = state.routes.get(member)?.name ?? it.ownerName
  const change = { resumeToken, owner: member, ownerName, available: true, refusedBy: [] }
  const running = downloadAt(it, { phase: 'running', source: it.source }, change)
  const pause: FilesEffect[] = it.paused.ours
    ? [{ type: 'send', channel, message: { kind: 'pause', on: true } }]
    : []
  return stepTo(withDownload(state, running), { type: 'save-resume-record', key: it.key }, ...pause)
}

export const receiveBytes = (state: FilesState, it: Download, bytes: Uint8Array<ArrayBuffer>): FilesStep => {
  if (it.phase !== 'running') return stepTo(state)
  const received = it.received + bytes.byteLength
  if (received > it.size || received - it.acked > creditBytes) return stop(state, it, 'wrong')
  return stepTo(withDownload(state, { ...it, received }), { type: 'write', key: it.key, bytes })
}

/** Bytes lie where they belong. The sender hears of it, and so may send on. */
export const stored = (state: FilesState, it: Download, bytes: number, at: number): FilesStep => {
  const channel = channelOf(it)
  const rate = rated(it.rate, bytes - it.stored, at)
  const due = channel !== null && (bytes - it.acked >= ackBytes || (bytes === it.size && bytes > it.acked))
  const acked = due ? bytes : it.acked
  const next = withDownload(state, { ...it, stored: bytes, rate, failures: 0, acked })
  return due ? stepTo(next, { type: 'send', channel, message: { kind: 'took', bytes } }) : stepTo(next)
}

const ended = (state: FilesState, it: Download, digest: string): FilesStep => {
  if (it.phase !== 'running') return stepTo(state)
  if (it.received !== it.size) return stop(state, it, 'wrong')
  const checking = downloadAt(it, { phase: 'checking', channel: channelOf(it), digest })
  return stepTo(withDownload(state, checking), { type: 'check', key: it.key })
}

export const checked = (state: FilesState, key: DownloadKey, digest: string): FilesStep => {
  const it = state.downloads.get(key)
  if (it?.phase !== 'checking') return stepTo(state)
  const { channel } = it
  if (it.digest !== null && it.digest !== digest) return stop(state, it, 'wrong')
  const told = channel !== null || it.transport === 'legacy'
  const kept = downloadAt(it, { phase: 'kept', digest, here: false, told }, { stored: it.size })
  const done: FilesEffect[] =
    channel === null
      ? []
      : [
          { type: 'send', channel, message: { kind: 'done', file: null } },
          { type: 'close-channel', channel },
        ]
  const next = stepTo(withDownload(state, kept), ...done, { type: 'keep', key })
  return andThen(
    andThen(next, now => tellDone(now, key)),
    advance,
  )
}

/**
 * The channel broke while the file was being checked, and its sender would wait for a receiver who has it all. It is told
 * over a channel of its own, as soon as there is a way; the far end closes that.
 */
export const tellDone = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  if (it?.phase !== 'kept' || it.told || state.routes.get(it.owner)?.transport !== 'channel')
    return stepTo(state)
  const channel = `${key} done`
  return stepTo(
    withDownload(state, { ...it, told: true }),
    { type: 'open-channel', channel, member: it.owner },
    { type: 'send', channel, message: { kind: 'done', file: it.file.id } },
  )
}

const senderStopped = (state: FilesState, it: Download, why: StopReason): FilesStep => {
  const asked = it.phase === 'asking' && it.source.kind === 'channel' ? it.source.member : null
  // The owner's page was loaded anew and does not know the file until it is picked again.
  const forgotten = asked === it.owner && why === 'gone' && it.resumeToken !== null
  if (asked !== null && (asked !== it.owner || forgotten)) return refused(state, it, asked)
  return stopSilently(state, it, why)
}

/** Whom we asked is not the one from whom we had it, or has it no more. */
export const refused = (state: FilesState, it: Download, member: MemberId): FilesStep => {
  const channel = channelOf(it)
  const change = { refusedBy: [...it.refusedBy, member], failures: 0 }
  const waiting = withDownload(state, downloadAt(it, { phase: 'waiting' }, change))
  const close: FilesEffect[] = channel === null ? [] : [{ type: 'close-channel', channel }]
  return andThen(stepTo(waiting, ...close), now => requestOverChannel(now, it.key))
}

export const pause = (state: FilesState, it: Download, on: boolean): FilesStep => {
  const channel = it.phase === 'running' ? channelOf(it) : null
  const paused = withDownload(state, { ...it, paused: { ...it.paused, ours: on } })
  return channel === null
    ? stepTo(paused)
    : stepTo(paused, { type: 'send', channel, message: { kind: 'pause', on } })
}
