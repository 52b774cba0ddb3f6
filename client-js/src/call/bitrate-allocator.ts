/**
 * Allocates bit rates: how well we send what to whom follows from what everybody asks for, what each uplink carries,
 * and what this machine can encode. Browsers slow down by themselves when a path is full; the allocation keeps many of
 * them from getting there. Pure.
 */
import type { Tuning } from '../link/sending.ts'
import type { ScreenHint, StreamKind, StreamSize } from '../wire/call.ts'
import type { PeerId, StreamId } from '../wire/ids.ts'

export type SentStream = {
  readonly peer: PeerId
  readonly stream: StreamId
  readonly kind: StreamKind
  readonly hint: ScreenHint
  /** How large it is shown there; `large` where nobody says so. */
  readonly size: StreamSize
  /** Of the picture as we have it; null where there is none. */
  readonly height: number | null
  /** When its owner last spoke; it counts only in comparison. */
  readonly spokeMs: number
}

/** `availableBps` is null until the path has been used for a while: browsers begin with a guess that is far too low. */
export type UplinkEstimate = { readonly availableBps: number | null; readonly loss: number | null }

export type Situation = {
  readonly streams: readonly SentStream[]
  readonly uplinks: ReadonlyMap<PeerId, UplinkEstimate>
  /** A star's host sends for everybody, and was chosen for being able to. */
  readonly relays: boolean
  /** Each picture may go in several sizes at once, of which the server passes on the one that fits. */
  readonly layered?: boolean
  /** How often the machine has lately been found too slow, 0 to 3. */
  readonly strain: number
}

export type Allocation = Pick<SentStream, 'peer' | 'stream' | 'size'> & {
  readonly video: Tuning
  readonly audio: Tuning
}

/** What an uplink is taken for until it shows itself to be less: a good home's, and a better one's for a host. */
const uplinkBps = { usual: 6_000_000, host: 16_000_000 }
/** Pixels a second that an ordinary machine encodes beside everything else: four pictures of 720 lines. */
const pixelsMax = 4 * 1_280 * 720 * 30

type Step = { readonly height: number; readonly fps: number; readonly bps: number }

/** A camera's picture, from the best down, with the bits it is worth at most. */
const steps: readonly Step[] = [
  { height: 720, fps: 30, bps: 1_500_000 },
  { height: 540, fps: 30, bps: 900_000 },
  { height: 360, fps: 30, bps: 500_000 },
  { height: 270, fps: 24, bps: 280_000 },
  { height: 180, fps: 15, bps: 150_000 },
  { height: 180, fps: 10, bps: 80_000 },
]
const lowest: Step = { height: 180, fps: 10, bps: 80_000 }
const largest: Readonly<Record<StreamSize, number>> = {
  none: 0,
  hidden: 0,
  small: 180,
  medium: 360,
  large: 720,
}

/** Letters have to be sharp, and may come a moment later; a film the other way round. */
const screens: Readonly<Record<ScreenHint, { fps: number; bps: number }>> = {
  text: { fps: 15, bps: 2_000_000 },
  motion: { fps: 30, bps: 2_500_000 },
}
const screenBpsMin = 300_000
const screenScale: Readonly<Record<StreamSize, number>> = {
  none: 1,
  hidden: 1,
  small: 3,
  medium: 1.5,
  large: 1,
}

const voiceBps = 40_000
const thinVoiceBps = 24_000
const screenSoundBps = 128_000
/** Below this a path has only room for a thin voice beside the smallest picture. */
const thinBps = 200_000

export const allocate = (situation: Situation): Allocation[] => {
  const { streams } = situation
  const budget = uplinkBps[situation.relays ? 'host' : 'usual']
  const shown = carriable(streams, Math.floor(budget / lowest.bps))
  const shownScreens = shown.filter(it => it.kind === 'screen')
  const cameras = shown.filter(it => it.kind === 'camera')
  // Screens come first: a call with one is about it.
  const forScreens = cameras.length === 0 ? budget : budget * 0.6
  const screenShare = forScreens / Math.max(1, shownScreens.length)
  const spent = shownScreens.reduce((sum, it) => sum + Math.min(screenShare, screens[it.hint].bps), 0)
  const cameraShare = (budget - spent) / Math.max(1, cameras.length)
  const most = mostByMachine(cameras, situation.strain)
  return streams.map(one => {
    const way = situation.uplinks.get(one.peer) ?? { availableBps: null, loss: null }
    const audio = sound(one, way)
    if (!shown.includes(one)) return { ...named(one), audio, video: { active: false } }
    const share = one.kind === 'camera' ? cameraShare : screenShare
    const bps = Math.min(share, bestFor(one)) * lossFactor(way)
    const carried = bps * roomOn(way, streams, one.peer)
    const video =
      one.kind === 'camera' ? camera(one, bps, carried, most) : screen(one, bps, carried, situation.strain)
    return {
      ...named(one),
      audio,
      video: situation.layered ? { ...video, layers: layersOf(one, video) } : video,
    }
  })
}

const isShown = ({ size, height }: SentStream): boolean =>
  size !== 'none' && size !== 'hidden' && height !== null

/**
 * The pictures that are sent at all. A full star whose guests all look at everybody is more than any host can carry
 * even at the lowest: then those who have not spoken for the longest time are heard without being seen.
 */
const carriable = (outgoing: readonly SentStream[], max: number): readonly SentStream[] => {
  const shown = outgoing.filter(isShown)
  if (shown.length <= max) return shown
  const screensFirst = (it: SentStream): number => (it.kind === 'screen' ? Number.MAX_VALUE : it.spokeMs)
  return shown
    .sort((a, b) => screensFirst(b) - screensFirst(a) || largest[b.size] - largest[a.size])
    .slice(0, max)
}

