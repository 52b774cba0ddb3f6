/** What happens to a file that others offer, as far as it does not depend on the way in which it comes. Pure. */
import { oldestOfLargest } from '../base/fair-share.ts'
import { legacyRouteChanged, requestLegacy } from '../legacy/index.ts'
import type { FileCard } from '../wire/file.ts'
import { type FileId, type MemberId, nobody } from '../wire/ids.ts'
import { andThen, channelOf, newDownload, noRate, stepEach, stepTo, withDownload } from './change.ts'
import { refused, requestOverChannel, tellDone } from './channel-download.ts'
import { advance, stop } from './ending.ts'
import {
  activeDownload,
  type Download,
  type DownloadKey,
  type DownloadPhase,
  downloadAt,
  downloadsMax,
  type FilesEffect,
  type FilesEvent,
  type FilesState,
  type FilesStep,
  type PeerRoute,
  type StopCause,
} from './state.ts'

export const offered = (state: FilesState, owner: MemberId, file: FileCard, at: number): FilesStep => {
  const route = state.routes.get(owner)
  const known = [...state.downloads.values()].find(it => it.shownUnder === owner && it.file.id === file.id)
  if (!route) return stepTo(state)
  // An original page that has come in place of another begins to count anew.
  if (known && !known.available && !looksSame(known.file, file))
    return offered(withoutDownload(state, known.key), owner, file, at)
  if (known) return stepTo(known.available ? state : withDownload(state, { ...known, available: true }))
  const transport = route.transport === 'legacy' ? 'legacy' : 'channel'
  const partial = transport === 'channel' ? partialOf(state, route.name, file) : undefined
  if (partial) return reoffered(state, partial, owner, file, at)
  const key: DownloadKey = `in ${state.next}`
  const names = { owner, shownUnder: owner, ownerName: route.name, transport } as const
  const it: Download = { ...newDownload(key, file, at), ...names }
  return stepTo(withDownload(makeRoom({ ...state, next: state.next + 1 }), it))
}

const looksSame = (a: FileCard, b: FileCard): boolean => a.name === b.name && a.size === b.size

/** The same file, by all that can be seen of it, from somebody of that name who has gone in the middle of it. */
const partialOf = (state: FilesState, ownerName: string, file: FileCard): Download | undefined =>
  [...state.downloads.values()].find(
    it =>
      partialPhases.has(it.phase) &&
      it.transport === 'channel' &&
      (!state.routes.has(it.owner) || it.refusedBy.includes(it.owner)) &&
      it.ownerName === ownerName &&
      looksSame(it.file, file),
  )

/** Without its owner, asking means asking whether somebody is the owner come back. */
const partialPhases: ReadonlySet<DownloadPhase> = new Set(['resumable', 'waiting', 'asking'])

/** Somebody whose page was closed has picked it again. In the end its hash shows whether it is the same. */
const reoffered = (
  state: FilesState,
  partial: Download,
  owner: MemberId,
  file: FileCard,
  at: number,
): FilesStep => {
  const channel = channelOf(partial)
  const close: FilesEffect[] = channel === null ? [] : [{ type: 'close-channel', channel }]
  // Under the same id it is the same page's, which knows us by the token.
  const resumeToken = partial.file.id === file.id ? partial.resumeToken : null
  const change = {
    owner,
    shownUnder: owner,
    available: true,
    file,
    resumeToken,
    refusedBy: [],
    failures: 0,
  }
  const phase = partial.phase === 'resumable' ? 'resumable' : 'waiting'
  const next = stepTo(withDownload(state, downloadAt(partial, { phase }, change)), ...close)
  return phase === 'resumable' ? next : andThen(next, now => request(now, partial.key, at))
}

/** An earlier page of ours was closed in the middle of it. Only the token, no id, still tells whose it was. */
export const addResumable = (
  state: FilesState,
  { file, ownerName, resumeToken, stored }: Extract<FilesEvent, { type: 'resumable' }>,
  at: number,
): FilesState => {
  const offer = openOffer(state, file)
  if (offer) return withDownload(state, downloadAt(offer, { phase: 'resumable' }, { resumeToken, stored }))
  const it = newDownload(`in ${state.next}`, file, at)
  const left = downloadAt(it, { phase: 'resumable' }, { ownerName, resumeToken, stored })
  return withDownload(makeRoom({ ...state, next: state.next + 1 }), left)
}

/** The same one, which its owner has offered before what lies here was found. */
export const openOffer = (state: FilesState, { id }: FileCard): Download | undefined =>
  [...state.downloads.values()].find(
    ({ phase, transport, file }) => phase === 'offered' && transport === 'channel' && file.id === id,
  )

/** The oldest that nobody works on makes room, of whoever has most of them: a burst of offers pushes out its like. */
const makeRoom = (state: FilesState): FilesState => {
  if (state.downloads.size < downloadsMax) return state
  const idle = [...state.downloads.values()].filter(({ phase }) => !activeDownload.has(phase))
  const oldest = oldestOfLargest(idle, it => it.shownUnder)
  return oldest ? withoutDownload(state, oldest.key) : state
}

