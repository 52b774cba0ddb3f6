/**
 * A room's call as one sees and hears it: joining and leaving, what the others send, and the state that views show. Who
 * is in the call and who gets what is the room's decision, which arrives here as `publish` and `unpublish`.
 */
import { attempt, runEach } from '../link/browser-api.ts'
import type { Tuning } from '../link/sending.ts'
import { aboutOf, isOwn, isWatching, noFlows, ownerOf } from '../room/call.ts'
import { hasDirect } from '../room/direct-calls.ts'
import { type CallEvent, capsOf, type RoomState } from '../room/state.ts'
import type { StreamAbout, StreamSize } from '../wire/call.ts'
import { type MemberId, type PeerId, type StreamId, streamId } from '../wire/ids.ts'
import type { TrackKind } from '../wire/signal.ts'
import { allProcessing, type Choice, noChoices } from './devices.ts'
import { FlowWatch, type Moments } from './flow-watch.ts'
import { LocalParticipant, type LocalParticipantPorts } from './local-participant.ts'
import { contentHint } from './local-screens.ts'
import { RemoteAudio } from './remote-audio.ts'
import { RemoteStreams } from './remote-streams.ts'
import { SenderController } from './sender-controller.ts'
import type {
  CallChoices,
  CallCommands,
  CallState,
  CallTrouble,
  OwnCall,
  Processing,
  ScreenHint,
  TroubleKind,
  TroubleWith,
} from './state.ts'
import { type ReceivedStream, StatsMonitor, type WatchedLink } from './stats-monitor.ts'

/** What a call needs of a link. */
export type MediaLink = WatchedLink & {
  readonly publish: (stream: MediaStream, tracks: readonly MediaStreamTrack[], noReuse: boolean) => void
  readonly unpublish: (id: string) => void
  readonly tune: (id: string, kind: TrackKind, tuning: Tuning) => Promise<boolean>
}

export type CallPorts = Pick<LocalParticipantPorts, 'media' | 'permission' | 'pick'> & {
  readonly feed: (event: CallEvent) => void
  readonly room: () => RoomState
  readonly link: (peer: PeerId) => MediaLink | null
  /** At most once for whatever happens in one go. */
  readonly changed: (state: CallState) => void
}

const notIn: Omit<OwnCall, 'devices' | 'processing'> = {
  phase: 'out',
  stream: null,
  microphone: 'none',
  camera: 'off',
  cameraInterrupted: false,
  pushToTalk: false,
  talking: false,
  speaking: false,
  silent: false,
  audioOnly: false,
  screens: [],
}

export class Call implements CallCommands {
  readonly #ports: CallPorts
  readonly #remote = new RemoteStreams(() => this.#update())
  readonly #senders: SenderController
  readonly #stats: StatsMonitor
  readonly #audio = new RemoteAudio(blocked => this.#trouble('speaker', blocked ? 'needs-press' : null))
  #flows = new FlowWatch()
  #own: LocalParticipant | null = null
  #speaker: Choice = null
  #processing: Processing = allProcessing
  #troubles: readonly CallTrouble[] = []
  #troubleKey = 0
  #state: CallState
  #seen: RoomState
  #updating = false

