/**
 * Who and what is shown of a call, how it is called, and where it stands: on the stage, in the grid, or in the corner.
 * Pure.
 */
import type {
  CallState,
  MemberId,
  OwnScreen,
  Participant,
  Quality,
  RemoteStream,
  StreamId,
} from '../call/state.ts'
import type { ConnectionStatus } from '../room/roster.ts'
import { shownName } from './format.ts'
import { texts } from './language.ts'

/** What the call itself does not know of a member. */
export type Known = {
  readonly name: string
  readonly connectionStatus: ConnectionStatus
  /** In a star: how what they send comes here, in words. */
  readonly way?: string
}

export type Tile = {
  readonly key: string
  readonly kind: 'person' | 'screen'
  readonly own: boolean
  readonly member: MemberId | null
  readonly name: string
  readonly id: StreamId | null
  /** Null: there is nothing to look at but a face. */
  readonly picture: MediaStream | null
  /** There may be a picture: it is us who do without. */
  readonly hidden: boolean
  /** Null where nobody says so. */
  readonly muted: boolean | null
  readonly speaking: boolean
  readonly connectionStatus: ConnectionStatus
  readonly way?: string
  readonly quality: Quality | null
  readonly remote: RemoteStream | null
  readonly screen: OwnScreen | null
  /** Which of several screens of one person it is; null for the only one. */
  readonly number: number | null
}

export type Scene = {
  readonly stage: readonly Tile[]
  readonly grid: readonly Tile[]
  /** Ourselves, over a corner of the only other one. */
  readonly corner: Tile | null
}

export const tilesOf = (
  call: CallState,
  self: string,
  known: (member: MemberId) => Known,
): readonly Tile[] => [
  ...call.participants.flatMap(participant =>
    ofParticipant(participant, known(participant.member), call.own.audioOnly),
  ),
  ...ofOwn(call, self),
]

const ofParticipant = ({ member, streams }: Participant, known: Known, audioOnly: boolean): Tile[] => {
  const camera = streams.find(({ kind }) => kind === 'camera') ?? null
  const screens = streams.filter(({ kind }) => kind === 'screen')
  const tile = (kind: Tile['kind'], remote: RemoteStream | null, number: number | null = null): Tile => ({
    ...known,
    key: kind === 'person' ? `person ${member}` : `screen ${member} ${remote?.id}`,
    kind,
    own: false,
    member,
    id: remote?.id ?? null,
    picture: remote?.hasVideo ? remote.stream : null,
    hidden: audioOnly && remote !== null && remote.cameraOff !== true,
    muted: remote?.muted ?? null,
    speaking: kind === 'person' && (remote?.speaking ?? false),
    quality: remote?.measured?.quality ?? null,
    remote,
    screen: null,
    number,
  })
  return [
    tile('person', camera),
    ...screens.map((screen, at) => tile('screen', screen, numberOf(screens, at))),
  ]
}

const numberOf = (all: readonly unknown[], at: number): number | null => (all.length > 1 ? at + 1 : null)

const none = { hidden: false, quality: null, remote: null } as const

const ofOwn = ({ own }: CallState, name: string): Tile[] => {
  if (own.phase === 'out') return []
  const tile = { own: true, member: null, name, connectionStatus: 'self', ...none } as const
  const person: Tile = {
    ...tile,
    key: 'self',
    kind: 'person',
    id: null,
    picture: own.camera === 'on' && !own.cameraInterrupted ? own.stream : null,
    muted: own.microphone !== 'on' || (own.pushToTalk && !own.talking),
    speaking: own.speaking && own.microphone === 'on' && (!own.pushToTalk || own.talking),
    screen: null,
    number: null,
  }
  const screens = own.screens.map(
    (screen, at): Tile => ({
      ...tile,
      key: `own-screen ${screen.id}`,
      kind: 'screen',
      id: screen.id,
      // A whole screen would hold itself, and itself again.
      picture: screen.surface === 'monitor' ? null : screen.stream,
      muted: null,
      speaking: false,
      screen,
      number: numberOf(own.screens, at),
    }),
  )
  return [...screens, person]
}

/** What was pinned stands on the stage; if nothing was, what others show. One's own screen one knows already. */
export const arrange = (tiles: readonly Tile[], pinned: ReadonlySet<string>): Scene => {
  const chosen = tiles.filter(({ key }) => pinned.has(key))
  const shown = tiles.filter(({ kind, own }) => kind === 'screen' && !own)
  const stage = chosen.length > 0 ? chosen : shown
  const rest = tiles.filter(tile => !stage.includes(tile))
  const [other, self] = rest
  const two = stage.length === 0 && rest.length === 2
  if (two && other && self?.key === 'self' && other.kind === 'person')
    return { stage, grid: [other], corner: self }
  return { stage, grid: rest, corner: null }
}

export const titleOf = ({ kind, own, name, number }: Tile): string => {
  if (kind === 'screen') {
    const title = own ? texts().call.ownScreen : texts().call.screenOf(shownName(name))
    return number === null ? title : `${title} ${number}`
  }
  return own ? texts().call.self(shownName(name)) : shownName(name)
}