const withoutDownload = (state: FilesState, key: DownloadKey): FilesState => {
  const downloads = new Map(state.downloads)
  downloads.delete(key)
  return { ...state, downloads }
}

export const withdrawn = (state: FilesState, owner: MemberId, file: FileId, lost: boolean): FilesStep => {
  const it = [...state.downloads.values()].find(one => one.owner === owner && one.file.id === file)
  if (!it) return stepTo(state)
  const taken = { ...it, available: false }
  // One that has ended stays as it is, and cannot be fetched any more.
  if (it.phase !== 'offered' && !activeDownload.has(it.phase)) return stepTo(withDownload(state, taken))
  if (!lost) return stop(state, taken, 'withdrawn')
  // What has come is kept for when the same file is offered again, or is whole already.
  if (it.resumeToken === null) return stop(state, taken, 'reloaded')
  return canBeRefused.has(it.phase) ? refused(state, taken, owner) : stepTo(withDownload(state, taken))
}

/** Whoever has not asked yet is refused when they do. */
const canBeRefused: ReadonlySet<DownloadPhase> = new Set(['asking', 'running', 'waiting'])

export const accept = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  // What lies here in part waits for its owner to come back.
  if (!it || !acceptable.has(it.phase) || !(it.available || it.phase === 'resumable')) return stepTo(state)
  // Its sender knows by the token what lies here already; and without an owner only the token leads to one.
  const resumeToken = it.phase === 'resumable' || it.owner === nobody ? it.resumeToken : null
  const progress = { received: 0, stored: 0, acked: 0, failures: 0, resumeToken }
  const paused = { ours: false, theirs: false }
  return advance(withDownload(state, downloadAt(it, { phase: 'queued' }, { ...progress, paused })))
}

const acceptable: ReadonlySet<DownloadPhase> = new Set(['resumable', 'offered', 'stopped', 'declined'])

export const decline = (state: FilesState, key: DownloadKey): FilesStep => {
  const it = state.downloads.get(key)
  if (it?.phase === 'resumable') {
    const declined = downloadAt(it, { phase: 'declined' }, { stored: 0 })
    return stepTo(withDownload(state, declined), { type: 'discard', key })
  }
  if (it?.phase !== 'offered') return stepTo(state)
  const declined = withDownload(state, downloadAt(it, { phase: 'declined' }))
  if (state.routes.get(it.owner)?.transport !== 'channel') return stepTo(declined)
  // Its far end closes the channel: what is said last on a new channel gets lost if that is closed at once.
  const channel = `${key} no`
  return stepTo(
    declined,
    { type: 'open-channel', channel, member: it.owner },
    { type: 'send', channel, message: { kind: 'decline', file: it.file.id } },
  )
}

export const storeOpened = (state: FilesState, key: DownloadKey, stored: number, at: number): FilesStep => {
  const it = state.downloads.get(key)
  if (it?.phase !== 'opening') return stepTo(state)
  if (stored > it.size) return stop(state, it, 'wrong')
  const opened = { ...it, stored, received: stored, acked: stored, rate: noRate(at) }
  return request(withDownload(state, opened), key, at)
}

export const storeFailed = (state: FilesState, key: DownloadKey, why: StopCause): FilesStep => {
  const it = state.downloads.get(key)
  return it && activeDownload.has(it.phase) ? stop(state, it, why) : stepTo(state)
}

/** Asks its owner, on the transport that leads there. */
export const request = (state: FilesState, key: DownloadKey, at: number): FilesStep => {
  const it = state.downloads.get(key)
  if (!it) return stepTo(state)
  const transport = state.routes.get(it.owner)?.transport
  // Nothing has come yet, so it can as well come another way.
  const turns = it.received === 0 && transport !== undefined && transport !== 'none'
  const next = turns && transport !== it.transport ? withDownload(state, { ...it, transport }) : state
  return next.downloads.get(key)?.transport === 'legacy'
    ? requestLegacy(next, key, at)
    : requestOverChannel(next, key)
}

export const retryRequest = (state: FilesState, key: DownloadKey, attempt: number, at: number): FilesStep => {
  const it = state.downloads.get(key)
  return it?.phase === 'waiting' && it.attempt === attempt ? request(state, key, at) : stepTo(state)
}

/**
 * Who is there and how they are reached has changed: what waits may go on, and a legacy download may have lost its
 * way.
 */
export const routesChanged = (
  state: FilesState,
  routes: ReadonlyMap<MemberId, PeerRoute>,
  at: number,
): FilesStep => {
  const now = withoutLeft({ ...state, routes })
  return stepEach(now, now.downloads.values(), (before, it) => {
    if (it.phase === 'waiting') return request(before, it.key, at)
    if (it.phase === 'kept') return tellDone(before, it.key)
    return it.transport === 'legacy' && activeDownload.has(it.phase)
      ? legacyRouteChanged(before, it)
      : stepTo(before)
  })
}

/** What those who have left have offered is not to be had any more. */
const withoutLeft = (state: FilesState): FilesState => {
  const left = [...state.downloads.values()].filter(
    ({ available, owner }) => available && owner !== nobody && !state.routes.has(owner),
  )
  return left.reduce((now, it) => withDownload(now, { ...it, available: false }), state)
}
