/** Owns the small changes that the rules in this folder are made of. Each takes a state or a step and gives a new one. Pure. */
import type {
  FilesEffect,
  FilesState,
  FilesStep,
  Incoming,
  IncomingKey,
  LaneId,
  Outgoing,
  OutgoingKey,
  Rate,
  Share,
} from './state.ts'

export const still = (state: FilesState, ...effects: FilesEffect[]): FilesStep => ({ state, effects })

export const andThen = (first: FilesStep, next: (state: FilesState) => FilesStep): FilesStep => {
  const second = next(first.state)
  return { state: second.state, effects: [...first.effects, ...second.effects] }
}

export const inTurn = <T>(
  state: FilesState,
  items: Iterable<T>,
  each: (state: FilesState, item: T) => FilesStep,
): FilesStep => {
  let step = still(state)
  for (const item of items) step = andThen(step, now => each(now, item))
  return step
}

export const withIncoming = (state: FilesState, it: Incoming): FilesState => ({
  ...state,
  incoming: new Map(state.incoming).set(it.key, it),
})

export const withOutgoing = (state: FilesState, it: Outgoing): FilesState => ({
  ...state,
  outgoing: new Map(state.outgoing).set(it.key, it),
})

export const withShare = (state: FilesState, it: Share): FilesState => ({
  ...state,
  shares: new Map(state.shares).set(it.file.id, it),
})

export const incomingOn = (state: FilesState, lane: LaneId): Incoming | undefined =>
  [...state.incoming.values()].find(it => it.lane === lane)

export const outgoingOn = (state: FilesState, lane: LaneId): Outgoing | undefined =>
  [...state.outgoing.values()].find(it => it.lane === lane)

export const isIncoming = (key: IncomingKey | OutgoingKey): key is IncomingKey => key.startsWith('in ')

export const noRate = (at: number): Rate => ({ at, bytes: 0, perSecond: 0 })

const rateMs = 500

/** Looked at twice a second, and smoothed so that a person can read it. */
export const rated = (rate: Rate, bytes: number, at: number): Rate => {
  const sum = rate.bytes + bytes
  const passed = at - rate.at
  if (passed < rateMs) return { ...rate, bytes: sum }
  const now = (sum * 1_000) / passed
  const perSecond = rate.perSecond === 0 ? now : rate.perSecond * 0.7 + now * 0.3
  return { at, bytes: 0, perSecond }
}
