/** Owns what is shown of the past: chat and notices, at most so many, from each link at most so fast. Pure; time comes in. */

export type NoticeKind =
  | 'joined'
  | 'left'
  | 'too-fast'
  | 'host-offline'
  | 'host-left'
  | 'line-lost'
  | 'line-back'
  | 'room-gone'

export type Entry = { readonly key: number; readonly at: number } & (
  | { readonly kind: 'chat'; readonly name: string; readonly own: boolean; readonly text: string }
  | { readonly kind: 'notice'; readonly notice: NoticeKind; readonly name: string }
)

export type NewEntry =
  | { kind: 'chat'; name: string; own: boolean; text: string }
  | { kind: 'notice'; notice: NoticeKind; name: string }

export const entriesMax = 500

export const append = (timeline: readonly Entry[], entry: NewEntry, at: number): readonly Entry[] => {
  const key = (timeline.at(-1)?.key ?? 0) + 1
  return [...timeline.slice(-(entriesMax - 1)), { ...entry, key, at }]
}

/** How much of a link's patience is left: a burst is fine, a flood is not. */
export type Pace = { readonly left: number; readonly at: number; readonly warned: boolean }

const burst = 60
const perSecond = 12

export const freshPace = (at: number): Pace => ({ left: burst, at, warned: false })

/** `verdict` is `warn` the first time a link goes too fast, and `drop` until it has calmed down. */
export const take = (pace: Pace, at: number): { pace: Pace; verdict: 'keep' | 'warn' | 'drop' } => {
  const left = Math.min(burst, pace.left + (Math.max(0, at - pace.at) / 1_000) * perSecond)
  if (left >= 1) {
    const warned = pace.warned && left < burst / 2
    return { pace: { left: left - 1, at, warned }, verdict: 'keep' }
  }
  return { pace: { left, at, warned: true }, verdict: pace.warned ? 'drop' : 'warn' }
}
