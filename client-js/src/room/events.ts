/** Tells what happened in a room as events, which are the difference between two of its states. Pure. */
import { type ConnectionStatus, type RosterEntry, roster } from './roster.ts'
import type { RoomState } from './state.ts'

export type RoomEvents = {
  /** Whatever happened, after it has: the whole state. */
  changed: RoomState
  /** Something was said, by us or by somebody else. `at` is in milliseconds since 1970. */
  message: { readonly from: string; readonly own: boolean; readonly text: string; readonly at: number }
  'peer-joined': { readonly id: string; readonly name: string }
  'peer-left': { readonly id: string; readonly name: string }
  /** How well somebody is reached has changed. */
  connection: { readonly id: string; readonly name: string; readonly connectionStatus: ConnectionStatus }
  /** A star whose host has left. */
  ended: undefined
}

export type EmittedEvent = {
  [Kind in keyof RoomEvents]: { readonly kind: Kind; readonly event: RoomEvents[Kind] }
}[keyof RoomEvents]

export const diffEvents = (before: RoomState, after: RoomState): EmittedEvent[] => [
  { kind: 'changed', event: after },
  ...rosterEvents(before, after),
  ...messages(before, after),
  ...(after.ended && !before.ended ? [{ kind: 'ended', event: undefined } as const] : []),
]

type Known = RosterEntry & { readonly name: string }

const known = (state: RoomState): Map<string, Known> =>
  new Map(
    roster(state)
      .filter((seen): seen is Known => seen.name !== null && seen.connectionStatus !== 'self')
      .map(seen => [seen.key, seen] as const),
  )

const rosterEvents = (before: RoomState, after: RoomState): EmittedEvent[] => {
  if (before.members === after.members && before.links === after.links) return []
  const [earlier, later] = [known(before), known(after)]
  const gone: EmittedEvent[] = [...earlier.values()]
    .filter(({ key }) => !later.has(key))
    .map(({ key, name }) => ({ kind: 'peer-left', event: { id: key, name } }))
  const here = [...later.values()].flatMap(({ key, name, connectionStatus }): EmittedEvent[] => {
    const known = earlier.get(key)
    const came: EmittedEvent[] = known ? [] : [{ kind: 'peer-joined', event: { id: key, name } }]
    const reached: EmittedEvent[] =
      known?.connectionStatus === connectionStatus
        ? []
        : [{ kind: 'connection', event: { id: key, name, connectionStatus } }]
    return [...came, ...reached]
  })
  return [...gone, ...here]
}

const messages = (before: RoomState, after: RoomState): EmittedEvent[] => {
  if (before.timeline === after.timeline) return []
  const seen = before.timeline.at(-1)?.key ?? 0
  return after.timeline.flatMap((entry): EmittedEvent[] => {
    if (entry.kind !== 'chat' || entry.key <= seen) return []
    const { name, own, text, at } = entry
    return [{ kind: 'message', event: { from: name, own, text, at } }]
  })
}