  constructor(ports: CallPorts) {
    this.#ports = ports
    this.#seen = ports.room()
    this.#senders = new SenderController({
      room: ports.room,
      spokeMs: stream => this.#remote.spokeMs(stream),
      find: stream => this.#find(stream),
      tune: async (peer, stream, kind, tuning) =>
        (await ports.link(peer)?.tune(stream, kind, tuning)) ?? false,
    })
    this.#stats = new StatsMonitor({
      links: () => this.#links(),
      received: () => this.#remote.shown(ports.room()),
      looked: nowMs => this.#watchFlows(nowMs),
      speaking: speaking => this.#remote.speak(speaking, performance.now()),
      own: heard => this.#own?.setVoice(heard),
      measured: judged => {
        this.#remote.judge(judged)
        this.#senders.measured(judged.samples)
        this.#update()
      },
    })
    this.#state = this.#compose()
  }

  get state(): CallState {
    return this.#state
  }

  /** The streams that have come, with their tracks. */
  get received(): readonly ReceivedStream[] {
    return this.#remote.received
  }

  async join(choices: CallChoices): Promise<void> {
    const { ended, sealing } = this.#ports.room()
    if (this.#own || ended || sealing.mode === 'failed') return
    this.#speaker = choices.speaker ?? null
    this.#processing = { ...this.#processing, ...choices.processing }
    this.#troubles = []
    void this.#audio.setSpeaker(this.#speaker?.id ?? '')
    const { feed, media, permission, pick } = this.#ports
    const own = new LocalParticipant(choices, this.#processing, {
      media,
      permission,
      pick,
      announce: announced => feed({ type: 'call-announce', own: announced }),
      retracked: stream => this.#republish(stream),
      sendMedia: media => feed({ type: 'call-media', media }),
      trouble: (about, what, by) => this.#trouble(about, what, by),
      changed: () => this.#update(),
    })
    this.#own = own
    this.#update()
    await own.begin(choices)
    if (own.audioOnly) this.#hidePictures(true)
  }

  leave(): void {
    const own = this.#own
    if (!own) return
    this.#own = null
    this.#ports.feed({ type: 'call-leave' })
    own.end()
    this.#audio.keepOnly(new Set())
    this.#update()
  }

  async setMuted(muted: boolean): Promise<void> {
    await this.#own?.setMuted(muted)
  }

  async setCamera(on: boolean): Promise<void> {
    const audioOnly = this.#own?.audioOnly
    const done = this.#own?.setCamera(on)
    if (on && audioOnly) this.#hidePictures(false)
    await done
  }

  async useMicrophone(choice: Choice): Promise<void> {
    await this.#own?.tracks.choose('microphone', choice)
  }

  async useCamera(choice: Choice): Promise<void> {
    await this.#own?.tracks.choose('camera', choice)
  }

  async useSpeaker(choice: Choice): Promise<void> {
    this.#speaker = choice
    const done = await this.#audio.setSpeaker(choice?.id ?? '')
    this.#trouble('speaker', done ? null : 'failed')
    this.#update()
  }

  async setProcessing(change: Partial<Processing>): Promise<void> {
    this.#processing = { ...this.#processing, ...change }
    this.#update()
    await this.#own?.tracks.process(change)
  }

  setPushToTalk(on: boolean): void {
    this.#own?.setPushToTalk(on)
  }

  talk(held: boolean): void {
    this.#own?.talk(held)
  }

  async setAudioOnly(on: boolean): Promise<void> {
    if (!this.#own || this.#own.audioOnly === on) return
    const done = this.#own.setAudioOnly(on)
    this.#hidePictures(on)
    await done
  }

  async shareScreen(wish: { sound: boolean; hint: ScreenHint }): Promise<void> {
    await this.#own?.screens.share(wish)
  }

  stopScreen(id: StreamId): void {
    this.#own?.screens.stop(id)
  }

  setHint(id: StreamId, hint: ScreenHint): void {
    this.#own?.screens.setHint(id, hint)
  }

  setVolume(member: MemberId, volume: number, stream?: StreamId): void {
    this.#remote.setVolume(member, volume, stream)
  }

  setSize(id: StreamId, size: StreamSize): void {
    if (this.#own && !this.#own.audioOnly) this.#ports.feed({ type: 'call-show', stream: id, size })
  }

  async playSound(): Promise<void> {
    await this.#audio.resume()
  }

  dismiss(key: number): void {
    this.#troubles = this.#troubles.filter(it => it.key !== key)
    this.#update()
  }

  publish(over: PeerId, id: StreamId): void {
    const stream = this.#find(id)
    if (!stream) return
    const room = this.#ports.room()
    const tracks = isWatching(room, over) ? stream.getTracks() : []
    if (!isOwn(room, id)) hinted(tracks, aboutOf(room, id))
    this.#ports.link(over)?.publish(stream, tracks, !capsOf(room, over).media)
    this.#senders.forget(over, id)
    this.#update()
  }

  unpublish(over: PeerId, id: StreamId): void {
    this.#ports.link(over)?.unpublish(id)
  }

  arrived(peer: PeerId, stream: MediaStream): void {
    const id = streamId(stream.id)
    this.#remote.arrived(peer, id, stream)
    this.#ports.feed({ type: 'stream-arrived', via: peer, stream: id })
  }

  gone(peer: PeerId, id: StreamId): void {
    this.#remote.gone(peer, id)
    this.#ports.feed({ type: 'stream-gone', via: peer, stream: id })
  }

  linkGone(peer: PeerId): void {
    this.#remote.linkGone(peer)
  }

  roomChanged(state: RoomState): void {
    const { call, links, members, ended, sealing } = this.#seen
    this.#seen = state
    const same = call === state.call && links === state.links && members === state.members
    if (same && ended === state.ended && state.sealing.mode === sealing.mode) return
    if (state.ended || state.sealing.mode === 'failed') this.leave()
    if (this.#own?.audioOnly) this.#hidePictures(true)
    this.#update()
  }

  #republish(stream: StreamId): void {
    for (const [over, { sent }] of this.#ports.room().call.links)
      if (sent.has(stream)) this.publish(over, stream)
  }

  #hidePictures(hidden: boolean): void {
    for (const { streams } of this.#ports.room().call.members.values()) {
      for (const { id } of streams)
        this.#ports.feed({ type: 'call-show', stream: id, size: hidden ? 'hidden' : 'large' })
    }
  }

  #find(id: StreamId): MediaStream | null {
    const room = this.#ports.room()
    if (isOwn(room, id)) return this.#own?.find(id) ?? null
    const owner = ownerOf(room, id)
    return owner === null ? null : this.#remote.find(room, owner, id)
  }

  #trouble(about: TroubleWith, what: TroubleKind | null, by?: string): void {
    const before = this.#troubles.find(it => it.with === about)
    if ((before?.what ?? null) === what && before?.by === by) return
    const others = this.#troubles.filter(it => it !== before)
    this.#troubleKey += 1
    this.#troubles = what === null ? others : [...others, { key: this.#troubleKey, with: about, what, by }]
    this.#update()
  }

  #update(): void {
    if (this.#updating) return
    this.#updating = true
    queueMicrotask(() => {
      this.#updating = false
      this.#state = this.#compose()
      // The views first: nothing that a browser refuses below may keep the state from them.
      this.#ports.changed(this.#state)
      this.#follow()
    })
  }

  /** What runs beside the state: watching, sending quality, sound. A host that passes on need not be in the call. */
  #follow(): void {
    runEach([
      () => this.#stats.run(this.#own !== null || this.#links().size > 0),
      () => this.#stats.monitorOwn(this.#own?.tracks.track('microphone') ?? null),
      () => this.#senders.apply(performance.now()),
      () => this.#listen(),
    ])
  }

  /** Those over which something of the call goes. */
  #links(): ReadonlyMap<PeerId, MediaLink> {
    const busy = [...this.#ports.room().call.links].flatMap(([peer, { sent, arrived }]) => {
      const link = sent.size + arrived.size > 0 ? this.#ports.link(peer) : null
      return link ? [[peer, link] as const] : []
    })
    return new Map(busy)
  }

  /** Of which streams something comes is asked only where it may come two ways. */
  #watchFlows(nowMs: number): void {
    const room = this.#ports.room()
    const flows = hasDirect(room) ? this.#flows.update(this.#remote.tracks, this.#moments(), nowMs) : noFlows
    if (flows !== room.call.flows) this.#ports.feed({ type: 'call-flows', flows })
  }

  #moments(): Moments {
    const none = new Map<string, number>()
    return new Map([...this.#links()].map(([peer, link]) => [peer, attempt(() => link.moments?.()) ?? none]))
  }

  #listen(): void {
    if (!this.#own) return
    const heard = new Set<StreamId>()
    for (const { streams } of this.#state.participants) {
      for (const { id, stream, volume } of streams) {
        if (!stream) continue
        heard.add(id)
        this.#audio.play(id, stream, volume)
      }
    }
    this.#audio.keepOnly(heard)
  }

  #compose(): CallState {
    const room = this.#ports.room()
    const participants = this.#remote.participants(room, this.#own?.audioOnly ?? false)
    return {
      own: this.#composeOwn(room),
      participants,
      carrying: this.#senders.carrying,
      troubles: this.#troubles,
    }
  }

  #composeOwn(room: RoomState): OwnCall {
    const own = this.#own
    const speaker = this.#speaker
    if (!own) return { ...notIn, devices: { ...noChoices, speaker }, processing: this.#processing }
    return {
      ...notIn,
      ...own.state,
      phase: room.call.own ? 'in' : 'joining',
      devices: { microphone: own.choice('microphone'), camera: own.choice('camera'), speaker },
      processing: this.#processing,
    }
  }
}

/** What is passed on is made anew here, and a page of letters has to be known for one. */
const hinted = (tracks: readonly MediaStreamTrack[], about: StreamAbout | null): void => {
  if (about?.kind !== 'screen') return
  for (const track of tracks) if (track.kind === 'video') track.contentHint = contentHint(about.hint)
}
