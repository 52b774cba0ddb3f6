/** Owns how a transfer ends before its time, and that the next in the queue begins. Pure. */
import type { StopReason } from '../wire/file-channel.ts'
import { andThen, stepEach, stepTo, withDownload } from './change.ts'
import {
  activeDownload,
  type ChannelId,
  type Download,
  type FilesEffect,
  type FilesState,
  type FilesStep,
  type StopCause,
} from './state.ts'

/** So many run at once; more would only share the same line. */
const runningMax = 3

/** The next in the queue, while there is room. */
export const advance = (state: FilesState): FilesStep => {
  const all = [...state.downloads.values()]
  const running = all.filter(({ phase }) => active.has(phase)).length
  const next = all.filter(({ phase }) => phase === 'queued').slice(0, Math.max(0, runningMax - running))
  return stepEach(state, next, (now, it) =>
    stepTo(withDownload(now, { ...it, phase: 'opening' }), { type: 'open-store', key: it.key }),
  )
}

const active: ReadonlySet<string> = new Set(['opening', 'asking', 'running', 'checking'])

/** Ends it here and, where there is a way, there. Nothing of it is kept. */
export const stop = (state: FilesState, it: Download, why: StopCause): FilesStep => {
  const ended: Download = { ...it, phase: 'stopped', why, channel: null, asked: null, legacy: null }
  const told = it.legacy ? goodbye(it, it.legacy) : it.channel === null ? [] : hangUp(it.channel, why)
  const discarded = activeDownload.has(it.phase) && it.phase !== 'queued'
  const left = stepTo(withDownload(state, ended), ...told)
  const without = discarded ? andThen(left, now => stepTo(now, { type: 'discard', key: it.key })) : left
  return andThen(without, advance)
}

/** The original's end is content with the word that it is enough. */
const goodbye = (it: Download, { action, theirs }: NonNullable<Download['legacy']>): FilesEffect[] =>
  theirs === null
    ? []
    : [{ type: 'send-signal', to: it.owner, signal: { kind: 'peer', from: action, to: theirs, signal: -1 } }]

const reasons: Partial<Record<StopCause, StopReason>> = {
  declined: 'declined',
  gone: 'gone',
  'no-room': 'no-room',
  wrong: 'wrong',
}

export const hangUp = (channel: ChannelId, why: StopCause): FilesEffect[] => [
  { type: 'send', channel, message: { kind: 'stop', why: reasons[why] ?? 'cancelled' } },
  { type: 'close-channel', channel },
]
