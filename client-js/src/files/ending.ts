/** How a download ends before its time, and how the next one in the queue begins. Pure. */
import { goodbye } from '../legacy/index.ts'
import type { StopReason } from '../wire/file-channel.ts'
import { andThen, channelOf, stepEach, stepTo, withDownload } from './change.ts'
import {
  activeDownload,
  type ChannelId,
  type Download,
  downloadAt,
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type StopCause,
} from './state.ts'

/** So many run at once; more would only share the same line. */
const runningMax = 3

/** Begins the next ones in the queue, while there is room. */
export const advance = (state: FilesState): FilesStep => {
  const all = [...state.downloads.values()]
  const running = all.filter(({ phase }) => occupying.has(phase)).length
  const next = all.filter(({ phase }) => phase === 'queued').slice(0, Math.max(0, runningMax - running))
  return stepEach(state, next, (now, it) =>
    stepTo(withDownload(now, downloadAt(it, { phase: 'opening' })), { type: 'open-store', key: it.key }),
  )
}

const occupying: ReadonlySet<string> = new Set(['opening', 'asking', 'running', 'checking'])

/** Ends a download here and tells the sender. Nothing of it is kept. */
export const stop = (state: FilesState, it: Download, why: StopCause): FilesStep =>
  drop(state, it, why, farewell(it, why))

/** Ends a download whose sender has ended it already, or can no longer be told. */
export const stopSilently = (state: FilesState, it: Download, why: StopCause): FilesStep =>
  drop(state, it, why, [])

const drop = (
  state: FilesState,
  it: Download,
  why: StopCause,
  effects: readonly FilesEffect[],
): FilesStep => {
  const stopped = stepTo(withDownload(state, downloadAt(it, { phase: 'stopped', why })), ...effects)
  const hasStore = activeDownload.has(it.phase) && it.phase !== 'queued'
  const discarded = hasStore
    ? andThen(stopped, now => stepTo(now, { type: 'discard', key: it.key }))
    : stopped
  return andThen(discarded, advance)
}

const farewell = (it: Download, why: StopCause): FilesEffect[] => {
  if ('source' in it && it.source.kind === 'legacy') return goodbye(it, it.source)
  const channel = channelOf(it)
  return channel === null ? [] : hangUp(channel, why)
}

const reasons: Partial<Record<StopCause, StopReason>> = {
  declined: 'declined',
  gone: 'gone',
  'no-room': 'no-room',
  'memory-only': 'no-room',
  wrong: 'wrong',
}

export const hangUp = (channel: ChannelId, why: StopCause): FilesEffect[] => [
  { type: 'send', channel, message: { kind: 'stop', why: reasons[why] ?? 'cancelled' } },
  { type: 'close-channel', channel },
]
