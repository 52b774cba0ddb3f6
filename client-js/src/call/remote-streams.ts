/** The streams that have come from others, by the link they came over, and how they are to be seen and heard here. */
import { ownerOf } from '../room/call.ts'
import { routeOf } from '../room/direct-calls.ts'
import type { RoomState } from '../room/state.ts'
import type { MemberId, PeerId, StreamId } from '../wire/ids.ts'
import type { Participant, RemoteStream } from './state.ts'
import type { Judged, ReceivedStream } from './stats-monitor.ts'

const trackEvents = ['mute', 'unmute', 'ended'] as const

export class RemoteStreams {
  readonly #links = new Map<PeerId, Map<StreamId, MediaStream>>()
  readonly #watched = new WeakSet<MediaStreamTrack>()
  readonly #volumes = new Map<string, number>()
  readonly #changed: () => void
  #speaking: ReadonlySet<StreamId> = new Set()
  #judged: Pick<Judged, 'streams' | 'stalled'> = { streams: new Map(), stalled: new Set() }
  readonly #spokeMs = new Map<StreamId, number>()

  constructor(changed: () => void) {
    this.#changed = changed
  }

  arrived(peer: PeerId, id: StreamId, stream: MediaStream): void {
    const streams = this.#links.get(peer) ?? new Map<StreamId, MediaStream>()
    this.#links.set(peer, streams.set(id, stream))
    for (const track of stream.getTracks()) this.#watch(track)
    this.#changed()
  }

  gone(peer: PeerId, id: StreamId): void {
    this.#links.get(peer)?.delete(id)
    this.#spokeMs.delete(id)
    this.#changed()
  }

  linkGone(peer: PeerId): void {
    if (this.#links.delete(peer)) this.#changed()
  }

  find(room: RoomState, owner: MemberId, id: StreamId): MediaStream | null {
    const peer = routeOf(room, owner, id)
    return (peer === null ? undefined : this.#links.get(peer)?.get(id)) ?? null
  }

  /** Every stream that has come, with the ids of its tracks. */
  get received(): readonly ReceivedStream[] {
    return [...this.#links].flatMap(([peer, streams]) =>
      [...streams].map(([id, stream]) => ({ peer, id, tracks: stream.getTracks().map(track => track.id) })),
    )
  }

  /** Of those that come two ways, the one that is seen and heard. */
  shown(room: RoomState): readonly ReceivedStream[] {
    if (room.call.direct.size === 0) return this.received
    return this.received.filter(({ peer, id }) => {
      const owner = ownerOf(room, id)
      return owner !== null && routeOf(room, owner, id) === peer
    })
  }

  /** Which tracks have come, by link and stream. */
  get tracks(): ReadonlyMap<PeerId, ReadonlyMap<StreamId, readonly MediaStreamTrack[]>> {
    const of = (streams: ReadonlyMap<StreamId, MediaStream>) =>
      new Map([...streams].map(([id, stream]) => [id, stream.getTracks()] as const))
    return new Map([...this.#links].map(([peer, streams]) => [peer, of(streams)] as const))
  }

  speak(speaking: ReadonlySet<StreamId>, nowMs: number): void {
    const same = speaking.size === this.#speaking.size && [...speaking].every(id => this.#speaking.has(id))
    this.#speaking = speaking
    for (const id of speaking) this.#spokeMs.set(id, nowMs)
    if (!same) this.#changed()
  }

  judge(judged: Judged): void {
    this.#judged = judged
    this.#changed()
  }

  spokeMs(id: StreamId): number {
    return this.#spokeMs.get(id) ?? 0
  }

  setVolume(member: MemberId, volume: number, stream?: StreamId): void {
    const kept = Math.min(1, Math.max(0, volume))
    if (stream !== undefined) this.#volumes.set(`${member} ${stream}`, kept)
    else {
      for (const key of [...this.#volumes.keys()]) if (key.startsWith(`${member} `)) this.#volumes.delete(key)
      this.#volumes.set(member, kept)
    }
    this.#changed()
  }

  participants(room: RoomState, audioOnly: boolean): Participant[] {
    return [...room.call.members].map(([member, { streams, media }]) => ({
      member,
      pushToTalk: media?.pushToTalk ?? false,
      streams: [...streams]
        .sort((a, b) => Number(a.kind === 'screen') - Number(b.kind === 'screen'))
        .map(({ id, kind, hint }): RemoteStream => {
          const stream = this.find(room, member, id)
          const size = room.call.shown.get(id) ?? 'large'
          const isCamera = kind === 'camera'
          // A track without a picture any more looks like one with a picture that does not change.
          const off = isCamera && (media?.cameraOff || this.#judged.stalled.has(id))
          const seen = !audioOnly && size !== 'hidden' && !off
          return {
            id,
            kind,
            hint,
            stream,
            hasVideo: seen && flows(stream?.getVideoTracks()),
            hasAudio: flows(stream?.getAudioTracks()),
            muted: isCamera ? (media?.muted ?? null) : null,
            cameraOff: isCamera ? (media?.cameraOff ?? null) : null,
            speaking: this.#speaking.has(id),
            volume: this.#volumes.get(`${member} ${id}`) ?? this.#volumes.get(member) ?? 1,
            size,
            measured: this.#judged.streams.get(id) ?? null,
          }
        }),
    }))
  }

  #watch(track: MediaStreamTrack): void {
    if (this.#watched.has(track)) return
    this.#watched.add(track)
    for (const event of trackEvents) track.addEventListener(event, this.#changed)
  }
}

/** A track is muted until its first packet has come, and again when none come any more. */
const flows = (tracks: readonly MediaStreamTrack[] | undefined): boolean =>
  tracks?.some(track => track.readyState === 'live' && !track.muted) ?? false
