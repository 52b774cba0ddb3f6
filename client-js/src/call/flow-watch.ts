/**
 * Watches of which streams something comes at the moment, over which link: a browser says of no track that its packets have
 * stopped. It is looked at while some of a call goes past a star's host, to know which way carries what. Pure.
 */
import type { Flows } from '../room/call.ts'
import type { PeerId, StreamId } from '../wire/ids.ts'
import type { TrackKind } from '../wire/signal.ts'

type Track = Pick<MediaStreamTrack, 'id' | 'kind'>
export type Tracks = ReadonlyMap<PeerId, ReadonlyMap<StreamId, readonly Track[]>>
/** When something of each track was played or shown last, as its sender counts time, by link and track. */
export type Moments = ReadonlyMap<PeerId, ReadonlyMap<string, number>>

type Seen = { readonly moment: number; readonly atMs: number | null }

/** Silence has packets too. A screen that does not change is sent about once a second. */
const quietMs = 1_500

export class FlowWatch {
  #seen = new Map<string, Seen>()
  #flows: Flows = new Map()

  /** The same value as before where nothing has changed. */
  update(tracks: Tracks, moments: Moments, nowMs: number): Flows {
    const seen = new Map<string, Seen>()
    const comes = (peer: PeerId, { id }: Track): boolean => {
      const moment = moments.get(peer)?.get(id)
      if (moment === undefined) return false
      const key = `${peer} ${id}`
      const before = this.#seen.get(key)
      // What was played before we looked may be over.
      const atMs = before === undefined ? null : before.moment === moment ? before.atMs : nowMs
      seen.set(key, { moment, atMs })
      return atMs !== null && nowMs - atMs < quietMs
    }
    const flows = new Map(
      [...tracks].map(([peer, streams]) => [
        peer,
        new Map(
          [...streams].map(([id, of]) => [
            id,
            new Set(of.filter(track => comes(peer, track)).map(({ kind }) => kind as TrackKind)),
          ]),
        ),
      ]),
    )
    this.#seen = seen
    if (written(flows) !== written(this.#flows)) this.#flows = flows
    return this.#flows
  }
}

const written = (flows: Flows): string =>
  JSON.stringify(
    [...flows].map(([peer, streams]) => [peer, [...streams].map(([id, kinds]) => [id, [...kinds]])]),
  )
