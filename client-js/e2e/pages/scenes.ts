/** A page that shows the app's own views in made-up situations: many people, bad connections, a host at its limit. */
import { h, render } from 'preact'
import { defaultSettings } from '../../src/app/settings.ts'
import type { CallState, Measured, Participant, Quality, RemoteStream } from '../../src/call/state.ts'
import { createRoomState, type LinkState, type RoomState } from '../../src/room/state.ts'
import { App } from '../../src/ui/app.tsx'
import { type Commands, makeModel } from '../../src/ui/model.ts'
import { memberId, peerId, roomId } from '../../src/wire/ids.ts'
import { defaultAvatar, noCaps } from '../../src/wire/peer.ts'
import { noCall, ownScreen, participant, remote } from '../../test/calls-seen.ts'
import { idlePreview } from '../../test/previews.ts'
import { portrait, slide } from './portraits.ts'
import '../../src/ui/app.tsx'

const names = [
  'Grace Hopper',
  'Linus',
  'Margaret Hamilton',
  'Edsger Dijkstra',
  'Barbara Liskov',
  'Donald Knuth',
  'Radia Perlman',
  'Ken Thompson',
  'Frances Allen',
  'Tony Hoare',
  'Shafi Goldwasser',
  'Niklaus Wirth',
  'Jean Bartik',
  'Alan Kay',
  'Karen Jones',
  'Vint Cerf',
  'Adele Goldberg',
  'John McCarthy',
  'Sophie Wilson',
]

/** Whatever is asked of it, it does nothing. */
const idle: unknown = new Proxy(() => idle, {
  get: (_target, key) => (key === 'then' || typeof key === 'symbol' ? undefined : idle),
})

const model = makeModel({ ...defaultSettings, name: 'Ada Lovelace' }, idlePreview)

const room = (
  others: number,
  kind: 'mesh' | 'star',
  phase: LinkState['phase'],
  steady: boolean,
): RoomState => {
  const card = { id: roomId('r'), name: 'Analytical engine', password: 'word', peersMax: 20, kind }
  const members = names.slice(0, others).map((name, at) => ({
    id: memberId(`m${at}`),
    name,
    avatar: defaultAvatar,
    caps: noCaps,
  }))
  const link = (at: number): LinkState => ({
    phase,
    address: peerId(`p${at}`),
    initiator: true,
    inRoom: 'yes',
    cameLater: true,
    steady,
    member: memberId(`m${at}`),
    attempt: 1,
    unacked: [],
    historySent: true,
    expected: false,
    lost: false,
    obstacle: null,
  })
  return {
    ...createRoomState({ card, host: null }, peerId('me'), 'Ada Lovelace'),
    links: new Map(members.map((_, at) => [peerId(`p${at}`), link(at)])),
    members: new Map(members.map(member => [member.id, member])),
  }
}

const measured = (quality: Quality): Measured => ({
  quality,
  loss: { good: 0, fair: 0.02, poor: 0.09 }[quality],
  jitterMs: { good: 4, fair: 34, poor: 96 }[quality],
  roundTripMs: { good: 24, fair: 140, poor: 410 }[quality],
  bitsPerSecond: 900_000,
})

const qualities: readonly Quality[] = ['good', 'good', 'fair', 'good', 'poor', 'good']

/** Somebody like in most calls: one in four has the camera off, one in three is muted, one speaks. */
const somebody = (at: number, plain: boolean, ...more: RemoteStream[]): Participant => {
  const hasVideo = plain || at % 4 !== 1
  const camera = remote(`c${at}`, {
    stream: hasVideo ? portrait(at) : new MediaStream(),
    hasVideo,
    muted: !plain && at % 3 === 2,
    speaking: at === 0,
    measured: measured(plain ? 'good' : (qualities[at % qualities.length] ?? 'good')),
  })
  return participant(`m${at}`, camera, ...more)
}

export type Scene = {
  /** Beside oneself. */
  readonly others: number
  readonly kind?: 'mesh' | 'star'
  /** Cameras on, nobody muted, all is well. */
  readonly plain?: boolean
  /** So many of the others show a screen. */
  readonly screens?: number
  readonly ownScreen?: 'monitor' | 'window'
  readonly link?: LinkState['phase']
  readonly steady?: boolean
  readonly own?: Partial<Omit<CallState['own'], 'stream' | 'screens'>>
  readonly carrying?: CallState['carrying']
  readonly troubles?: CallState['troubles']
}

const show = (scene: Scene): void => {
  const { others, kind = 'mesh', plain = false, screens = 0, link = 'ready', steady = true } = scene
  const screen = (at: number): RemoteStream =>
    remote(`s${at}`, {
      kind: 'screen',
      stream: slide(at === 0 ? 'Notes on the engine' : 'Figures'),
      hint: 'text',
    })
  const participants = Array.from({ length: others }, (_, at) =>
    at < screens ? somebody(at, plain, screen(at)) : somebody(at, plain),
  )
  const shared = scene.ownScreen && { ...ownScreen('o', scene.ownScreen), stream: slide('My own window') }
  model.call.value = {
    ...noCall,
    own: {
      ...noCall.own,
      phase: 'in',
      stream: portrait(21),
      microphone: 'on',
      camera: 'on',
      ...scene.own,
      screens: shared ? [shared] : [],
    },
    participants,
    carrying: scene.carrying ?? null,
    troubles: scene.troubles ?? [],
  }
  model.view.value = {
    kind: 'room',
    state: room(others, kind, link, steady),
    invitation: 'https://talk.example.org/#room=r&pwd=word',
    created: false,
  }
}

model.server.value = 'online'

const root = document.getElementById('app')
if (root) render(h(App, { model, commands: idle as Commands }), root)

export const scenes = { show }
Object.assign(globalThis, { scenes })