const named = ({ peer, stream, size }: SentStream): Pick<Allocation, 'peer' | 'stream' | 'size'> => ({
  peer,
  stream,
  size,
})

const bestFor = ({ kind, hint, size }: SentStream): number => {
  if (kind === 'camera') return steps.find(({ height }) => height <= largest[size])?.bps ?? lowest.bps
  return screens[hint].bps / screenScale[size] ** 1.5
}

/** Packet loss on a path counts against it. */
const lossFactor = ({ loss }: UplinkEstimate): number =>
  loss === null || loss < 0.05 ? 1 : loss < 0.1 ? 0.75 : 0.5

/**
 * The part of what we would send that this path carries, 0 to 1. It decides how large a picture is made, not how many
 * bits it may have at most: those the browser finds out, and it could not find more than it may send.
 */
const roomOn = ({ availableBps }: UplinkEstimate, outgoing: readonly SentStream[], peer: PeerId): number => {
  const wanted = outgoing
    .filter(it => it.peer === peer && isShown(it))
    .reduce((sum, it) => sum + bestFor(it), 0)
  if (availableBps === null || wanted === 0) return 1
  return Math.min(1, Math.max(0, availableBps - voiceBps) / wanted)
}

/** The best step that this machine can make for every camera's picture at once. */
const mostByMachine = (cameras: readonly SentStream[], strain: number): Step => {
  const budget = pixelsMax / 2 ** strain
  const cost = (step: Step): number =>
    cameras.reduce((sum, { size, height }) => {
      const lines = Math.min(step.height, largest[size], height ?? step.height)
      return sum + lines * lines * (16 / 9) * step.fps
    }, 0)
  return steps.find(step => cost(step) <= budget) ?? lowest
}

const camera = ({ size, height }: SentStream, bps: number, carried: number, most: Step): Tuning => {
  const affordable = steps.find(step => step.bps * 0.6 <= carried) ?? lowest
  const lines = Math.min(affordable.height, most.height, largest[size])
  return {
    active: true,
    bitsPerSecondMax: rounded(Math.max(bps, lowest.bps)),
    scaleDownBy: scale(height ?? lines, lines),
    framesPerSecondMax: Math.min(affordable.fps, most.fps),
  }
}

const screen = ({ hint, size }: SentStream, bps: number, carried: number, strain: number): Tuning => {
  const { fps } = screens[hint]
  // Letters bear fewer pictures, a film fewer lines.
  const few = carried < screenBpsMin * 2 || strain > 1
  return {
    active: true,
    bitsPerSecondMax: rounded(Math.max(bps, screenBpsMin)),
    scaleDownBy: screenScale[size] * (few && hint === 'motion' ? 2 : 1),
    framesPerSecondMax: few && hint === 'text' ? 5 : fps,
  }
}

/** Half as many lines in each as in the one before. Below so many there is nothing to see. */
const layerScales = [1, 2, 4]
const layerLinesMin = 90

/** A camera goes in all sizes up to the one that it would go in alone, so that there is one for everybody. Letters go whole. */
const layersOf = ({ kind, height }: SentStream, alone: Tuning): readonly Tuning[] => {
  if (kind === 'screen') return [alone, ...layerScales.slice(1).map(() => ({ active: false }))]
  const full = height ?? largest.large
  const [lines, most] = [full / (alone.scaleDownBy ?? 1), Math.min(full, largest.large)]
  const seen = layerScales.filter(by => by === 1 || most / by >= layerLinesMin)
  return layerScales.map(by => {
    const own = most / by
    if (!seen.includes(by) || (own > lines && by !== seen.at(-1))) return { active: false }
    const { bps } = steps.find(step => step.height <= own) ?? lowest
    return {
      active: true,
      bitsPerSecondMax: by === 1 ? Math.min(bps, alone.bitsPerSecondMax ?? bps) : bps,
      scaleDownBy: scale(full, own),
      ...(alone.framesPerSecondMax === undefined ? {} : { framesPerSecondMax: alone.framesPerSecondMax }),
    }
  })
}

const sound = ({ kind, size }: SentStream, { availableBps }: UplinkEstimate): Tuning => {
  if (size === 'none') return { active: false }
  if (kind === 'screen') return { active: true, bitsPerSecondMax: screenSoundBps }
  const thin = availableBps !== null && availableBps < thinBps
  return { active: true, bitsPerSecondMax: thin ? thinVoiceBps : voiceBps }
}

/** Rounded, so that a sender is not changed with every small change of the network. */
const rounded = (bps: number): number => Math.floor(bps / 20_000) * 20_000

const scale = (from: number, to: number): number => Math.max(1, Math.round((from / to) * 4) / 4)

/**
 * How far the machine is behind, 0 to 3. Too slow is noticed at once, after what was done about it last time has had
 * time to work; getting better is tried after a while.
 */
export type Strain = { readonly level: number; readonly settling: number; readonly calm: number }

export const freshStrain: Strain = { level: 0, settling: 0, calm: 0 }
const levelMax = 3
const settlingTicks = 2
const calmTicks = 10

export const strainAfter = (strain: Strain, slow: boolean): Strain => {
  const { level, settling, calm } = strain
  if (settling > 0) return { ...strain, settling: settling - 1 }
  if (slow) return { level: Math.min(levelMax, level + 1), settling: settlingTicks, calm: 0 }
  if (calm + 1 < calmTicks) return { ...strain, calm: calm + 1 }
  return { level: Math.max(0, level - 1), settling: 0, calm: 0 }
}
