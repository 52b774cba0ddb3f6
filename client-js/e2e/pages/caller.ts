/** A bare page on the core: one session, one call, and a video element for every stream that comes. */
import type { Call } from '../../src/call/call.ts'
import type { CallState } from '../../src/call/state.ts'
import type { Client, RoomSession } from '../../src/core/index.ts'
import { countFrames, framesOf } from './frames.ts'

type Core = typeof import('../../src/core/index.ts')

export type Shown = {
  readonly owner: string
  readonly id: string
  readonly kind: string
  readonly width: number
  readonly height: number
  /** Pictures drawn so far: a video's own clock runs on with the sound. */
  readonly frames: number
  readonly hasVideo: boolean
  readonly hasAudio: boolean
  readonly muted: boolean | null
  readonly cameraOff: boolean | null
  readonly speaking: boolean
}

export type CallerPage = {
  readonly enter: (whereto: string | { name: string; kind: 'mesh' | 'star' }, name: string) => Promise<string>
  readonly call: () => Call
  readonly state: () => CallState
  readonly room: () => unknown
  readonly shown: () => Shown[]
}

const start = async (): Promise<CallerPage> => {
  const path = '/core/p2pchat.js'
  const { connect, writeInvitation } = (await import(/* @vite-ignore */ path)) as Core
  let client: Client | null = null
  let session: RoomSession | null = null
  const videos = new Map<string, HTMLVideoElement>()

  const here = (): RoomSession => {
    if (!session) throw new Error('not in a room')
    return session
  }
  const nameOf = (member: string): string => {
    const found = [...here().state.members.values()].find(({ id }) => id === member)
    return found?.name ?? '?'
  }
  const draw = (state: CallState): void => {
    const live = new Set<string>()
    for (const { member, streams } of state.participants) {
      for (const { id, stream } of streams) {
        if (!stream) continue
        live.add(id)
        const video = videos.get(id) ?? countFrames(document.createElement('video'))
        videos.set(id, video)
        video.title = nameOf(member)
        video.muted = true
        video.autoplay = true
        video.width = 240
        if (video.srcObject !== stream) video.srcObject = stream
        document.body.append(video)
      }
    }
    for (const [id, video] of videos) {
      if (live.has(id)) continue
      video.remove()
      videos.delete(id)
    }
  }
  return {
    enter: async (whereto, name) => {
      client ??= connect()
      const entered = await (typeof whereto === 'string'
        ? client.join(whereto, name)
        : client.create(whereto, name))
      if (!entered.ok) throw new Error(entered.refusal)
      session = entered.session
      session.on('call', draw)
      return writeInvitation(location.href, session.state.card)
    },
    call: () => here().call,
    state: () => here().call.state,
    room: () => here().state,
    shown: () =>
      here().call.state.participants.flatMap(({ member, streams }) =>
        streams.map(({ id, kind, hasVideo, hasAudio, muted, cameraOff, speaking }) => {
          const video = videos.get(id)
          const [width, height] = [video?.videoWidth ?? 0, video?.videoHeight ?? 0]
          const frames = video ? framesOf(video) : 0
          return {
            owner: nameOf(member),
            id,
            kind,
            width,
            height,
            frames,
            hasVideo,
            hasAudio,
            muted,
            cameraOff,
            speaking,
          }
        }),
      ),
  }
}

Object.assign(globalThis, { caller: start() })
